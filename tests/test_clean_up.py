"""Clean-up: what is over is erased in time, whole, and nothing that still runs."""

from __future__ import annotations

import json

import pytest

from shared.domain import blob_names
from shared.domain.job import JobState
from tests.upkeep import House

SECRET = "analyst@example.org"


@pytest.fixture
def house() -> House:
    """A site that keeps jobs for a day."""
    return House(RETENTION_HOURS="24")


def finished(house: House) -> str:
    """A job that ended just now, with everything that a job leaves in storage."""
    job = house.submit(SECRET)
    for name in (
        blob_names.page(job, "d1", 1),
        blob_names.reading(job, "d1", "k1"),
        blob_names.state(job, "d1"),
        blob_names.findings(job, "d1"),
        blob_names.workbook(job),
        blob_names.results(job),
        blob_names.highlighted(job, "d1"),
    ):
        house.blobs.write(name, SECRET.encode())
    house.end(job)
    return job


def left_of(house: House, job: str) -> list[str]:
    """The names of all blobs that have to do with a job."""
    return [name for name in house.blobs.names("") if job in name]


def test_a_finished_job_is_erased_after_its_retention_and_not_before(house: House) -> None:
    """Up to its last hour all is there; after it the tombstone alone."""
    job = finished(house)
    before = left_of(house, job)
    assert house.clean_up(after_hours=23.5) == 0
    assert left_of(house, job) == before
    assert house.clean_up(after_hours=1) == 1
    assert left_of(house, job) == [blob_names.tombstone(job)]
    assert house.durable.purged == [job]
    assert house.clean_up(after_hours=1) == 0, "an erased job is erased again"


def test_the_retention_counts_from_the_end_not_from_the_submission(house: House) -> None:
    """A job that took two days is kept for a day after them."""
    job = house.submit()
    house.site.passes(hours=48)
    house.end(job)
    assert house.clean_up(after_hours=23) == 0
    assert house.clean_up(after_hours=2) == 1


def test_the_tombstone_holds_times_and_counts_and_no_words(house: House) -> None:
    """What remains tells nothing of who asked for what."""
    job = finished(house)
    house.clean_up(after_hours=25)
    grave = house.blobs.read(blob_names.tombstone(job))
    assert set(json.loads(grave)) == {
        *("job", "created", "finished", "erased", "state"),
        *("documents", "failed", "findings", "quotes"),
    }
    assert json.loads(grave)["quotes"] == 3
    assert not any(word in grave for word in (b"example.org", b"a.pdf", b"SDG"))


def test_nothing_of_the_user_remains(house: House) -> None:
    """Neither the mark in the user's own list nor a claim that names the job."""
    job = finished(house)
    user = house.job(job).user
    assert house.blobs.find(blob_names.own_job(user, job))
    assert job.encode() in house.blobs.read(blob_names.running(user))
    house.clean_up(after_hours=25)
    assert house.blobs.find(blob_names.own_job(user, job)) is None
    held = [name for name in house.blobs.names("") if job.encode() in house.blobs.read(name)]
    assert held == [blob_names.tombstone(job)]


def test_an_erased_job_answers_410_on_every_route(house: House) -> None:
    """Also where this process still remembers the job."""
    job = finished(house)
    assert house.site.status(job).code == 200
    house.clean_up(after_hours=25)
    assert house.site.status(job).code == 410
    assert house.site.view(job).code == 410
    assert house.site.cancel(job).code == 410
    assert house.site.results(job).code == 410
    assert house.site.highlighted(job, "d1").code == 410


@pytest.mark.parametrize("runtime", ["Running", "Pending", "Suspended"])
def test_a_job_that_durable_carries_on_is_never_touched(house: House, runtime: str) -> None:
    """Its outcome is old, and its mail still waits."""
    job = finished(house)
    house.moved(job, runtime, "emailing")
    before = left_of(house, job)
    assert house.clean_up(after_hours=100) == 0
    assert left_of(house, job) == before
    house.moved(job, "Completed")
    assert house.clean_up() == 1


def test_a_run_without_an_end_is_never_touched(house: House) -> None:
    """However old it is and whatever Durable knows: the watchdog ends it first."""
    job = house.submit()
    house.forget(job)
    assert house.clean_up(after_hours=1000) == 0
    assert house.blobs.find(blob_names.pdf(job, "d1"))


