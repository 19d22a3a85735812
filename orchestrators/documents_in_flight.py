"""The reading stage of one generation of `run_job`: which documents run, wait, and come next."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from activities.read_document import read_document
from shared.domain.job import Stage
from shared.domain.messages import (
    Delay,
    ReadDocument,
    RunJob,
    RunSettings,
    SliceResult,
    from_json,
    to_json,
)
from shared.domain.progress import Current, custom_status

_NEVER = timedelta(hours=1)


def retry_delay(settings: RunSettings, faults: int) -> timedelta:
    """How long to leave an activity alone after it failed `faults` times in a row."""
    seconds = settings.fault_delay_seconds * 2 ** min(faults - 1, 20)
    return timedelta(seconds=min(seconds, settings.fault_delay_limit_seconds))


class DocumentsInFlight:
    """Keeps documents in flight until all are done, the run is cancelled, or the generation full.

    Documents are ordinals from 1. One that asked to wait, or whose activity raised, keeps its
    place in flight: starting others would only press on whatever made it wait.
    """

    def __init__(
        self, context: df.DurableOrchestrationContext, run: RunJob, *, cancelled: bool
    ) -> None:
        self.cancelled = cancelled
        self.superseded = False
        self._context = context
        self._run = run
        self._calls = 0
        self._next = run.next_document
        self._ready: deque[int] = deque()
        self._running: dict[Any, int] = {}
        self._waiting: dict[Any, int] = {}
        self._wake: dict[int, datetime] = {}
        self._faults: dict[int, int] = {}
        self._cells: dict[int, int] = {}
        self._done, self._failed, self._cells_done = run.done, run.failed, run.cells_done

    @property
    def unfinished(self) -> bool:
        """Whether documents remain for the next generation."""
        return not self.cancelled and self._done < self._run.documents

    def counted(self) -> RunJob:
        """The run with what has been counted so far."""
        return replace(self._run, done=self._done, failed=self._failed, cells_done=self._cells_done)

    def next_generation(self) -> RunJob:
        """The input of the generation that goes on from here."""
        delays = [
            Delay(document, self._wake[document].isoformat(), self._faults.get(document, 0))
            for document in sorted(self._wake)
        ]
        now = self._context.current_utc_datetime.isoformat()
        delays += [Delay(document, now) for document in self._ready]
        return replace(
            self.counted(),
            generation=self._run.generation + 1,
            next_document=self._next,
            open=tuple(delays),
        )

    def read(self) -> Generator[Any, Any, None]:
        """Run the stage; afterwards no activity and no timer of it is open."""
        cancel = self._context.wait_for_external_event("cancel")
        new = [cancel, *self._restore()]
        while True:
            new += self._start()
            self._show()
            if new:
                yield self._schedule(new)
                new = []
            if not self._running and (self._full or not self._waiting):
                break
            finished = yield self._context.task_any(
                [*self._running, *self._waiting, *([] if cancel.is_completed else [cancel])]
            )
            if finished is cancel:
                self._cancel()
            elif finished in self._waiting:
                self._ready.append(self._wake_up(finished))
            else:
                new = self._take(self._running.pop(finished), finished.result)
        self.cancelled = self.cancelled or cancel.is_completed
        self._close_timers()

    @property
    def _full(self) -> bool:
        """Whether this generation may call no more: replay grows with the square of its calls.

        A cancelled run closes what it opened first; that is a call a document in flight.
        """
        return self._calls >= self._run.settings.calls_per_generation and not self.cancelled

    def _schedule(self, new: list[Any]) -> Any:
        """Start tasks without waiting for any of them.

        The extension walks through the actions one by one, and a `task_any` lists only tasks that
        are new: it would start nothing further until one of *those* is done, however many older
        ones have finished. A timer cancelled at birth is done at once there, as the empty
        `task_all` is in the SDK, so that both go on immediately.
        """
        done_at_once = self._context.create_timer(self._context.current_utc_datetime + _NEVER)
        done_at_once.cancel()
        return self._context.task_any([self._context.task_all([]), *new, done_at_once])

    def _restore(self) -> list[Any]:
        """Timers for the documents that the last generation left waiting."""
        timers = []
        for delay in self._run.open:
            wake = datetime.fromisoformat(delay.until)
            self._faults[delay.document] = delay.faults
            if self.cancelled or wake <= self._context.current_utc_datetime:
                self._ready.append(delay.document)
            else:
                timers.append(self._wait(delay.document, wake))
        return timers

    def _start(self) -> list[Any]:
        """Call as many documents as may be in flight."""
        new: list[Any] = []
        while not self._full and (document := self._next_document()) is not None:
            message = ReadDocument(
                self._run.job, self._run.run, f"d{document}", self._run.settings.slice_seconds
            )
            task = self._context.call_activity(read_document, to_json(message))
            self._calls += 1
            self._running[task] = document
            new.append(task)
        return new

    def _next_document(self) -> int | None:
        """One that was called before, else, unless cancelled, the next new one."""
        if self._ready:
            return self._ready.popleft()
        in_flight = len(self._running) + len(self._waiting)
        if (
            self.cancelled
            or self._next > self._run.documents
            or in_flight >= self._run.settings.documents_in_flight
        ):
            return None
        self._next += 1
        return self._next - 1

    def _take(self, document: int, answer: object) -> list[Any]:
        """Take a slice's result; returns a timer where the document is to wait."""
        if isinstance(answer, Exception):
            faults = self._faults.get(document, 0) + 1
            self._faults[document] = faults
            return [self._put_off(document, retry_delay(self._run.settings, faults))]
        self._faults.pop(document, None)
        result = from_json(SliceResult, answer)
        self._cells[document] = result.variables_done
        if result.stale:
            self._give_way()
            return []
        if result.cancelled and not self.cancelled:
            self._cancel()
        if result.done:
            self._cells.pop(document)
            self._done += 1
            self._failed += result.failed
            self._cells_done += self._run.variables
            return []
        if result.retry_after is not None:
            return [self._put_off(document, timedelta(seconds=result.retry_after))]
        self._ready.append(document)
        return []

    def _put_off(self, document: int, delay: timedelta) -> Any:
        return self._wait(document, self._context.current_utc_datetime + delay)

    def _wait(self, document: int, wake: datetime) -> Any:
        timer = self._context.create_timer(wake)
        self._waiting[timer] = document
        self._wake[document] = wake
        return timer

    def _wake_up(self, timer: Any) -> int:
        document = self._waiting.pop(timer)
        del self._wake[document]
        return document

    def _cancel(self) -> None:
        """Start nothing new. What runs sees the marker between its model calls; what waits is
        called once more, to make findings of what is known.
        """
        self.cancelled = True
        waiting = list(self._waiting.values())
        self._close_timers()
        self._wake.clear()
        self._ready.extend(waiting)

    def _give_way(self) -> None:
        """A later run has begun: touch nothing any more."""
        self.superseded = self.cancelled = True
        self._close_timers()
        self._ready.clear()

    def _close_timers(self) -> None:
        """An open timer would keep the instance running, or be carried nowhere."""
        for timer in self._waiting:
            timer.cancel()
        self._waiting.clear()

    def _show(self) -> None:
        current = [
            Current(f"d{document}", self._cells.get(document, 0))
            for document in [*self._running.values(), *self._waiting.values()]
        ]
        stage = Stage.CANCELLING if self.cancelled else Stage.READING
        self._context.set_custom_status(custom_status(self.counted(), stage, current))
