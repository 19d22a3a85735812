"""One episode of one orchestration: history and new messages in, everything to be kept out.

Nothing here touches the store: an episode that is never committed has never happened.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from local_host import codec, history, numbering
from local_host.codec import Answer
from local_host.history import Event, compact
from local_host.instances import Instance
from local_host.replay import Decision, NonDeterministicError, UnknownFunctionError, Walk


@dataclass(frozen=True)
class Names:
    """The durable functions of the app, in lower case."""

    activities: Collection[str]
    orchestrators: Collection[str]


@dataclass(frozen=True)
class Run:
    """What one call of the orchestrator function gave: its answer, and the SDK's context."""

    answer: Answer
    sdk_context: object = None


@dataclass(frozen=True)
class Outcome:
    """What an episode changes."""

    events: tuple[Event, ...] = ()
    decisions: tuple[Decision, ...] = ()
    custom_status: str | None = None
    status: str | None = None
    output: str | None = None
    next_input: str | None = None
    continues_as_new: bool = False
    carried: tuple[int, ...] = ()
    problem: str | None = field(default=None, kw_only=True)


def run_episode(
    instance: Instance,
    past: Sequence[str],
    past_events: Sequence[Event],
    batch: Sequence[Event],
    names: Names,
    call: Callable[[str], Run],
    moment: datetime,
) -> Outcome:
    """Run the orchestrator over its history and this batch, and see what follows."""
    new = [history.event(history.ORCHESTRATOR_STARTED, moment), *batch]
    run = call(codec.context_json(instance.id, instance.input, instance.parent_id, past, new))
    if run.answer.crashed:
        return _ended(instance, new, Walk((), "", (), ()), run.answer, run.answer.error, moment)
    answer, problem = _checked(run.answer)
    walk = Walk(answer.actions, instance.execution_id, names.activities, names.orchestrators)
    try:
        walk.run([*past_events, *new])
        if not (answer.done or answer.error) and run.sdk_context is not None:
            numbering.check(run.sdk_context, walk.open)
    except NonDeterministicError as error:
        text = f"Non-Deterministic workflow detected: {error}"
        return _ended(instance, new, Walk((), "", (), ()), answer, text, moment)
    except UnknownFunctionError as error:
        problem = str(error)
    return _outcome(instance, new, walk, answer, problem, moment)


def _checked(answer: Answer) -> tuple[Answer, str | None]:
    """The answer, with a custom status that is too large turned into a failure."""
    problem = answer.custom_status and codec.custom_status_problem(answer.custom_status)
    if not problem:
        return answer, None
    return Answer(error=problem), problem


def _outcome(
    instance: Instance,
    new: list[Event],
    walk: Walk,
    answer: Answer,
    problem: str | None,
    moment: datetime,
) -> Outcome:
    failure = problem or (answer.error if walk.reached_end else None)
    if failure is not None and not walk.open:
        return _ended(instance, new, walk, answer, failure, moment)
    if problem is None and answer.done and walk.reached_end:
        if walk.continues_as_new:
            return _next_generation(walk, answer, new[1:])
        if not walk.open:
            return _ended(instance, new, walk, answer, None, moment)
    return Outcome(
        events=(*new, *_scheduled(walk, moment), _completed(moment)),
        decisions=tuple(walk.pending.values()),
        custom_status=answer.custom_status,
    )


def _ended(
    instance: Instance,
    new: list[Event],
    walk: Walk,
    answer: Answer,
    failure: str | None,
    moment: datetime,
) -> Outcome:
    status, output = "Completed", answer.output
    if failure is not None:
        status = "Failed"
        output = compact(f"Orchestrator function '{instance.name}' failed: {failure}")
    end = history.event(
        history.EXECUTION_COMPLETED, moment, OrchestrationStatus=status, Result=output
    )
    return Outcome(
        events=(*new, *_scheduled(walk, moment), end, _completed(moment)),
        decisions=tuple(walk.pending.values()),
        custom_status=answer.custom_status,
        status=status,
        output=output,
        problem=failure,
    )


def _next_generation(walk: Walk, answer: Answer, batch: Sequence[Event]) -> Outcome:
    """Continue as new: tasks still open are discarded, what is new and open is never started."""
    action = answer.continues_as_new or {}
    kept = {id(event) for event in walk.carried}
    return Outcome(
        custom_status=answer.custom_status,
        next_input=compact(action.get("input")),
        continues_as_new=True,
        carried=tuple(n for n, event in enumerate(batch) if id(event) in kept),
    )


def _scheduled(walk: Walk, moment: datetime) -> list[Event]:
    return [_scheduled_event(decision, moment) for decision in walk.pending.values()]


def _scheduled_event(decision: Decision, moment: datetime) -> Event:
    if decision.kind == history.TIMER_CREATED:
        fire_at = (decision.fire_at or moment).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return history.event(decision.kind, moment, decision.id, FireAt=fire_at)
    fields = {"Name": decision.name, "Version": decision.version or "", "Input": None}
    if decision.kind == history.SUB_CREATED:
        fields["InstanceId"] = decision.child_id
    return history.event(decision.kind, moment, decision.id, **fields)


def _completed(moment: datetime) -> Event:
    return history.event(history.ORCHESTRATOR_COMPLETED, moment)
