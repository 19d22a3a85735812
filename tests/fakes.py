"""Small in-memory implementations of the ports, for tests of what stands on them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count
from threading import RLock

from shared.domain.errors import BlobMissing, LeaseLost, StorageError
from shared.domain.mail import Mail
from shared.ports import Lease


class FakeBlobs:
    """`BlobStore` in memory: conditional writes and leases hold between threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._blobs: dict[str, tuple[bytes, str]] = {}
        self._leases: dict[str, tuple[object, float]] = {}
        self._versions = count(1)

    def read(self, name: str) -> bytes:
        """The blob's bytes."""
        data = self.find(name)
        if data is None:
            raise BlobMissing(f"There is no {name} in storage.")
        return data

    def find(self, name: str) -> bytes | None:
        """The blob's bytes, or None."""
        found = self.find_version(name)
        return found and found[0]

    def find_version(self, name: str) -> tuple[bytes, str] | None:
        """The blob's bytes and version, or None."""
        with self._lock:
            return self._blobs.get(name)

    def write(self, name: str, data: bytes) -> None:
        """Create or overwrite; a leased blob only through its lease."""
        with self._lock:
            if self._leases.get(name, (None, 0.0))[1] > time.monotonic():
                raise StorageError(f"There is a lease on {name}.")
            self.put(name, data)

    def put(self, name: str, data: bytes) -> None:
        """Write whatever leases there are."""
        self._blobs[name] = (bytes(data), f'"{next(self._versions)}"')

    def create(self, name: str, data: bytes) -> bool:
        """Create if absent."""
        with self._lock:
            if name in self._blobs:
                return False
            self.write(name, data)
            return True

    def replace(self, name: str, data: bytes, version: str) -> bool:
        """Overwrite if the version is still the same."""
        with self._lock:
            if self._blobs.get(name, (b"", ""))[1] != version:
                return False
            self.write(name, data)
            return True

    def delete(self, name: str) -> None:
        """Delete; a missing blob is fine."""
        with self._lock:
            self._blobs.pop(name, None)

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with `prefix`, in order."""
        with self._lock:
            found = sorted(name for name in self._blobs if name.startswith(prefix))
        yield from found

    def folders(self, prefix: str) -> Iterator[str]:
        """The next path segments below `prefix` that have blobs under them."""
        rests = (name[len(prefix) :].partition("/") for name in self.names(prefix))
        yield from dict.fromkeys(head for head, slash, _ in rests if slash)

    def lease(self, name: str, seconds: int) -> Lease | None:
        """A lease on an existing or new blob; None while another holds it."""
        with self._lock:
            if self._leases.get(name, (None, 0.0))[1] > time.monotonic():
                return None
            self.create(name, b"")
            lease = _FakeLease(self, name, seconds)
            self._leases[name] = (lease, time.monotonic() + seconds)
            return lease

    def check(self) -> None:
        """Memory always answers."""


class _FakeLease:
    def __init__(self, blobs: FakeBlobs, name: str, seconds: int) -> None:
        self._blobs = blobs
        self._name = name
        self._seconds = seconds

    def _held(self) -> bool:
        return self._blobs._leases.get(self._name, (None, 0.0))[0] is self

    def renew(self) -> None:
        """Hold it for its full time again."""
        with self._blobs._lock:
            if not self._held():
                raise LeaseLost(f"The lease of {self._name} is lost.")
            self._blobs._leases[self._name] = (self, time.monotonic() + self._seconds)

    def write(self, data: bytes) -> None:
        """Overwrite the leased blob."""
        with self._blobs._lock:
            if not self._held():
                raise LeaseLost(f"The lease of {self._name} is lost.")
            self._blobs.put(self._name, data)

    def release(self) -> None:
        """Give it up."""
        with self._blobs._lock:
            if self._held():
                del self._blobs._leases[self._name]


class FakeMailer:
    """`Mailer` that keeps what it is given; `faults` are raised first, one a call."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> str:
        """Keep the mail."""
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append(mail)
        return f"mail-{len(self.sent)}"
