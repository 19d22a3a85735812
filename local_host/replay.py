"""The extension's replay: re-derives from actions and history what is open and what is new.

The SDK sends no task ids. The extension walks the list of actions, one at a time, against the
history, and gives out ids as it goes; this module does the same, so that whatever goes wrong in
production between the two numberings goes wrong here too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local_host import codec, history, timestamps
from local_host.codec import Action
from local_host.history import Event

_SCHEDULED = frozenset({history.TASK_SCHEDULED, history.SUB_CREATED, history.TIMER_CREATED})
_COMPLETED = frozenset({history.TASK_COMPLETED, history.SUB_COMPLETED})
_FAILED = frozenset({history.TASK_FAILED, history.SUB_FAILED})
_SIX_DAYS = 6 * 24 * 3600.0


class NonDeterministicError(Exception):
    """The actions do not fit the history: the orchestration cannot go on."""


class UnknownFunctionError(Exception):
    """An action names a function the app does not have."""


@dataclass(frozen=True)
class Decision:
    """Something started by the walk that the history does not confirm yet."""

    id: int
    kind: int
    name: str = ""
    input: Any = None
    child_id: str | None = None
    version: str | None = None
    fire_at: datetime | None = None


@dataclass(eq=False)
class _Task:
    done: bool = False
    failed: bool = False
    then: list[Callable[["_Task"], None]] = field(default_factory=list)

    def finish(self, *, failed: bool = False) -> None:
        if self.done:
            return
        self.done, self.failed = True, failed
        for listener in self.then:
            listener(self)

    def when_done(self, listener: Callable[["_Task"], None]) -> None:
        if self.done:
            listener(self)
        else:
            self.then.append(listener)


class Walk:
    """One walk over all actions of an execution against its whole history."""

    def __init__(
        self,
        actions: Sequence[Action],
        execution_id: str,
        activities: Iterable[str],
        orchestrators: Iterable[str],
    ) -> None:
        self._actions = actions
        self._execution_id = execution_id
        self._known = {history.TASK_SCHEDULED: activities, history.SUB_CREATED: orchestrators}
        self._next_action = 0
        self._current: _Task | None = None
        self._next_id = 0
        self._now = datetime.min.replace(tzinfo=UTC)
        self._tasks: dict[int, _Task] = {}
        self._waiters: dict[str, list[_Task]] = defaultdict(list)
        self._buffered: dict[str, int] = defaultdict(int)
        self.open: dict[int, Decision] = {}
        self.pending: dict[int, Decision] = {}
        self.carried: list[Event] = []
        self.continues_as_new = False

    @property
    def reached_end(self) -> bool:
        """Whether every action has been started and waited for."""
        return self._next_action >= len(self._actions)

    def run(self, events: Iterable[Event]) -> None:
        """Apply the history, oldest event first."""
        for event in events:
            self._apply(event)

    def _apply(self, event: Event) -> None:
        kind = event["EventType"]
        if kind == history.ORCHESTRATOR_STARTED:
            self._now = timestamps.read(event["Timestamp"])
        elif kind == history.EXECUTION_STARTED:
            self._advance()
        elif kind in _SCHEDULED:
            self._confirm(event)
        elif kind in _COMPLETED:
            self._complete(event["TaskScheduledId"], failed=False)
        elif kind in _FAILED:
            self._complete(event["TaskScheduledId"], failed=True)
        elif kind == history.TIMER_FIRED:
            self._complete(event["TimerId"], failed=False)
        elif kind == history.EVENT_RAISED:
            self._raise(event)

    def _advance(self) -> None:
        while not self.reached_end:
            if self._current is None:
                self._current = self._start(self._actions[self._next_action])
            if not self._current.done:
                return
            self._current = None
            self._next_action += 1

    def _confirm(self, event: Event) -> None:
        decision = self.pending.pop(event["EventId"], None)
        name = str(event.get("Name") or "")
        if decision is None:
            raise NonDeterministicError(
                f"a previous execution scheduled {history.NAMES[event['EventType']]} '{name}' with "
                f"sequence id {event['EventId']}, this replay has not scheduled it"
            )
        if decision.kind != event["EventType"] or decision.name.lower() != name.lower():
            raise NonDeterministicError(
                f"sequence id {decision.id} was {history.NAMES[event['EventType']]} '{name}' in "
                f"the history, in this replay {history.NAMES[decision.kind]} '{decision.name}'"
            )

    def _complete(self, task_id: int, *, failed: bool) -> None:
        task = self._tasks.pop(task_id, None)
        if task is None:
            return  # a duplicate
        self.open.pop(task_id, None)
        task.finish(failed=failed)
        self._advance()

    def _raise(self, event: Event) -> None:
        if self.continues_as_new:
            self.carried.append(event)
            return
        name = str(event["Name"]).lower()
        if self._waiters[name]:
            self._waiters[name].pop().finish()
            self._advance()
        else:
            self._buffered[name] += 1

    def _start(self, action: Action) -> _Task:
        kind = action["actionType"]
        if kind in (codec.CALL_ACTIVITY, codec.CALL_SUB):
            return self._call(action)
        if kind in (codec.CALL_ACTIVITY_WITH_RETRY, codec.CALL_SUB_WITH_RETRY):
            retried = _Task()
            self._attempt(action, 1, retried)
            return retried
        if kind == codec.CREATE_TIMER:
            return self._timer(timestamps.read(action["fireAt"]), canceled=action["isCanceled"])
        if kind == codec.WAIT_FOR_EVENT:
            return self._wait(str(action["externalEventName"]).lower())
        if kind in (codec.WHEN_ALL, codec.WHEN_ANY):
            return self._compound(action)
        if kind == codec.CONTINUE_AS_NEW:
            self.continues_as_new = True
            return _Task(done=True)
        raise UnknownFunctionError(f"action type {kind} is not part of this host; use Azure")

    def _call(self, action: Action) -> _Task:
        is_activity = action["actionType"] in (codec.CALL_ACTIVITY, codec.CALL_ACTIVITY_WITH_RETRY)
        kind = history.TASK_SCHEDULED if is_activity else history.SUB_CREATED
        name = str(action["functionName"])
        if name.lower() not in self._known[kind]:
            what = "activity" if is_activity else "orchestrator"
            raise UnknownFunctionError(
                f"The function '{name}' doesn't exist, is disabled, or is not an {what} function. "
                f"Additional info: the app has {', '.join(sorted(self._known[kind])) or 'none'}."
            )
        number = self._number()
        child = None if is_activity else action.get("instanceId")
        if not is_activity and not child:
            child = f"{self._execution_id}:{number}"
        return self._open(
            Decision(number, kind, name, action.get("input"), child, action.get("version"))
        )

    def _attempt(self, action: Action, attempt: int, whole: _Task) -> None:
        def ended(task: _Task) -> None:
            if not task.failed:
                whole.finish()
                return
            # After the last attempt DTFx still makes one timer, which fires at once.
            last = attempt >= int(action["retryOptions"]["maxNumberOfAttempts"])
            delay = 0.0 if last else _delay(action["retryOptions"], attempt)
            timer = self._timer(self._now + timedelta(seconds=delay), canceled=False)
            timer.when_done(lambda _: retry(last=last))

        def retry(*, last: bool) -> None:
            if last:
                whole.finish(failed=True)
            else:
                self._attempt(action, attempt + 1, whole)

        self._call(action).when_done(ended)

    def _timer(self, fire_at: datetime, *, canceled: bool) -> _Task:
        decision = Decision(self._number(), history.TIMER_CREATED, fire_at=fire_at)
        if not canceled:
            return self._open(decision)
        self.pending[decision.id] = decision
        return _Task(done=True)

    def _wait(self, name: str) -> _Task:
        task = _Task()
        if self._buffered[name]:
            self._buffered[name] -= 1
            task.finish()
        else:
            self._waiters[name].append(task)
        return task

    def _compound(self, action: Action) -> _Task:
        children = [self._start(child) for child in action["compoundActions"]]
        whole = _Task()
        wait_for_all = action["actionType"] == codec.WHEN_ALL
        left = len(children) if wait_for_all else min(1, len(children))

        def one_done(_: _Task) -> None:
            nonlocal left
            left -= 1
            if left <= 0:
                whole.finish()

        for child in children:
            child.when_done(one_done)
        if not children:
            whole.finish()
        return whole

    def _number(self) -> int:
        number, self._next_id = self._next_id, self._next_id + 1
        return number

    def _open(self, decision: Decision) -> _Task:
        task = _Task()
        self._tasks[decision.id] = task
        self.open[decision.id] = self.pending[decision.id] = decision
        return task


def _delay(options: dict[str, Any], attempt: int) -> float:
    first = float(options["firstRetryIntervalInMilliseconds"]) / 1000
    grown = first * float(options.get("backoffCoefficient") or 1.0) ** (attempt - 1)
    longest = options.get("maxRetryIntervalInMilliseconds")
    return min(grown, float(longest) / 1000 if longest else _SIX_DAYS)
