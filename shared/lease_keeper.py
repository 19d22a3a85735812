"""Holds a lease while work goes on, and says so when it is lost."""

from __future__ import annotations

import time
from threading import Event, Thread
from types import TracebackType
from typing import Self

from shared.domain.errors import LeaseLost, StorageError
from shared.ports import Lease

LEASE_SECONDS = 15
"""The shortest there is: three missed renewals, and a dead worker's document soon goes on."""

RENEW_SECONDS = 4


class LeaseKeeper:
    """Renews a lease in the background until left; `lost` is set once another may hold it."""

    def __init__(self, lease: Lease) -> None:
        self.lease = lease
        self.lost = Event()
        self._left = Event()
        self._thread = Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._left.set()
        self._thread.join()
        try:
            self.lease.release()
        except StorageError:
            # It runs out by itself; the work under it is stored already.
            return

    def write(self, data: bytes) -> None:
        """Write the leased blob.

        Raises:
            LeaseLost: another worker may hold it.
        """
        if self.lost.is_set():
            raise LeaseLost("The lease was lost while the document was being read.")
        self.lease.write(data)

    def _renew(self) -> None:
        held_since = time.monotonic()
        while not self._left.wait(RENEW_SECONDS):
            asked = time.monotonic()
            try:
                self.lease.renew()
                held_since = asked
            except LeaseLost:
                self.lost.set()
                return
            except StorageError:
                if time.monotonic() - held_since >= LEASE_SECONDS:
                    self.lost.set()
                    return
