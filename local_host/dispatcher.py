"""Finds what is due in the store and runs it: episodes one at a time per instance, activities."""

import heapq
import itertools
import json
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from azure.functions.meta import Datum

from local_host import codec, numbering, steps
from local_host.activity_runner import ActivityRunner
from local_host.app_loader import LoadedApp
from local_host.episode import Names, Run, run_episode
from local_host.faults import Faults
from local_host.history import Event
from local_host.host_config import HostConfig
from local_host.steps import Claim, Work
from local_host.store import Store, StoreClosedError
from local_host.timestamps import now
from local_host.worker import Worker, WorkerDiedError, WorkerStoppedError

_LOG = logging.getLogger("Host.DurableTask")
_LONGEST_SLEEP = 60.0
_RETRY_AFTER = 1.0


class Dispatcher:
    """The Durable extension's engine over one store."""

    def __init__(
        self, store: Store, app: LoadedApp, worker: Worker, config: HostConfig, faults: Faults
    ) -> None:
        self._store = store
        self._worker = worker
        self._config = config
        self._orchestrators = app.durable("orchestrationTrigger")
        activities = app.durable("activityTrigger")
        self._names = Names(activities.keys(), self._orchestrators.keys())
        self._runner = ActivityRunner(
            store, activities, worker, config.function_timeout, faults, self
        )
        self._changed = threading.Condition()
        self._signaled = True
        self._stopping = False
        self._busy: set[str] = set()
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._cache: dict[str, tuple[str, list[str], list[Event]]] = {}
        self._slots = ThreadPoolExecutor(config.max_orchestrators, thread_name_prefix="episode")
        self._pump = threading.Thread(target=self._work, name="dispatcher", daemon=True)
        if self._orchestrators:
            numbering.observe_contexts()

    @property
    def names(self) -> Names:
        """The durable functions of the app."""
        return self._names

    def start(self) -> None:
        """Begin: whatever was unfinished in the store is run again."""
        self._pump.start()

    def stop(self) -> None:
        """Start nothing more; what is in flight is abandoned and comes back at the next start."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._pump.is_alive():
            self._pump.join(timeout=2)
        self._slots.shutdown(wait=False, cancel_futures=True)

    def wake(self) -> None:
        """Look for work now."""
        with self._changed:
            self._signaled = True
            self._changed.notify_all()

    def call_at(self, moment: float, action: Callable[[], None]) -> None:
        """Run a short `action` at a time of `time.monotonic()`."""
        with self._changed:
            heapq.heappush(self._alarms, (moment, next(self._order), action))
            self._changed.notify_all()

    def kill_worker(self) -> int:
        """Let the worker die; every function running on it fails. Answers how many."""
        return self._worker.die()

    def _work(self) -> None:
        due: float | None = None
        while self._await_work(due):
            try:
                work = self._store.run(self._look)
            except StoreClosedError:
                return
            due = work.next_due
            self._begin(work)

    def _await_work(self, due: float | None) -> bool:
        """Wait until something may have become due; False when stopping."""
        with self._changed:
            while not self._stopping:
                for action in self._rung():
                    action()
                if self._signaled or (due is not None and due <= time.time()):
                    self._signaled = False
                    return True
                self._changed.wait(self._sleep(due))
            return False

    def _rung(self) -> list[Callable[[], None]]:
        rung = []
        while self._alarms and self._alarms[0][0] <= time.monotonic():
            rung.append(heapq.heappop(self._alarms)[2])
        return rung

    def _sleep(self, due: float | None) -> float:
        alarm = self._alarms[0][0] - time.monotonic() if self._alarms else _LONGEST_SLEEP
        message = due - time.time() if due is not None else _LONGEST_SLEEP
        return max(0.0, min(alarm, message, _LONGEST_SLEEP))

    def _look(self, db: object) -> Work:
        with self._changed:
            busy = set(self._busy)
        claimed = self._runner.claimed()
        return steps.due_work(
            db,  # type: ignore[arg-type]  # the store hands every operation its connection
            time.time(),
            busy,
            self._config.max_orchestrators - len(busy),
            claimed,
            self._config.max_activities - self._runner.running(),
        )

    def _begin(self, work: Work) -> None:
        with self._changed:
            self._busy.update(work.instance_ids)
        for instance_id in work.instance_ids:
            self._slots.submit(self._episode, instance_id)
        for task in work.tasks:
            self._runner.start(task)

    def _episode(self, instance_id: str) -> None:
        try:
            self._run_episode(instance_id)
        except (StoreClosedError, WorkerDiedError, WorkerStoppedError):
            _LOG.warning("Episode of '%s' was abandoned and will be run again.", instance_id)
            self._release(instance_id, delay=0.0)
        except Exception:  # noqa: BLE001 - one instance must not stop the others
            _LOG.exception("Episode of '%s' failed in the host itself.", instance_id)
            self._release(instance_id, delay=_RETRY_AFTER)
        else:
            self._release(instance_id, delay=0.0)

    def _release(self, instance_id: str, delay: float) -> None:
        def free() -> None:
            with self._changed:
                self._busy.discard(instance_id)
                self._signaled = True
                self._changed.notify_all()

        if delay:
            self._cache.pop(instance_id, None)
            self.call_at(time.monotonic() + delay, free)
        else:
            free()

    def _run_episode(self, instance_id: str) -> None:
        cached = self._cache.get(instance_id)
        mark = None if cached is None else (cached[0], len(cached[1]))
        taken = self._store.run(lambda db: steps.claim(db, instance_id, time.time(), mark))
        if taken is None:
            self._cache.pop(instance_id, None)
            return
        past, past_events = self._past(taken)
        outcome = run_episode(
            taken.instance, past, past_events, taken.batch, self._names,
            lambda text: self._call(taken.instance.name, text), now(),
        )  # fmt: skip
        if outcome.problem is not None:
            _LOG.error("'%s' (%s) failed: %s", taken.instance.name, instance_id, outcome.problem)
        kept = self._store.run(lambda db: steps.keep_episode(db, taken, outcome))
        if not kept or outcome.status is not None or outcome.continues_as_new:
            self._cache.pop(instance_id, None)
            return
        texts, events = steps.as_stored(outcome.events)
        past.extend(texts)
        past_events.extend(events)
        self._cache[instance_id] = (taken.instance.execution_id, past, past_events)

    def _past(self, taken: Claim) -> tuple[list[str], list[Event]]:
        if taken.history_length and not taken.past:
            _, texts, events = self._cache[taken.instance.id]
            return texts, events
        return list(taken.past), [json.loads(text) for text in taken.past]

    def _call(self, name: str, text: str) -> Run:
        """Call the orchestrator function and read its answer, or its failure."""
        function = self._orchestrators.get(name.lower())
        if function is None:
            return Run(
                codec.Answer(error=f"the app has no orchestrator '{name}' any more; restore it")
            )
        noted: list[object] = []
        answer: Future[Datum] = self._worker.invoke(
            function, Datum(text, "string"), after=lambda: noted.append(numbering.take_context())
        )
        try:
            result = answer.result(timeout=self._config.function_timeout)
        except (WorkerDiedError, WorkerStoppedError):
            raise
        except TimeoutError:
            self._worker.restart()
            raise WorkerDiedError(f"orchestrator '{name}' exceeded the function timeout") from None
        except Exception as error:  # noqa: BLE001 - the app's own failure, part of the protocol
            return Run(codec.read_failure(error), noted[0] if noted else None)
        return Run(codec.read_answer(str(result.value)), noted[0] if noted else None)
