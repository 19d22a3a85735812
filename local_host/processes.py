"""Programs that are started, watched, started again where they died, and ended with us."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_host.surroundings import ROOT
from local_host.undertaker import send

STOP_SECONDS = 5.0
SHORT_LIFE_SECONDS = 5.0
SHORT_LIVES = 5
"""So many deaths in a row, each soon after its start, and we stop trying."""

REGISTER = 'echo "+$$" >&0; exec "$@" </dev/null'
"""A program tells the undertaker of itself before it becomes itself: no gap to be killed in."""


class StackError(Exception):
    """A program of the stack does not run; the message names it and shows its last words."""


class Undertaker:
    """The process that outlives us only to end what we started."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_host.undertaker"],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
        )
        assert self._process.stdin  # noqa: S101 - asked for above
        self._list = self._process.stdin

    @property
    def list_descriptor(self) -> int:
        """The writing end of the list, for programs to enter themselves."""
        return self._list.fileno()

    def forget(self, group: int) -> None:
        """Take a group that has ended off the list, so that its number can be reused."""
        os.write(self.list_descriptor, f"-{group}\n".encode())

    def close(self) -> None:
        """End whatever is still on the list, and the undertaker."""
        self._list.close()
        self._process.wait()


@dataclass(frozen=True)
class Program:
    """A program that prints `ready http://127.0.0.1:PORT` and perhaps a path once it serves."""

    name: str
    command: Callable[[int], list[str]]  # from the port it must use; 0 lets it choose
    environment: Mapping[str, str]
    port: int = 0
    ready_seconds: float = 60.0


@dataclass
class Supervised:
    """A running program, started again on the same port when it dies."""

    program: Program
    folder: Path
    undertaker: Undertaker
    say: Callable[[str], None]
    changed: Callable[[], None] = lambda: None
    url: str = ""
    failure: str = ""
    _process: subprocess.Popen[bytes] | None = None
    _stopping: threading.Event = field(default_factory=threading.Event)
    _watch: threading.Thread | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pid(self) -> int:
        """The process that runs now; it changes when it is started again."""
        return self._process.pid if self._process else 0

    @property
    def port(self) -> int:
        """The port it serves on, or the one it was told to use."""
        return int(self.url.rsplit(":", 1)[1]) if self.url else self.program.port

    def launch(self) -> None:
        """Start the program without waiting for it."""
        command = self.program.command(self.port)
        with self._lock, self._file("log").open("ab") as log, self._file("out").open("wb") as out:
            if self._stopping.is_set():
                return
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", REGISTER, self.program.name, *command],
                cwd=ROOT,
                env=dict(self.program.environment),
                stdin=self.undertaker.list_descriptor,
                stdout=out,
                stderr=log,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        """Return once it serves; from then on it is watched."""
        self._await_ready()
        self._watch = threading.Thread(target=self._keep_alive, daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """End the program and all it started; it is not started again."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.say(f"{self.program.name} did not stop when asked; ended.")
        self._sweep()
        if self._watch:
            self._watch.join(STOP_SECONDS)

    def last_words(self) -> str:
        """The end of its log, to show why it does not run."""
        text = self._file("log").read_text(errors="replace")
        return "\n".join(text.strip().splitlines()[-6:])

    def _file(self, kind: str) -> Path:
        return self.folder / f"{self.program.name}.{kind}"

    def _await_ready(self) -> None:
        until = time.monotonic() + self.program.ready_seconds
        while not self._stopping.is_set():
            if url := self._find_ready_line():
                self.url = url
                self.changed()
                return
            if self._process is None or self._process.poll() is not None:
                raise StackError(f"{self.program.name} did not start:\n{self.last_words()}")
            if time.monotonic() > until:
                waited = f"{self.program.ready_seconds:.0f} s"
                raise StackError(
                    f"{self.program.name} was not ready after {waited}:\n{self.last_words()}"
                )
            time.sleep(0.02)

    def _find_ready_line(self) -> str:
        text = self._file("out").read_text(errors="replace")
        found = re.search(r"^ready (http://127\.0\.0\.1:\d+)\S*\n", text, re.MULTILINE)
        return found[1] if found else ""

    def _keep_alive(self) -> None:
        """Wait for its death and start it again, unless we are stopping or it dies too often."""
        short_lives = 0
        while process := self._process:
            born = time.monotonic()
            code = process.wait()
            if self._stopping.is_set():
                return
            self._sweep()
            short_lives = short_lives + 1 if time.monotonic() - born < SHORT_LIFE_SECONDS else 0
            if short_lives >= SHORT_LIVES:
                self.failure = f"{self.program.name} keeps stopping:\n{self.last_words()}"
                self.say(self.failure)
                return
            self.say(f"{self.program.name} stopped ({_cause(code)}); starting it again.")
            self._stopping.wait(0.3 * max(0, short_lives - 1))  # its port may not be free yet
            try:
                self.launch()
                self._await_ready()
            except StackError as error:
                self.say(str(error))

    def _sweep(self) -> None:
        """End what the program left behind in its group, and strike it off the list."""
        if not self._process:
            return
        send(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self.undertaker.forget(self._process.pid)


def _cause(code: int) -> str:
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
