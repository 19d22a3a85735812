"""A cancel is never lost: in the middle of reading, and around a new generation."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_host.client import Client, Job
from local_host.stack import Stack
from tests.end_to_end.jobs import findings, finish, mails, make_task, model_stats, submit

JOBS = 20


@pytest.mark.parametrize("generation", [200, 3], ids=["mid-reading", "around-generations"])
def test_cancel_is_never_lost(
    start_stack: Callable[..., Stack], tmp_path: Path, generation: int
) -> None:
    """Twenty jobs cancelled at different moments all end cancelled, soon, each with its mail."""
    stack = start_stack(
        model_latency=1.5,
        settings={
            "CALLS_PER_GENERATION": str(generation),
            "DOCUMENTS_IN_FLIGHT": "2",
            "SLICE_SECONDS": "2",
            "MODEL_TIMEOUT_SECONDS": "1.9",
            "MODEL_CALLS_AT_ONCE": "40",
        },
    )
    task = make_task(tmp_path / "task", documents=8, pages=2, variables=2)
    jobs = [submit(stack, task, f"user{number}@example.org") for number in range(JOBS)]

    def cancel(number: int) -> datetime:
        client, job = jobs[number]
        _wait_until_reading(client, job)
        time.sleep(0.5 + 0.2 * number)  # spread over slices and their ends
        client.cancel(job)
        return datetime.now(UTC)

    with ThreadPoolExecutor(JOBS) as threads:
        cancelled = list(threads.map(cancel, range(JOBS)))
    ends = [finish(client, job, seconds=90).output for client, job in jobs]

    assert [end["state"] for end in ends] == ["cancelled"] * JOBS
    assert [len(mails(stack, f"user{number}@")) for number in range(JOBS)] == [1] * JOBS
    last = model_stats(stack)["last_call_started"]
    assert last, "no job came as far as the model"
    assert datetime.fromisoformat(last) < max(cancelled) + timedelta(seconds=5)
    for client, job in jobs:
        assert len(findings(client, job)) == 8 * 2, "a cell is missing"


def _wait_until_reading(client: Client, job: Job) -> None:
    for status in client.watch(job, every_seconds=0.1):
        if status.progress.get("stage") == "reading":
            return
        assert not status.finished, status
