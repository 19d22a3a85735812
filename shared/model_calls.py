"""The model calls of one slice: several at once, each answer stored before it counts."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from shared.domain.errors import ModelBusy, ModelRejected, ModelTimeout, PromptTooLong
from shared.domain.job import Job
from shared.domain.plan import Owed
from shared.domain.readings import Answer, Finish, Reading, Usage
from shared.domain.steps import Ask, Split, next_step
from shared.ports import LanguageModel

TIMEOUT_LIMIT = 2
"""Timeouts of one reading before it is cut smaller."""

LOOK_SECONDS = 0.5

STOP_GRACE_SECONDS = 5.0
"""How long calls under way are waited for once the run is to stop. They are paid, so they may
finish and store their answers behind our back."""


@dataclass(frozen=True, slots=True)
class Going:
    """How the calls are kept in hand: `store` runs in the calling threads, before an answer counts
    as known; `in_time` and `wanted` are asked before each call; `tick` is called now and then.
    """

    store: Callable[[Reading], None]
    in_time: Callable[[], bool]
    wanted: Callable[[], bool]
    tick: Callable[[], None]


class ModelCalls:
    """Asks for every reading that is owed and not known, in order, as the plan says.

    One call of each window goes first, so that the provider's prefix cache is warm for the others.
    After `run`: `unfinished` says whether readings remain; `busy_seconds` how long the model asked
    to wait, None if it did not; `rejected` why no call will succeed, or empty; `timeouts` counts
    them by reading key.
    """

    def __init__(
        self,
        model: LanguageModel,
        job: Job,
        owed: Iterable[Owed],
        known: dict[str, Reading],
        timeouts: dict[str, int],
    ) -> None:
        self.busy_seconds: float | None = None
        self.busy_reason = ""
        self.rejected = ""
        self.timeouts = dict(timeouts)
        self._model = model
        self._job = job
        self._known = known
        self._queue = deque(owed)
        self._warming = {item.window.number for item in self._queue if item.warms}
        self._held: dict[int, list[Owed]] = {}
        self._put_off: list[Owed] = []
        self._running: dict[Future[Reading], tuple[Owed, Ask]] = {}

    @property
    def unfinished(self) -> bool:
        """Whether readings remain to be asked for."""
        return bool(self._queue or self._held or self._put_off or self._running)

    def run(self, at_once: int, going: Going) -> None:
        """Ask until nothing is owed, or there is reason to stop."""
        threads = ThreadPoolExecutor(at_once, thread_name_prefix="model")
        stop_at = float("inf")
        try:
            while True:
                if not going.wanted():
                    stop_at = min(stop_at, time.monotonic() + STOP_GRACE_SECONDS)
                elif going.in_time() and self.busy_seconds is None and not self.rejected:
                    self._fill(threads, at_once, going.store)
                if not self._running or time.monotonic() >= stop_at:
                    return
                finished, _ = wait(self._running, LOOK_SECONDS, FIRST_COMPLETED)
                for future in finished:
                    self._take(future, going.store)
                going.tick()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    def _fill(
        self, threads: ThreadPoolExecutor, at_once: int, store: Callable[[Reading], None]
    ) -> None:
        while len(self._running) < at_once and (item := self._next()) is not None:
            step = next_step(self._job, item, self._known)
            if isinstance(step, Ask):
                future = threads.submit(self._ask, item, step, store)
                self._running[future] = (item, step)
                continue
            self._release(item)
            if isinstance(step, Split):
                self._queue.extendleft(reversed(step.parts))

    def _next(self) -> Owed | None:
        while self._queue:
            item = self._queue.popleft()
            if item.warms or item.window.number not in self._warming:
                return item
            self._held.setdefault(item.window.number, []).append(item)
        return None

    def _release(self, item: Owed) -> None:
        """The window's prefix is as warm as it gets: its other readings may go."""
        self._warming.discard(item.window.number)
        self._queue.extendleft(reversed(self._held.pop(item.window.number, [])))

    def _ask(self, item: Owed, ask: Ask, store: Callable[[Reading], None]) -> Reading:
        try:
            answer = self._model.ask(ask.prompt)
        except PromptTooLong:
            answer = _too_large(ask)
        reading = _reading(item, ask, answer)
        store(reading)
        return reading

    def _take(self, future: Future[Reading], store: Callable[[Reading], None]) -> None:
        item, ask = self._running.pop(future)
        self._release(item)
        try:
            reading = future.result()
        except ModelBusy as busy:
            self.busy_seconds = max(self.busy_seconds or 0.0, busy.retry_after)
            self.busy_reason = str(busy)
            self._queue.appendleft(item)
        except ModelRejected as rejected:
            self.rejected = str(rejected)
            self._queue.appendleft(item)
        except ModelTimeout:
            self._time_out(item, ask, store)
        else:
            self._known[reading.key] = reading
            self._queue.appendleft(item)

    def _time_out(self, item: Owed, ask: Ask, store: Callable[[Reading], None]) -> None:
        """Left to the next slice; after that it counts as too large, and is cut."""
        times = self.timeouts.get(ask.key, 0) + 1
        self.timeouts[ask.key] = times
        if times < TIMEOUT_LIMIT:
            self._put_off.append(item)
            return
        reading = _reading(item, ask, _too_large(ask))
        store(reading)
        self._known[reading.key] = reading
        self._queue.appendleft(item)


def _too_large(ask: Ask) -> Answer:
    """Stands for an answer that never came because too much was asked; costs nothing."""
    return Answer("", ask.prompt.model, Finish.LENGTH, Usage())


def _reading(item: Owed, ask: Ask, answer: Answer) -> Reading:
    units = item.window.units
    return Reading(
        key=ask.key,
        window=item.window.number,
        units=(units[0].number, units[-1].number),
        variables=tuple(variable.id for variable in item.variables),
        attempt=ask.attempt,
        answer=answer,
    )
