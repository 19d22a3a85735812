"""Compares the SDK's own task numbers with the walk's, so that a disagreement fails loudly.

On Azure the two never meet: azure-functions-durable-python #603 shows there as a silent hang or
as another task's result.
"""

import threading
from collections.abc import Mapping
from typing import Any

from local_host import history
from local_host.replay import Decision, NonDeterministicError

_seen = threading.local()


def observe_contexts() -> None:
    """From now on remember, per thread, the last context the SDK built."""
    from azure.durable_functions.models import DurableOrchestrationContext as Sdk

    genuine = Sdk.from_json
    if getattr(genuine, "observed", False):
        return

    def from_json(json_string: str) -> Any:
        _seen.context = genuine(json_string)
        return _seen.context

    from_json.observed = True  # type: ignore[attr-defined]  # marks the wrapper against a second one
    Sdk.from_json = from_json


def take_context() -> Any:
    """The context of the orchestrator that just ran on this thread, or None."""
    context, _seen.context = getattr(_seen, "context", None), None
    return context


def check(context: Any, open_decisions: Mapping[int, Decision]) -> None:
    """Raise unless every task open in the walk is the same task, by number, in the SDK.

    The walk may lag behind the SDK (it starts an action only after the one before it is done),
    so the SDK may know more open tasks, never others.
    """
    known = _sdk_open(context)
    for number, decision in open_decisions.items():
        theirs = known.get(number)
        ours = (decision.kind, decision.name.lower())
        if theirs != ours:
            raise NonDeterministicError(
                f"the SDK and the extension number tasks differently: number {number} is "
                f"{_named(ours)} for the extension and {_named(theirs)} for the SDK "
                "(azure-functions-durable-python #603: retries must not overlap other progress)"
            )


def _named(task: tuple[int, str] | None) -> str:
    return "nothing open" if task is None else f"{history.NAMES[task[0]]} '{task[1]}'"


def _sdk_open(context: Any) -> dict[int, tuple[int, str]]:
    return {
        number: _kind_and_name(task)
        for number, task in list(context.open_tasks.items())
        if isinstance(number, int) and number >= 0 and not isinstance(task, list)
    }


def _kind_and_name(task: Any) -> tuple[int, str]:
    action = task.action_repr
    metadata = str(getattr(action, "metadata", ""))
    if "timer" in metadata or type(action).__name__ == "CreateTimerAction":
        return history.TIMER_CREATED, ""
    if metadata:  # a later attempt: what is attempted stands at its parent
        action = task.parent.actions
    kind = "SubOrchestrator" in type(action).__name__
    return (history.SUB_CREATED if kind else history.TASK_SCHEDULED), action.function_name.lower()
