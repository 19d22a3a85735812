"""The watchdog: no run is left without somebody who carries it on, or without an end."""

from __future__ import annotations

import json

import pytest

from shared.domain import blob_names
from shared.domain.errors import MailBusy, MailRejected
from shared.domain.findings import DocumentFindings
from shared.domain.job import DocumentState, JobState
from shared.domain.progress import DocumentProgress, DocumentStage
from shared.domain.stored import encode
from shared.watchdog import INTERRUPTED, RESTART_LIMIT
from tests.upkeep import House


@pytest.fixture
def house() -> House:
    """A site whose watchdog looks when the test says so."""
    return House()


def exhaust(house: House, job: str) -> None:
    """Let every instance of the job die until the watchdog gives it up."""
    for _ in range(RESTART_LIMIT + 1):
        house.moved(job, "Failed")
        house.watch(after_minutes=5)


def test_a_job_that_durable_never_heard_of_is_given_ten_minutes(house: House) -> None:
    """Its submission may be about to start it; after that it is started for it."""
    job = house.submit()
    house.forget(job)
    assert house.watch(after_minutes=9) == 0
    assert house.restarted() == []
    assert house.watch(after_minutes=2) == 1
    assert house.restarted() == [(job, 1)]


def test_a_dead_instance_is_started_again_under_the_same_run(house: House) -> None:
    """What a job needs to go on is handed over; the run's number, and so its blobs, stay."""
    job = house.submit()
    house.moved(job, "Failed")
    house.watch()
    message = house.durable.inputs[job]
    assert (message["run"], message["documents"], message["variables"]) == (1, 2, 1)
    assert house.durable.runtime(job) == "Running"
    assert house.outcome(job) is None


def test_a_retried_run_is_started_again_under_its_own_number(house: House) -> None:
    """The latest run counts, not the first."""
    job = house.submit()
    house.blobs.write(blob_names.current_run(job), b"2")
    house.moved(job, "Terminated")
    house.watch()
    assert house.restarted() == [(job, 2)]


def test_living_and_finished_jobs_are_left_alone(house: House) -> None:
    """A run that moves, and one that ended with its mail sent, need nothing."""
    running = house.submit("one@example.org")
    ended = house.submit("two@example.org")
    house.end(ended)
    assert house.watch(after_minutes=5) == 0
    assert house.durable.runtime(running) == "Running"
    assert house.restarted() == []


def test_a_job_that_keeps_dying_ends_as_failed_and_frees_its_user(house: House) -> None:
    """After the last restart: an outcome with its reason, the lock open, one mail, no new start."""
    job = house.submit()
    user = house.job(job).user
    exhaust(house, job)
    outcome = house.outcome(job)
    assert outcome is not None
    assert (outcome.state, outcome.problem) == (JobState.FAILED, INTERRUPTED)
    assert (outcome.documents, outcome.failed) == (2, 2), "what was never read counts as failed"
    assert json.loads(house.blobs.read(blob_names.running(user))) == {}
    (mail,) = house.mailer.sent
    assert mail.to == "analyst@example.org"
    assert INTERRUPTED in mail.text
    house.durable.inputs.clear()
    house.watch_for(60)
    assert len(house.mailer.sent) == 1, "the user was told twice"
    assert house.restarted() == []
    assert house.site.view(job).json["state"] == "failed"
    assert house.submit() != job, "the user may submit again"


def test_what_was_read_of_a_job_that_keeps_dying_is_not_denied(house: House) -> None:
    """The mail of a run given up after one of two documents does not say that none was read."""
    job = house.submit()
    read = DocumentFindings("d1", DocumentState.READ, None, 3, {"text": 3}, ())
    house.blobs.write(blob_names.findings(job, "d1"), encode(read))
    exhaust(house, job)
    outcome = house.outcome(job)
    assert outcome is not None
    assert (outcome.state, outcome.documents, outcome.failed) == (JobState.FAILED, 2, 1)
    (mail,) = house.mailer.sent
    assert "ended early: 1 of 2 read in full, 1 not read" in mail.text
    assert "None of your" not in mail.text


def test_a_cancelled_job_that_keeps_dying_ends_as_cancelled(house: House) -> None:
    """What the user asked for is what they are told."""
    job = house.submit()
    house.site.cancel(job)
    exhaust(house, job)
    outcome = house.outcome(job)
    assert outcome is not None
    assert outcome.state is JobState.CANCELLED


def test_a_mail_that_must_wait_is_sent_by_a_later_round(house: House) -> None:
    """Where the mail service is busy as a job is given up, its user is told as soon as it may."""
    house.mailer.faults = [MailBusy("throttled", 60)]
    job = house.submit()
    exhaust(house, job)
    assert house.outcome(job)
    assert house.mailer.sent == []
    house.watch(after_minutes=5)
    house.watch(after_minutes=5)
    assert len(house.mailer.sent) == 1


def test_a_refused_mail_is_not_sent_again(house: House) -> None:
    """An address that will never take mail is not tried every five minutes."""
    house.mailer.faults = [MailRejected("no such address")] * 2
    exhaust(house, house.submit())
    tried = len(house.mailer.faults)
    house.watch_for(30)
    assert len(house.mailer.faults) == tried == 1
    assert house.mailer.sent == []


