"""Real Blob Storage on this machine: starts Azurite, and ends it again.

`python -m local_host.azurite --data DIR [--port P]` serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local_host.azurite_install import (
    LOCAL,
    RECIPE,
    AzuriteUnavailableError,
    Installed,
    install_azurite,
)

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""Azurite's published development key: it opens nothing but an Azurite."""

_LISTENING = re.compile(r"successfully listens on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Azurite:
    """A running blob service; a context manager that stops it at the end."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        """The account's address."""
        return f"http://127.0.0.1:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """What `BlobServiceClient.from_connection_string` takes."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
            f"BlobEndpoint={self.url};"
        )

    def stop(self) -> None:
        """End it, its data saved; once ended, nothing happens."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:  # a client holds a connection open; data is saved
                self.process.kill()
                self.process.wait()
        _close(self.process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start_azurite(data: Path, port: int = 0, *, local: Path = LOCAL) -> Azurite:
    """Blob Storage over `data`, answering; installs Azurite first where it is not there yet.

    Port 0 takes a free one. It ends with the process that started it, even a killed one.
    Raises AzuriteUnavailableError, with one line naming what is missing.
    """
    installed = install_azurite(local)
    data.mkdir(parents=True, exist_ok=True)
    process = _launch(installed, data, port)
    try:
        azurite = Azurite(process, _await_port(process))
        _await_answer(azurite)
    except BaseException:
        process.kill()
        process.wait()
        _close(process)
        raise
    return azurite


def _launch(installed: Installed, data: Path, port: int) -> subprocess.Popen[str]:
    options = ("--disableTelemetry", "--skipApiVersionCheck", "--silent")
    return subprocess.Popen(
        [
            *(installed.node, "--require", RECIPE / "preload.cjs", installed.program),
            *("--location", data, "--blobHost", "127.0.0.1", "--blobPort", str(port), *options),
        ],
        cwd=data,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # Ctrl-C is for whoever started it, who then stops it
    )


def _await_port(process: subprocess.Popen[str], seconds: float = 60) -> int:
    """The port it says it listens on; afterwards its output is drained, so that it never blocks."""
    said: list[str] = []
    found: list[int] = []
    ready = threading.Event()

    def read(output: IO[str]) -> None:
        with output:
            for line in output:
                match = _LISTENING.search(line)
                if match:
                    found.append(int(match[1]))
                    ready.set()
                elif not found:
                    said.append(line.strip())
        ready.set()

    assert process.stdout is not None  # noqa: S101  (asked for above)
    threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
    ready.wait(seconds)
    if not found:
        raise AzuriteUnavailableError(f"Azurite did not start: {_reason(said)}")
    return found[0]


def _reason(said: list[str]) -> str:
    """What to show of its last words: a crash ends with its stack and the version of Node."""
    lines = [line for line in said if line]
    errors = [line for line in lines if re.match(r"\w*Error\b", line)]
    return (errors or lines or ["it said nothing"])[-1]


def _await_answer(azurite: Azurite, seconds: float = 30) -> None:
    """Return once a request is answered, be it with a refusal: then it serves."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        # not urlopen: that would ask the machine's proxy for a loopback address
        connection = HTTPConnection("127.0.0.1", azurite.port, timeout=5)
        try:
            connection.request("GET", f"/{ACCOUNT}?comp=list")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
    raise AzuriteUnavailableError(f"Azurite listens on port {azurite.port} but does not answer")


def _close(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; 1 with one line on standard error if that is impossible."""
    parser = argparse.ArgumentParser(prog="python -m local_host.azurite", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="where the blobs are kept")
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    options = parser.parse_args(arguments)
    try:
        azurite = start_azurite(options.data.resolve(), options.port)
    except AzuriteUnavailableError as error:
        print(error, file=sys.stderr)
        return 1
    with azurite:
        signal.signal(signal.SIGTERM, lambda *_: azurite.process.terminate())
        signal.signal(signal.SIGINT, lambda *_: azurite.process.terminate())
        print(f"ready {azurite.url}", flush=True)
        return max(azurite.process.wait(), 0)


if __name__ == "__main__":
    sys.exit(main())
