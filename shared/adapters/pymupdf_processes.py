"""The parent's side of the PDF processes: one server for this process, a child for each document.

What a child sends is data of a stranger: it is decoded as JSON, never unpickled.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

CHILD_PROGRAM = Path(__file__).with_name("pymupdf_child.py")

ORDER = struct.Struct("<IddI")
LENGTH = struct.Struct("<I")
"""As in the child, which imports nothing of ours."""

KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
"""All that a PDF process may know of its surroundings: no setting, so no secret."""

GRACE_SECONDS = 10.0
"""A child that outlives its own alarm by this is given up; the alarm is the kernel's."""

LARGEST_FRAME = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may take. `memory_bytes` is address space."""

    memory_bytes: int = 2 * 1024**3
    opening_seconds: float = 30.0
    page_seconds: float = 20.0
    pages: int = 5000
    deaths: int = 3
    """Children that may die over one document before its remaining pages are given up."""


class ChildGone(Exception):
    """The child ended or fell silent in the middle; `timed_out` says whether its time was up."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__("the PDF process ended")
        self.timed_out = timed_out


class Child:
    """One forked process, reading one document."""

    def __init__(self, peer: socket.socket) -> None:
        self._peer = peer

    def receive(self, seconds: float) -> dict[str, Any]:
        """The next frame.

        Raises:
            ChildGone: it died, its alarm rang, or nothing came in time.
        """
        self._peer.settimeout(seconds + GRACE_SECONDS)
        try:
            (length,) = LENGTH.unpack(self._exactly(LENGTH.size))
            if length > LARGEST_FRAME:
                raise ChildGone(timed_out=False)
            frame: dict[str, Any] = json.loads(self._exactly(length))
        except TimeoutError:
            raise ChildGone(timed_out=True) from None
        except (OSError, ValueError):
            raise ChildGone(timed_out=False) from None
        return frame

    def _exactly(self, length: int) -> bytearray:
        data = bytearray(length)
        view, done = memoryview(data), 0
        while done < length:
            got = self._peer.recv_into(view[done:])
            if not got:
                raise ChildGone(timed_out=False)
            done += got
        return data

    def ask_from(self, page: int) -> None:
        """Ask for the pages from `page` on."""
        try:
            self._peer.sendall(LENGTH.pack(page))
        except OSError:
            raise ChildGone(timed_out=False) from None

    def close(self) -> None:
        """Let go of it: it ends at its next word, or when its alarm rings."""
        self._peer.close()


class ChildServer:
    """Forks children from one process that has PyMuPDF loaded; started on first use.

    It ends with this object, and with this process.

    A fork of this process itself would copy locks that its other threads hold.
    """

    def __init__(self, program: Path = CHILD_PROGRAM) -> None:
        self._program = program
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._end: weakref.finalize[..., ChildServer] | None = None

    def child(self, file: BinaryIO, limits: Limits) -> Child:
        """A living child that has been handed the PDF in `file`.

        Raises:
            OSError: no process can be started here.
        """
        for _ in range(2):  # the server itself may have been killed since it was last used
            peer = self._order(file, limits)
            if peer is not None:
                child = Child(peer)
                try:
                    child.receive(limits.opening_seconds)
                except ChildGone:
                    child.close()
                else:
                    return child
            with self._lock:
                self._stop()
        raise OSError("the process that reads PDFs cannot be started: see the log of this worker")

    def _order(self, file: BinaryIO, limits: Limits) -> socket.socket | None:
        ours, theirs = socket.socketpair()
        order = ORDER.pack(
            limits.memory_bytes, limits.opening_seconds, limits.page_seconds, limits.pages
        )
        with theirs, self._lock:
            try:
                socket.send_fds(self._running(), [order], [theirs.fileno(), file.fileno()])
            except OSError:
                ours.close()
                return None
        return ours

    def _running(self) -> socket.socket:
        if self._control is not None and self._process is not None and self._process.poll() is None:
            return self._control
        self._stop()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own program, no shell
                [sys.executable, str(self._program), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # MuPDF writes its complaints here
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for the parent, whose end is noticed anyway
            )
        self._control = ours
        self._end = weakref.finalize(self, _end, self._process, ours)
        return ours

    def close(self) -> None:
        """End the server and wait for it; its children die with it."""
        with self._lock:
            self._stop()

    def _stop(self) -> None:
        if self._end is not None:
            self._end()
        self._control = self._process = self._end = None


def _end(process: subprocess.Popen[bytes], control: socket.socket) -> None:
    control.close()
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONSAFEPATH": "1"}
