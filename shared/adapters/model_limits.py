"""How many model calls one process makes at once, and when none may be made.

Every call of the process goes through one limiter, so that a wait the service asks of one call is
a wait for all: without that, each of them runs into the same refusal in turn.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import ModelBusy

PATIENCE_SECONDS = 20.0
"""Longer waits are handed back to the caller instead of blocking its slice."""

NO_SLOT_SECONDS = 5.0
"""When to come again, where all slots stayed taken."""


class CallLimiter:
    """At most `calls_at_once` calls, and none while the service asked to wait."""

    def __init__(self, calls_at_once: int, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._slots = threading.BoundedSemaphore(calls_at_once)
        self._calls_at_once = calls_at_once
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._paused_until = 0.0

    @contextmanager
    def slot(self, patience: float | None = None) -> Iterator[None]:
        """Hold one of the slots, once no pause is on.

        Raises:
            ModelBusy: that would take longer than `patience` seconds.
        """
        until = time.monotonic() + (self._patience if patience is None else patience)
        while True:
            self._sit_out_pause(until)
            if not self._slots.acquire(timeout=max(0.0, until - time.monotonic())):
                raise ModelBusy(
                    f"All {self._calls_at_once} model calls of this process are taken "
                    "(MODEL_CALLS_AT_ONCE).",
                    NO_SLOT_SECONDS,
                )
            if not self._pause_left():
                break
            self._slots.release()
        try:
            yield
        finally:
            self._slots.release()

    def pause(self, seconds: float) -> None:
        """No call begins for so long."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)

    def _pause_left(self) -> float:
        with self._lock:
            return max(0.0, self._paused_until - time.monotonic())

    def _sit_out_pause(self, until: float) -> None:
        """Wait for the end of a pause, and a little longer, so that not all begin at once."""
        while left := self._pause_left():
            if time.monotonic() + left > until:
                raise ModelBusy("The model service asked to wait.", left)
            spread = random.uniform(0, min(1.0, left / 4))  # noqa: S311 - not a secret
            time.sleep(left + spread)
