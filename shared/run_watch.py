"""Whether a run is still wanted: the markers in storage are the truth, looked at sparingly."""

from __future__ import annotations

import time
from threading import Lock

from shared.domain import blob_names
from shared.ports import BlobStore


class RunWatch:
    """Looks at a run's markers at most once in `every` seconds; safe to share between threads.

    Terminating an orchestration does not stop its activities; this does.
    """

    def __init__(self, blobs: BlobStore, job: str, run: int, every: float = 1.0) -> None:
        self._blobs = blobs
        self._job = job
        self._run = run
        self._every = every
        self._lock = Lock()
        self._looked = float("-inf")
        self._wanted = True

    def is_wanted(self) -> bool:
        """Whether the run is current and not cancelled, as of at most `every` seconds ago."""
        with self._lock:
            if self._wanted and time.monotonic() - self._looked >= self._every:
                self._wanted = not self.is_cancelled() and self.is_current()
                self._looked = time.monotonic()
            return self._wanted

    def is_cancelled(self) -> bool:
        """Whether the run is to stop; looks now."""
        return self._blobs.find(blob_names.cancelled(self._job, self._run)) is not None

    def is_current(self) -> bool:
        """Whether no later run has begun; looks now."""
        latest = self._blobs.find(blob_names.current_run(self._job))
        return latest is not None and int(latest) == self._run
