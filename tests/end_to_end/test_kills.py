"""A host killed in the middle loses nothing and pays for nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from local_host.stack import Stack
from tests.end_to_end.jobs import (
    control,
    findings,
    finish,
    kill_host,
    mails,
    make_task,
    model_stats,
    submit,
)

STORING = timedelta(seconds=1)
"""An answer delivered so shortly before a kill may not have reached storage."""


def test_three_kills_change_nothing(start_stack: Callable[..., Stack], tmp_path: Path) -> None:
    """Three SIGKILLs give the same findings, one mail, and no answer paid twice."""
    stack = start_stack(model_latency=0.6, settings={"MODEL_CALLS_AT_ONCE": "3"})
    task = make_task(tmp_path / "task", documents=4, pages=45, variables=8)

    client, job = submit(stack, task, "calm@example.org")
    assert finish(client, job).output["email"] == "sent"
    calm = findings(client, job)
    control(stack, "model", {"reset": True})

    client, job = submit(stack, task, "killed@example.org")
    kills: list[datetime] = []
    for answers in (1, 7, 13):
        _wait_for_answers(stack, answers)
        kills.append(datetime.now(UTC))
        kill_host(stack)
    status = finish(client, job)

    assert status.runtime_status == "Completed"
    assert findings(client, job) == calm
    assert len(mails(stack, "killed@example.org")) == 1
    paid_twice = [
        request
        for request, times in model_stats(stack)["by_request"].items()
        if times > 1 and not _was_in_flight(model_stats(stack)["last_calls"], request, kills)
    ]
    assert paid_twice == []


def _wait_for_answers(stack: Stack, answers: int) -> None:
    until = time.monotonic() + 120
    while model_stats(stack)["answered"] < answers:
        assert time.monotonic() < until, f"the model never gave {answers} answers"
        time.sleep(0.05)


def _was_in_flight(calls: list[dict[str, Any]], request: str, kills: list[datetime]) -> bool:
    """Whether an earlier call of this request was under way, or just over, at a kill."""
    for call in [call for call in calls if call["hash"] == request]:
        started = datetime.fromisoformat(call["started"])
        ended = datetime.fromisoformat(call["ended"] or call["started"])
        if any(started <= kill <= ended + STORING for kill in kills):
            return True
    return False