def test_a_retried_job_is_kept_while_its_latest_run_goes_on(house: House) -> None:
    """The end of an earlier run does not count."""
    job = finished(house)
    house.blobs.write(blob_names.current_run(job), b"2")
    assert house.clean_up(after_hours=100) == 0


def test_an_erasure_that_was_interrupted_is_taken_up_again(house: House) -> None:
    """Wherever it was cut off: no half job is shown, and the next round ends it."""
    for cut_after in range(14):
        job = finished(house)
        user = house.job(job).user
        house.site.passes(hours=25)
        count = 0
        delete = house.blobs.delete

        def failing(name: str) -> None:
            nonlocal count
            count += 1
            if count > cut_after:  # noqa: B023  read within this very turn
                raise OSError("storage is gone")
            delete(name)  # noqa: B023  the same

        house.blobs.delete = failing  # type: ignore[method-assign]
        house.clean_up()
        assert house.site.status(job).code == 410, f"cut after {cut_after}"
        house.blobs.delete = delete  # type: ignore[method-assign]
        house.clean_up()
        assert left_of(house, job) == [blob_names.tombstone(job)], f"cut after {cut_after}"
        assert house.blobs.find(blob_names.own_job(user, job)) is None
        assert job in house.durable.purged
        assert json.loads(house.blobs.read(blob_names.tombstone(job)))["state"] == "completed"


def test_a_durable_history_that_cannot_be_purged_is_purged_later(house: House) -> None:
    """Durable is away: the texts are gone at once, the history with the next round."""
    job = finished(house)
    house.durable.purge_fault = OSError("no answer")
    assert house.clean_up(after_hours=25) == 0
    assert left_of(house, job) == [blob_names.request(job), blob_names.tombstone(job)]
    house.durable.purge_fault = None
    assert house.clean_up(after_hours=1) == 1
    assert left_of(house, job) == [blob_names.tombstone(job)]


def test_what_a_late_download_wrote_during_the_erasure_goes_too(house: House) -> None:
    """A marked PDF that was being made when its job was erased does not stay for ever."""
    job = finished(house)
    house.clean_up(after_hours=25)
    house.blobs.write(blob_names.highlighted(job, "d1"), b"%PDF-")
    house.clean_up(after_hours=1)
    assert left_of(house, job) == [blob_names.tombstone(job)]


def test_a_job_that_cannot_be_erased_does_not_keep_the_others(house: House) -> None:
    """A damaged request is logged; the next job is erased all the same."""
    broken = "0" * 32
    house.blobs.write(blob_names.request(broken), b"no JSON")
    house.blobs.write(blob_names.outcome(broken, 1), b"no JSON")
    job = finished(house)
    assert house.clean_up(after_hours=25) == 1
    assert left_of(house, job) == [blob_names.tombstone(job)]


def test_a_submission_that_died_half_way_is_erased_after_a_day(house: House) -> None:
    """Documents without a request: nobody will come back for them."""
    job = house.submit()
    user = house.job(job).user
    house.forget(job)
    house.blobs.delete(blob_names.request(job))
    assert house.clean_up() == 0
    assert house.clean_up(after_hours=23) == 0
    assert house.blobs.find(blob_names.pdf(job, "d2")) == b"%PDF-1.7 b"
    assert house.clean_up(after_hours=1.5) == 1
    assert left_of(house, job) == []
    assert json.loads(house.blobs.read(blob_names.running(user))) == {}


def test_a_submission_that_is_only_slow_is_kept(house: House) -> None:
    """Clean-up looked while its documents were being stored; then it was completed."""
    job = house.submit()
    request = house.blobs.read(blob_names.request(job))
    house.blobs.delete(blob_names.request(job))
    house.clean_up()
    house.blobs.write(blob_names.request(job), request)
    assert house.clean_up(after_hours=30) == 0
    assert house.blobs.find(blob_names.pdf(job, "d1"))
    house.end(job, JobState.FAILED)
    house.clean_up(after_hours=25)
    assert left_of(house, job) == [blob_names.tombstone(job)]


def test_other_jobs_and_users_stay(house: House) -> None:
    """Erasing one job takes nothing of another, nor of another user's."""
    job = finished(house)
    house.site.passes(hours=25)
    other = house.submit("other@example.org")
    before = left_of(house, other)
    assert house.clean_up() == 1
    assert left_of(house, other) == before
    assert left_of(house, job) == [blob_names.tombstone(job)]
