"""Watching a job: true counts, names for ids, and nothing that opens other doors."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import azure.functions as func
import pytest

from shared.domain import blob_names
from shared.domain.findings import DocumentFindings, Finding, FindingState, ReadingCount
from shared.domain.job import DocumentState, JobState, Stage
from shared.domain.messages import RunJob
from shared.domain.progress import Current, DocumentProgress, RunOutcome, custom_status
from shared.domain.readings import Usage
from shared.domain.stored import encode
from shared.services import Services
from shared.web.problems import in_time
from shared.web.stored_jobs import StoredJobs
from tests.web.conftest import PDF, REQUEST, SITE, Site

SHAPE = {
    "name",
    "instanceId",
    "runtimeStatus",
    "customStatus",
    "output",
    "createdTime",
    "lastUpdatedTime",
}


def reading(job: str, documents: int, variables: int, *current: Current, done: int = 0) -> Any:
    """What the orchestrator says while it reads."""
    run = RunJob(job, 1, documents, variables, done=done, cells_done=done * variables)
    return custom_status(run, Stage.READING, current)


def findings(document: str, *states: FindingState, state: DocumentState) -> DocumentFindings:
    """A finished document, one cell a state."""
    cells = tuple(
        Finding(document, f"v{n}", each, None, 2, (), ReadingCount(1, 1), ())
        for n, each in enumerate(states, 1)
    )
    usage = Usage(input=100, output=10, cost=0.5, calls=1)
    pages = {"text": 1, "picture unread": 1}
    return DocumentFindings(document, state, None, 2, pages, cells, usage, "gpt-4.1")


def test_a_running_job_is_202_in_the_durable_shape(site: Site) -> None:
    """Exactly the contract's fields; a client is led on, and no keyed URL is given out."""
    job = site.job()
    answer = site.status(job)
    assert answer.code == 202
    assert set(answer.json) == SHAPE
    assert answer.json["runtimeStatus"] == "Running"
    assert answer.json["createdTime"] == "2026-03-01T09:00:00Z", "a job begins when it is sent"
    assert answer.json["lastUpdatedTime"] == "2026-03-01T09:31:00Z"
    assert answer.json["customStatus"]["stage"] == "queued"
    assert answer.response.headers["Location"] == f"{SITE}/api/jobs/{job}/status"
    assert b"never shown" not in answer.response.get_body()
    assert b"code=" not in answer.response.get_body()


def test_a_finished_job_is_200(site: Site) -> None:
    """The output is the orchestrator's."""
    job = site.job()
    site.durable.set(job, "Completed", output={"documents": 1, "failed": 0})
    answer = site.status(job)
    assert (answer.code, answer.json["output"]) == (200, {"documents": 1, "failed": 0})


@pytest.mark.parametrize("unknown", ["0" * 32, "abc", "../../etc", "A" * 32, ""])
def test_an_unknown_job_is_404(site: Site, unknown: str) -> None:
    """Whatever the id looks like, on every route."""
    for answer in (site.status(unknown), site.view(unknown), site.cancel(unknown)):
        assert answer.code == 404
    assert site.results(unknown).code == 404
    assert site.highlighted(unknown, "d1").code == 404


def test_an_erased_job_is_410(site: Site) -> None:
    """Its tombstone remains; what this process remembers of it does not count."""
    job = site.job()
    assert site.status(job).code == 202
    site.blobs.write(blob_names.tombstone(job), b"{}")
    assert [site.status(job).code, site.view(job).code, site.results(job).code] == [410] * 3


def test_a_job_that_durable_does_not_know_yet_is_pending(site: Site) -> None:
    """It was accepted, so it is not unknown."""
    job = site.job()
    del site.durable.instances[job]
    answer = site.status(job)
    assert (answer.code, answer.json["runtimeStatus"]) == (202, "Pending")
    assert site.view(job).json["state"] == "pending"


