"""Runs activity messages on the worker, and lets the faults strike them."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from azure.functions.meta import Datum

from local_host import codec, history, steps
from local_host.app_loader import AppFunction
from local_host.faults import Faults
from local_host.history import Event, compact
from local_host.steps import TaskRow
from local_host.store import Store
from local_host.timestamps import now
from local_host.worker import Worker, WorkerStoppedError

_LOG = logging.getLogger("Function.Activity")


class Clockwork(Protocol):
    """What a runner needs of the dispatcher."""

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        """Run an action later."""

    def wake(self) -> None:
        """Look for work now."""


class ActivityRunner:
    """Starts activities and delivers their results, at least once."""

    def __init__(
        self,
        store: Store,
        functions: Mapping[str, AppFunction],
        worker: Worker,
        timeout: float | None,
        faults: Faults,
        clock: Clockwork,
    ) -> None:
        self._store = store
        self.functions = functions
        self.worker = worker
        self.timeout = timeout
        self.faults = faults
        self.clock = clock
        self._lock = threading.Lock()
        self._claimed: set[int] = set()
        self._running = 0

    def claimed(self) -> frozenset[int]:
        """The messages that are not to be started now."""
        with self._lock:
            return frozenset(self._claimed)

    def running(self) -> int:
        """How many activities count against the limit."""
        with self._lock:
            return self._running

    def start(self, task: TaskRow) -> None:
        """Start one message's activity."""
        with self._lock:
            self._claimed.add(task.id)
            self._running += 1
        _Attempt(self, task).begin()

    def settle(self, task: TaskRow, message: Event, delays: tuple[float, ...]) -> None:
        """Keep the result, and free the message's place once it is kept."""
        moment = time.time()
        times = [moment + delay if delay else 0.0 for delay in delays]
        kept = self._store.submit(lambda db: steps.keep_result(db, task, message, times))
        kept.add_done_callback(lambda _: self.release(task))

    def release(self, task: TaskRow) -> None:
        """Let the message be started again, if it is still there."""
        with self._lock:
            self._claimed.discard(task.id)
        self.clock.wake()

    def end(self) -> None:
        """One activity fewer counts against the limit."""
        with self._lock:
            self._running -= 1


class _Attempt:
    """One run of one activity message; ends exactly once, by result, fault or timeout."""

    def __init__(self, runner: ActivityRunner, task: TaskRow) -> None:
        self._runner = runner
        self._task = task
        self._lock = threading.Lock()
        self._ended = False
        self._began = time.monotonic()

    def begin(self) -> None:
        """Call the function, unless a fault comes first."""
        runner, name = self._runner, self._task.name
        _LOG.info("Executing 'Functions.%s' (instance %s)", name, self._task.instance_id)
        refused = runner.faults.strike("host_failure", name)
        if refused is not None:
            self._later(refused, lambda: self._fail("HostFailure: the function was not run"))
            return
        lost = runner.faults.strike("lost_machine", name)
        if lost is not None:
            self._later(lost, self._lose)
        death = runner.faults.strike("worker_death", name)
        if death is not None:
            self._later(death, lambda: _noted(runner.worker.die()))
        if runner.timeout is not None:
            self._later(runner.timeout, self._time_out)
        function = runner.functions[name.lower()]
        text = self._task.input if self._task.input is not None else "null"
        answer = runner.worker.invoke(function, Datum(text, "string"))
        if lost is None:
            answer.add_done_callback(self._answered)

    def _later(self, seconds: float, action: Callable[[], None]) -> None:
        self._runner.clock.call_at(time.monotonic() + seconds, action)

    def _answered(self, answer: Future[Any]) -> None:
        error = answer.exception()
        if error is None:
            result = codec.newtonsoft(str(answer.result().value))
            self._finish(history.TASK_COMPLETED, Result=result)
            return
        if isinstance(error, WorkerStoppedError):
            return
        text = f"{type(error).__name__}: {error}"
        stack = "".join(traceback.format_exception(error))
        _LOG.error("Executed 'Functions.%s' (Failed): %s", self._task.name, text, exc_info=error)
        self._fail(text, stack)

    def _fail(self, text: str, stack: str = "") -> None:
        reason = f"Activity function '{self._task.name}' failed:  {text}"
        details = compact(
            {"$type": "System.Exception, System.Private.CoreLib", "Message": reason,
             "StackTrace": stack}
        )  # fmt: skip
        self._finish(history.TASK_FAILED, Reason=reason, Details=details)

    def _finish(self, kind: int, **fields: Any) -> None:
        if not self._first():
            return
        name, faults = self._task.name, self._runner.faults
        elapsed = int((time.monotonic() - self._began) * 1000)
        _LOG.info("Executed 'Functions.%s' (Duration=%dms)", name, elapsed)
        message = history.event(kind, now(), TaskScheduledId=self._task.task_id, **fields)
        delays: tuple[float, ...] = (faults.delay(name),)
        again = faults.strike("duplicate_completion", name)
        if again is not None:
            delays = (*delays, again)
        self._runner.settle(self._task, message, delays)

    def _lose(self) -> None:
        """The machine is gone: its result never comes, its message is visible again."""
        if self._first():
            _LOG.warning("'Functions.%s' was lost and is redelivered.", self._task.name)
            self._runner.release(self._task)

    def _time_out(self) -> None:
        with self._lock:
            if self._ended:
                return
        self._runner.worker.restart()
        self._fail(
            f"FunctionTimeoutException: Timeout value of {self._runner.timeout} s was exceeded "
            f"by function: Functions.{self._task.name}"
        )

    def _first(self) -> bool:
        with self._lock:
            first, self._ended = not self._ended, True
        if first:
            self._runner.end()
        return first


def _noted(lost: int) -> None:
    _LOG.error("Language worker process exited; %d running functions failed.", lost)
