"""`run_job` on the genuine SDK: documents in flight, slices, faults, generations, cancel."""

from __future__ import annotations

import json
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.domain.messages import RunJob, RunSettings, to_json
from tests.conftest import Launcher

QUICK = RunSettings(
    documents_in_flight=4,
    fault_delay_seconds=0.05,
    fault_delay_limit_seconds=0.2,
    email_patience_seconds=60,
)


class Runs:
    """Starts scripted runs on one host."""

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self, documents: int, settings: RunSettings = QUICK, **script: Any) -> str:
        """Start a run; its job id."""
        job = uuid.uuid4().hex
        message = RunJob(job, 1, documents, variables=2, settings=settings)
        self._send(f"start/{job}", {"input": to_json(message), "script": script})
        return job

    def cancel(self, job: str) -> None:
        """Marker, then event."""
        self._send(f"cancel/{job}", {})

    def look(self, job: str) -> dict[str, Any]:
        """Status and calls at this moment."""
        return self._send(f"status/{job}")

    def finish(self, job: str) -> dict[str, Any]:
        """Wait for the end."""
        until = time.monotonic() + 60
        while True:
            seen = self.look(job)
            if seen["status"] not in ("Pending", "Running"):
                return seen
            assert time.monotonic() < until, seen
            time.sleep(0.05)

    def _send(self, path: str, body: object = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self._url}/{path}", data)) as answer:
            seen: dict[str, Any] = json.load(answer)
        return seen


@pytest.fixture(scope="module")
def runs(launcher: Launcher, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """One host with the scripted app."""
    app = Path(__file__).parent / "app"
    state = tmp_path_factory.mktemp("durable")
    host = launcher.start("host", "--app-root", app, "--state", state)
    yield Runs(host.url)
    host.stop()


def _reads(seen: dict[str, Any]) -> list[dict[str, Any]]:
    return [call for call in seen["calls"] if call["name"] == "read_document"]


def test_the_window_stays_full(runs: Runs) -> None:
    """Whenever a document ends, the next starts at once, whichever of them ended."""
    seen = runs.finish(runs.start(24, seconds=0.2))
    running = [call["running"] for call in _reads(seen)]
    assert len(running) == 24
    assert max(running) == 4
    assert running[4:].count(4) >= 16, f"documents waited for one another: {running}"


def test_documents_are_called_until_they_are_done(runs: Runs) -> None:
    """Each document gets all its slices and is counted once."""
    seen = runs.finish(runs.start(6, slices=3))
    calls = Counter(call["document"] for call in _reads(seen))
    assert calls == {f"d{number}": 3 for number in range(1, 7)}
    assert seen["custom"]["documents"] == {"total": 6, "done": 6, "failed": 0, "reading": 0}
    assert seen["custom"]["variables"] == {"total": 12, "done": 12}


def test_a_document_that_asks_to_wait_is_left_alone(runs: Runs) -> None:
    """`retry_after` is waited out in a durable timer."""
    seen = runs.finish(runs.start(1, slices=2, retry_after=0.5))
    first, second = _reads(seen)
    assert second["at"] - first["at"] >= 0.5


def test_faults_are_infrastructure(runs: Runs) -> None:
    """Activities that raise are called again; no document is failed for it."""
    seen = runs.finish(runs.start(5, faults=3))
    assert seen["output"]["state"] == "completed"
    assert seen["custom"]["documents"]["failed"] == 0
    assert len(_reads(seen)) == 5 * 4


@pytest.mark.parametrize("calls", [1, 3, 7])
def test_generations_change_nothing(runs: Runs, calls: int) -> None:
    """However short the generations, each document gets exactly its slices."""
    settings = RunSettings(documents_in_flight=4, calls_per_generation=calls)
    seen = runs.finish(runs.start(10, settings, slices=2, retry_after=0.05))
    counted = Counter(call["document"] for call in _reads(seen))
    assert counted == {f"d{number}": 2 for number in range(1, 11)}
    assert seen["custom"]["documents"]["done"] == 10
    assert seen["output"]["email"] == "sent"


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6])
def test_cancel_stops_and_concludes(runs: Runs, delay: float) -> None:
    """At whatever moment: nothing new starts, what was open is closed, the report is written."""
    settings = RunSettings(documents_in_flight=4, calls_per_generation=5)
    job = runs.start(200, settings, seconds=0.05, slices=2, retry_after=0.1)
    time.sleep(delay)
    runs.cancel(job)
    seen = runs.finish(job)
    assert seen["output"]["state"] == "cancelled"
    assert seen["calls"][-2:] == [
        {"name": "write_report", "cancelled": True},
        {"name": "send_email"},
    ]
    assert all(call["ended"] for call in _reads(seen))
    assert len(_reads(seen)) < 200


def test_cancel_wakes_what_waits(runs: Runs) -> None:
    """A document asleep for an hour is called once more, to make findings of what is known."""
    job = runs.start(3, slices=9, retry_after=3600)
    until = time.monotonic() + 20
    while len(_reads(runs.look(job))) < 3:
        assert time.monotonic() < until
        time.sleep(0.02)
    runs.cancel(job)
    seen = runs.finish(job)
    assert seen["output"]["state"] == "cancelled"
    calls = Counter(call["document"] for call in _reads(seen))
    assert calls == {"d1": 2, "d2": 2, "d3": 2}


def test_a_superseded_run_touches_nothing(runs: Runs) -> None:
    """A run that is not the latest ends without reading, writing or mailing."""
    seen = runs.finish(runs.start(3, current=False))
    assert seen["output"] == {"superseded": True}
    assert [call["name"] for call in seen["calls"]] == ["look_at_run"]


def test_a_report_that_never_succeeds_ends_the_job(runs: Runs) -> None:
    """Ten tries, then the job ends, says so, and still mails."""
    seen = runs.finish(runs.start(1, report_faults=99))
    assert seen["status"] == "Completed"
    assert seen["output"]["state"] == "failed"
    assert "could not be written" in seen["output"]["problem"]
    names = Counter(call["name"] for call in seen["calls"])
    assert names["write_report"] == 10
    assert names["send_email"] == 1


def test_a_throttled_mail_is_waited_for(runs: Runs) -> None:
    """The mail is tried until it is sent, in durable timers."""
    seen = runs.finish(runs.start(1, email_waits=3))
    assert seen["output"]["email"] == "sent"
    assert sum(call["name"] == "send_email" for call in seen["calls"]) == 4