def test_live_counts_lie_over_those_of_the_last_slice(site: Site) -> None:
    """Names stand for ids, and what was answered since the last slice counts."""
    request = {**REQUEST, "variables": [{"name": str(n), "description": "d"} for n in range(5)]}
    job = site.job(("a.pdf", PDF), ("b.pdf", PDF + b"b"), request=request)
    custom = reading(job, 2, 5, Current("d2", 1))
    site.durable.set(job, "Running", customStatus=custom)
    progress = DocumentProgress(1, pages_total=9, pages_done=4, variables_done=3)
    site.blobs.write(blob_names.state(job, "d2"), encode(progress))
    shown = site.status(job).json["customStatus"]
    assert shown["current"] == [{"document": "b.pdf", "variables_done": 3, "variables_total": 5}]
    assert shown["variables"] == {"total": 10, "done": 3}
    document = site.view(job).json["documents"][1]
    assert (document["state"], document["pages"], document["pages_done"]) == ("reading", 9, 4)


def test_progress_of_another_run_does_not_count(site: Site) -> None:
    """A retry starts from what its own run says."""
    job = site.job()
    site.durable.set(job, "Running", customStatus=reading(job, 1, 1, Current("d1", 0)))
    site.blobs.write(blob_names.state(job, "d1"), encode(DocumentProgress(7, variables_done=1)))
    assert site.status(job).json["customStatus"]["variables"]["done"] == 0


def test_the_custom_status_stays_small(site: Site) -> None:
    """1,000 documents with 200-letter names of emoji: under 12 KB however it is counted."""
    files = [(f"{n:04}" + "😀" * 200 + ".pdf", PDF + str(n).encode()) for n in range(1000)]
    job = site.job(*files)
    current = [Current(f"d{n}", 199) for n in range(1, 11)]
    custom = reading(job, 1000, 200, *current, done=900)
    site.durable.set(job, "Running", customStatus=custom)
    shown = site.status(job).json["customStatus"]
    assert len(shown["current"]) == 10
    assert all(len(each["document"]) <= 80 for each in shown["current"])
    assert len({each["document"] for each in shown["current"]}) == 10, "cut names are told apart"
    assert len(json.dumps(shown)) < 12 * 1024
    assert len(json.dumps(shown, ensure_ascii=False).encode("utf-16-le")) < 12 * 1024


def test_state_is_read_every_two_seconds_at_most(site: Site) -> None:
    """A polling page costs storage little; later counts are seen later."""
    job, now = site.job(), [100.0]
    jobs = StoredJobs(site.blobs, clock=lambda: now[0])
    name = blob_names.state(job, "d1")
    site.blobs.write(name, encode(DocumentProgress(1, variables_done=1)))
    assert jobs.progress(job, ["d1"])["d1"].variables_done == 1
    site.blobs.write(name, encode(DocumentProgress(1, variables_done=2)))
    now[0] += 1.9
    assert jobs.progress(job, ["d1"])["d1"].variables_done == 1
    now[0] += 0.2
    assert jobs.progress(job, ["d1"])["d1"].variables_done == 2