def test_a_run_that_ended_and_died_before_its_mail_is_told(house: House) -> None:
    """The results are written and the instance is gone: the watchdog sends the mail."""
    job = house.submit()
    house.end(job)
    house.blobs.delete(blob_names.email(job, 1, "finished"))
    house.moved(job, "Running", "emailing")
    house.watch(after_minutes=30)
    assert house.mailer.sent == [], "a living run sends its own mail"
    house.moved(job, "Failed", "emailing")
    house.watch()
    assert len(house.mailer.sent) == 1
    assert house.restarted() == [], "what ended is not read again"


def test_a_run_that_stands_still_is_ended_and_started_again(house: House) -> None:
    """Fifteen minutes without any movement: terminated; the next round starts it again."""
    job = house.submit()
    house.watch_for(15)
    assert house.durable.runtime(job) == "Running"
    house.watch(after_minutes=5)
    assert house.durable.runtime(job) == "Terminated"
    assert house.restarted() == []
    house.watch(after_minutes=5)
    assert house.restarted() == [(job, 1)]


def test_after_the_app_was_down_no_run_is_taken_for_dead(house: House) -> None:
    """Nothing could move meanwhile: the fifteen minutes begin when the app is back."""
    job = house.submit()
    house.watch_for(10)
    house.watch(after_minutes=180)
    assert house.durable.runtime(job) == "Running"
    house.watch_for(10)
    assert house.durable.runtime(job) == "Running"
    house.watch(after_minutes=5)
    assert house.durable.runtime(job) == "Terminated"


def test_a_mail_that_waits_is_no_standstill(house: House) -> None:
    """A throttled mail waits in timers for hours."""
    job = house.submit()
    house.moved(job, stage="emailing")
    house.watch_for(120)
    assert house.durable.runtime(job) == "Running"


def test_an_instance_that_an_operator_suspended_stays_so(house: House) -> None:
    """Somebody stopped it on purpose."""
    job = house.submit()
    house.moved(job, "Suspended")
    house.watch_for(60)
    assert house.durable.runtime(job) == "Suspended"


def test_a_document_that_advances_is_no_standstill(house: House) -> None:
    """A long slice moves its document, not the orchestration; when both stop, the run is ended."""
    job = house.submit()
    house.blobs.write(blob_names.state(job, "d1"), b"")  # as a lease leaves it
    for _ in range(6):
        noted = DocumentProgress(1, DocumentStage.READING, updated=house.now().isoformat())
        house.blobs.write(blob_names.state(job, "d2"), encode(noted))
        house.watch(after_minutes=5)
    assert house.durable.runtime(job) == "Running"
    house.watch_for(10)
    assert house.durable.runtime(job) == "Terminated"


def test_a_document_that_waits_for_the_model_is_no_standstill(house: House) -> None:
    """A model over its quota asks for hours, in which nothing moves; only its patience ends it."""
    job = house.submit()
    since = house.now().isoformat()
    waiting = DocumentProgress(1, DocumentStage.READING, waiting_since=since, updated=since)
    house.blobs.write(blob_names.state(job, "d2"), encode(waiting))
    house.watch_for(5 * 60 + 55)
    assert house.durable.runtime(job) == "Running"
    house.watch_for(5)
    assert house.durable.runtime(job) == "Terminated"


def test_a_document_that_is_done_waits_for_nothing(house: House) -> None:
    """What it noted while it waited does not keep a run that stands still."""
    job = house.submit()
    since = house.now().isoformat()
    done = DocumentProgress(1, DocumentStage.DONE, waiting_since=since, updated=since)
    house.blobs.write(blob_names.state(job, "d1"), encode(done))
    house.watch_for(20)
    assert house.durable.runtime(job) == "Terminated"


def test_a_run_that_ends_between_two_looks_is_not_started_again(house: House) -> None:
    """Storage is read before Durable is asked: the run may end in between."""
    job = house.submit()
    house.moved(job, "Completed", "done")
    ask = house.durable.get_status

    async def ends_meanwhile(instance_id: str) -> object:
        house.end(job)
        return await ask(instance_id)

    house.durable.get_status = ends_meanwhile  # type: ignore[method-assign]
    assert house.watch() == 0
    assert house.restarted() == []


def test_a_job_that_cannot_be_read_does_not_cost_the_others(house: House) -> None:
    """One damaged request is logged; the next job is tended all the same."""
    house.blobs.write(blob_names.request("0" * 32), b"no JSON")
    job = house.submit()
    house.moved(job, "Failed")
    house.watch()
    assert house.restarted() == [(job, 1)]


def test_a_submission_under_way_and_an_erased_job_are_no_business_of_the_watchdog(
    house: House,
) -> None:
    """Without a request, or with a tombstone, nothing is started."""
    house.blobs.write(blob_names.pdf("1" * 32, "d1"), b"%PDF-")
    erased = house.submit()
    house.forget(erased)
    house.blobs.write(blob_names.tombstone(erased), b"{}")
    house.watch(after_minutes=60)
    assert house.restarted() == []
