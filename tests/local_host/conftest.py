"""Hosts that tests talk to over HTTP, in this process and in one of their own."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local_host.app_loader import index_app
from local_host.host import Host, HostOptions
from local_host.host_config import HostConfig
from tests.local_host.apps import web_app

ROOT = Path(__file__).parents[2]
StartHost = Callable[[Path, Path], tuple[subprocess.Popen[str], str]]


@pytest.fixture(scope="module")
def web_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, str]]:
    """A host of the web app, and its address."""
    settings = {"AzureWebJobsDisableHomepage": "true", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": "9999"}
    options = HostOptions(
        state=tmp_path_factory.mktemp("state"),
        config=HostConfig(route_prefix="", hub_name="Tests"),
        settings=settings,
    )
    host = Host(index_app(web_app.make_app()), options)
    url = host.start()
    yield host, url
    host.stop()


@pytest.fixture
def start_host() -> Iterator[StartHost]:
    """Starts hosts as programs; those still alive at the end are killed."""
    started: list[subprocess.Popen[str]] = []

    def start(app_root: Path, state: Path) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "local_host.host", "--port", "0"]
        command += ["--app-root", str(app_root), "--state", str(state)]
        program = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        started.append(program)
        assert program.stdout is not None
        line = program.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), line
        return program, line.split()[1]

    yield start
    for program in started:
        program.kill()
        program.wait()
        if program.stdout is not None:
            program.stdout.close()