def test_a_poll_of_a_thousand_documents_reads_few_blobs(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finished documents are read once, waiting ones never."""
    job = site.job(*((f"{n}.pdf", PDF + str(n).encode()) for n in range(1000)))
    for n in range(1, 501):
        done = findings(f"d{n}", FindingState.FOUND, state=DocumentState.READ)
        site.blobs.write(blob_names.findings(job, f"d{n}"), encode(done))
    site.durable.set(job, "Running", customStatus=reading(job, 1000, 1, done=500))
    assert site.view(job).json["variables_done"] == 500
    reads: list[str] = []
    find = site.blobs.find

    def counted(name: str) -> bytes | None:
        reads.append(name)
        return find(name)

    monkeypatch.setattr(site.blobs, "find", counted)
    view = site.view(job).json
    assert len(reads) < 20, reads
    states = [document["state"] for document in view["documents"]]
    assert (states.count("read"), states.count("waiting")) == (500, 500)
    assert view["usage"]["calls"] == 500


def test_the_view_of_a_finished_job(site: Site) -> None:
    """State, every document with its reason, what it cost, and where the results are."""
    job = site.job(("a.pdf", PDF), ("b.pdf", PDF + b"2"))
    cells = (FindingState.FOUND,)
    read = replace(findings("d1", *cells, state=DocumentState.READ), page_states={"text": 2})
    site.blobs.write(blob_names.findings(job, "d1"), encode(read))
    partly = findings("d2", FindingState.PARTLY_READ, state=DocumentState.PARTLY_READ)
    site.blobs.write(blob_names.findings(job, "d2"), encode(partly))
    finish(site, job, JobState.COMPLETED, model="stand-in-keyword-ranking")
    view = site.view(job).json
    assert (view["state"], view["stage"]) == ("completed", "done")
    assert view["message"] == "1 of 2 documents were read, 1 in part."
    assert view["model_is_stand_in"] is True
    assert view["documents"][0]["error"] is None
    assert view["documents"][1]["state"] == "partly_read"
    assert view["documents"][1]["error"] == "1 page: picture unread"
    assert view["usage"] == {"input": 9, "cached": 0, "output": 1, "cost": 0.1, "calls": 2}
    assert view["email"] == {"to": "a…@example.org", "state": "sent"}
    assert view["links"]["results.xlsx"] == f"{SITE}/api/jobs/{job}/results.xlsx"


def finish(site: Site, job: str, state: JobState, model: str = "gpt-4.1") -> None:
    """Let the run end."""
    outcome = RunOutcome(
        1, state, "2026-03-01T09:40:00+00:00", 2, 0, 2, 3, Usage(9, 0, 1, 0.1, 2), model
    )
    site.blobs.write(blob_names.outcome(job, 1), encode(outcome))
    site.durable.set(job, "Completed", output={"email": "sent"})


def test_cancel_sets_the_marker_before_it_wakes_anyone(site: Site) -> None:
    """The marker is the truth; the event only wakes."""
    job = site.job()
    marker = blob_names.cancelled(job, 1)
    seen: list[bytes | None] = []

    async def raise_event(instance_id: str, event_name: str, event_data: object) -> None:
        assert (instance_id, event_data) == (job, {"run": 1})
        assert event_name == "cancel"
        seen.append(site.blobs.find(marker))

    site.durable.raise_event = raise_event  # type: ignore[method-assign]
    answer = site.cancel(job)
    assert (answer.code, answer.json["state"]) == (202, "cancelling")
    assert seen, "nobody was woken"
    assert seen[0] is not None, "woken before the marker was there"
    view = site.view(job).json
    assert (view["state"], view["stage"]) == ("running", "cancelling")


def test_cancel_counts_even_when_nobody_could_be_woken(site: Site) -> None:
    """A lost event costs seconds, not the cancel."""
    job = site.job()
    site.durable.fault = RuntimeError("away")
    assert site.cancel(job).code == 202
    assert site.blobs.find(blob_names.cancelled(job, 1)) is not None


def test_cancel_of_a_finished_job_changes_nothing(site: Site) -> None:
    """202 with its state; no marker turns a completed job into a cancelled one."""
    job = site.job()
    finish(site, job, JobState.COMPLETED)
    answer = site.cancel(job)
    assert (answer.code, answer.json["state"]) == (202, "completed")
    assert site.blobs.find(blob_names.cancelled(job, 1)) is None


def test_documents_never_reached_are_said_to_be(site: Site) -> None:
    """After a cancel what was not read is cancelled, not forever waiting."""
    job = site.job()
    site.cancel(job)
    finish(site, job, JobState.CANCELLED)
    document = site.view(job).json["documents"][0]
    assert document["state"] == "cancelled"
    assert "cancelled" in document["error"]


def test_an_instance_that_died_is_shown_as_failed(site: Site) -> None:
    """Until the watchdog starts it again."""
    job = site.job()
    site.durable.set(job, "Failed", output="Orchestrator function failed")
    assert site.view(job).json["state"] == "failed"


def test_health(site: Site) -> None:
    """200 when both answer, else 503 that names what does not."""
    assert site.health().code == 200
    site.durable.fault = RuntimeError("away")
    answer = site.health()
    assert (answer.code, answer.fields()) == (503, ["durable"])


def test_storage_that_hangs_keeps_nobody_waiting(site: Site) -> None:
    """A look at a job that gets no answer becomes a 503 that says when to look again."""

    async def never(_: func.HttpRequest, __: Services) -> func.HttpResponse:
        await asyncio.Event().wait()
        raise AssertionError("nobody sets it")

    async def look(request: func.HttpRequest, services: Services) -> func.HttpResponse:
        return await in_time(never(request, services), seconds=0.01)

    answer = site.ask(look, client=False)
    assert (answer.code, answer.response.headers["Retry-After"]) == (503, "10")
    assert answer.fields() == ["storage"]
