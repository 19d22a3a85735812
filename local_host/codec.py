"""The 1.x orchestrator protocol: what an orchestrator is given, and what it answers.

A 2.x protocol (protobuf instead of JSON) would be a second module beside this one.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from local_host.history import Event, compact

Action = dict[str, Any]

CALL_ACTIVITY = 0
CALL_ACTIVITY_WITH_RETRY = 1
CALL_SUB = 2
CALL_SUB_WITH_RETRY = 3
CONTINUE_AS_NEW = 4
CREATE_TIMER = 5
WAIT_FOR_EVENT = 6
WHEN_ANY = 11
WHEN_ALL = 12

MAX_ACTIONS = 100_000
_FAILURE_LABEL = "\n\n$OutOfProcData$:"
_STATUS_LIMIT_KB = 16


class ProtocolError(Exception):
    """The orchestrator's answer breaks the protocol; it fails the orchestration."""


@dataclass(frozen=True)
class Answer:
    """What one run of an orchestrator function came to."""

    done: bool = False
    actions: tuple[Action, ...] = ()
    output: str | None = None
    custom_status: str | None = None
    error: str | None = None
    crashed: bool = field(default=False, kw_only=True)

    @property
    def continues_as_new(self) -> Action | None:
        """The continue-as-new action, if there is one."""
        return next((a for a in self.actions if a["actionType"] == CONTINUE_AS_NEW), None)


def context_json(
    instance_id: str,
    stored_input: str | None,
    parent_id: str | None,
    past: Sequence[str],
    new: Sequence[Event],
) -> str:
    """The trigger's string; `past` are events as JSON texts already marked played."""
    head = {
        "instanceId": instance_id,
        "isReplaying": bool(past),
        "parentInstanceId": parent_id,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
        "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
    }
    history = ",".join([*past, *(compact(one) for one in new)])
    rest = compact(head)[1:]
    return f'{{"history":[{history}],"input":{stored_input or "null"},{rest}'


def read_answer(text: str) -> Answer:
    """Read the JSON an orchestrator returned."""
    return _answer(json.loads(text))


def read_failure(error: BaseException) -> Answer:
    """Read a raised orchestrator failure: the SDK appends its state to the message."""
    message, label, state = str(error).partition(_FAILURE_LABEL)
    if not label:
        return Answer(error=f"{type(error).__name__}: {message}", crashed=True)
    return _answer(json.loads(state))


def custom_status_problem(custom_status: str) -> str | None:
    """Why the extension would refuse this status, or None."""
    size = len(custom_status.encode("utf-16-le", "surrogatepass")) // 1024
    if size <= _STATUS_LIMIT_KB:
        return None
    return (
        f"The UTF-16 size of the JSON-serialized payload must not exceed {_STATUS_LIMIT_KB} KB. "
        f"The current payload size is {size} KB."
    )


def newtonsoft(text: str | None) -> str | None:
    """A result's JSON as the extension stores it: re-written, and null becomes nothing."""
    value = json.loads(text) if text is not None else None
    return None if value is None else compact(value)


def _answer(state: dict[str, Any]) -> Answer:
    actions = state.get("actions") or [[]]
    if len(actions) != 1:
        raise ProtocolError(
            f"expected an actions array of length 1 in its outer layer, got {len(actions)}"
        )
    if len(actions[0]) > MAX_ACTIONS:
        raise ProtocolError(f"an orchestration may schedule at most {MAX_ACTIONS} actions")
    status = state.get("customStatus")
    return Answer(
        done=bool(state.get("isDone")),
        actions=tuple(actions[0]),
        output=compact(state["output"]) if "output" in state else None,
        custom_status=None if status is None else compact(status),
        error=state.get("error"),
    )
