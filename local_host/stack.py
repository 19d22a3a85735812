"""Everything the app needs, started together, kept alive and stopped together."""

import json
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local_host import stand_ins
from local_host.processes import Program, StackError, Supervised, Undertaker
from local_host.surroundings import ROOT, surround


@dataclass(frozen=True)
class StackOptions:
    """Where a stack keeps its state, and what differs from the usual."""

    folder: Path
    port: int = 0
    model_latency: float = 0.0
    settings: Mapping[str, str] = field(default_factory=dict)
    app_root: Path = ROOT
    environment: Mapping[str, str] | None = None  # the caller's own where none is given


class Stack:
    """Azurite, the stand-ins nobody replaced, and the functions host; use it in a `with`."""

    def __init__(self, options: StackOptions, say: Callable[[str], None] = print) -> None:
        self._options = options
        self._say = say
        self._environment = surround(options.environment)
        self._mail_key = stand_ins.make_mail_key()
        self._running: dict[str, Supervised] = {}
        self._describing = threading.Lock()
        self.real = stand_ins.find_real_services(self._environment)
        self.folder = options.folder
        self.folder.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Start everything; when something does not start, stop what did."""
        self._undertaker = Undertaker()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything that was started."""
        self.stop()

    @property
    def url(self) -> str:
        """Where the app answers."""
        return self._running["host"].url

    @property
    def mails(self) -> Path:
        """The folder of the mails that the stand-in kept."""
        return self.folder / "mails"

    def url_of(self, name: str) -> str:
        """Where `host`, `model`, `mail` or `azurite` answers; empty for a real service."""
        return self._running[name].url if name in self._running else ""

    def pid_of(self, name: str) -> int:
        """The process that `host`, `model`, `mail` or `azurite` is at this moment."""
        return self._running[name].pid

    def check(self) -> None:
        """Raise where a program died so often that it was given up."""
        for program in self._running.values():
            if program.failure:
                raise StackError(program.failure)

    def stop(self) -> None:
        """Stop everything, the app first so that it can still store what it knows."""
        for name in ("host", "model", "mail", "azurite"):
            if name in self._running:
                self._running[name].stop()
        self._undertaker.close()
        (self.folder / "stack.json").unlink(missing_ok=True)

    def _start(self) -> None:
        self._launch("azurite", _azurite(self.folder), ready_seconds=300)
        if not self.real.model:
            self._launch("model", _model(self._options.model_latency))
        if not self.real.mail:
            self._launch("mail", _mail(self.mails, self._mail_key))
        for program in list(self._running.values()):
            program.wait_until_ready()
        port = self._options.port or find_free_port()
        self._environment.update(self._settings(port))
        self._launch("host", _host(self._options.app_root, self.folder), port=port)
        self._running["host"].wait_until_ready()

    def _launch(
        self,
        name: str,
        command: Callable[[int], list[str]],
        port: int = 0,
        ready_seconds: float = 60.0,
    ) -> None:
        program = Program(name, command, dict(self._environment), port, ready_seconds)
        self._running[name] = Supervised(
            program, self.folder, self._undertaker, self._say, self._describe
        )
        self._running[name].launch()

    def _settings(self, port: int) -> dict[str, str]:
        """The app's settings: ours, under what the environment and the options say."""
        usual = {
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "AzureWebJobsDisableHomepage": "true",
            "PYTHON_THREADPOOL_THREAD_COUNT": "40",
        }
        settings = {name: self._environment.get(name, value) for name, value in usual.items()}
        settings |= stand_ins.storage_settings(self._running["azurite"].port)
        if not self.real.model:
            settings |= stand_ins.model_settings(self._running["model"].url)
        if not self.real.mail:
            settings |= stand_ins.mail_settings(self._running["mail"].url, self._mail_key)
        return {**settings, **self._options.settings}

    def _describe(self) -> None:
        """Write who runs where, for people and tests; whole or not at all."""
        described: dict[str, object] = {"supervisor": {"pid": os.getpid()}}
        for name, program in self._running.items():
            described[name] = {"url": program.url, "pid": program.pid}
        part = self.folder / "stack.json.part"
        with self._describing:
            part.write_text(json.dumps(described, indent=2), encoding="utf-8")
            part.replace(self.folder / "stack.json")


def find_free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _module(name: str, *arguments: object) -> list[str]:
    return [sys.executable, "-m", f"local_host.{name}", *map(str, arguments)]


def _azurite(folder: Path) -> Callable[[int], list[str]]:
    return lambda port: _module("azurite", "--data", folder / "azurite", "--port", port)


def _model(latency: float) -> Callable[[int], list[str]]:
    return lambda port: _module("model_server", "--port", port, "--latency", latency)


def _mail(mails: Path, key: str) -> Callable[[int], list[str]]:
    return lambda port: _module("mail_server", "--port", port, "--mails", mails, "--key", key)


def _host(app_root: Path, folder: Path) -> Callable[[int], list[str]]:
    state = folder / "durable"
    return lambda port: _module("host", "--app-root", app_root, "--port", port, "--state", state)
