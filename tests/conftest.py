"""What all tests share: the stand-ins, the whole stack, the real PDFs, and no way out.

Sockets reach this machine only, in the tests and in the programs they start.
"""

import base64
import ipaddress
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from local_host.processes import Program, Supervised, Undertaker
from local_host.stack import Stack, StackOptions
from local_host.stand_ins import storage_settings, without_real_services
from local_host.surroundings import ROOT, surround

DEAD_PROXY = "http://127.0.0.1:9"
"""Programs under test are told to reach the world through a door that is shut."""

_reaching_out_is_allowed = False


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--live`, without which nothing paid is called."""
    parser.addoption("--live", action="store_true", help="also run tests against paid services")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is paid for, saying so, unless `--live` is given."""
    if not config.getoption("--live"):
        for item in items:
            if item.get_closest_marker("live"):
                item.add_marker(pytest.mark.skip(reason="speaks to a paid service: needs --live"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Open the way out for a live test alone."""
    global _reaching_out_is_allowed  # noqa: PLW0603 - an audit hook cannot be taken away again
    _reaching_out_is_allowed = item.get_closest_marker("live") is not None
    try:
        return (yield)
    finally:
        _reaching_out_is_allowed = False


def _refuse_reaching_out(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse a connection to anything but this machine, whichever library makes it."""
    if event not in ("socket.connect", "socket.sendto") or _reaching_out_is_allowed:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not _is_loopback(str(address[0])):
        raise PermissionError(f"tests reach this machine only, not {address[0]}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(_refuse_reaching_out)


def hermetic_environment() -> dict[str, str]:
    """Return the environment of programs under test: no real service, no way out."""
    shut = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), DEAD_PROXY)
    return {**surround(without_real_services(os.environ)), **shut}


@dataclass
class Launcher:
    """Starts single programs for a test session, and stops them at its end."""

    folder: Path
    undertaker: Undertaker
    started: list[Supervised] = field(default_factory=list)

    def start(self, name: str, *arguments: object, ready_seconds: float = 60) -> Supervised:
        """Start `python -m local_host.NAME` on a free port and wait until it serves."""

        def command(port: int) -> list[str]:
            module = [sys.executable, "-m", f"local_host.{name}", "--port", str(port)]
            return [*module, *map(str, arguments)]

        folder = self.folder / f"{name}-{len(self.started)}"
        folder.mkdir()
        program = Program(name, command, hermetic_environment(), ready_seconds=ready_seconds)
        running = Supervised(program, folder, self.undertaker, print)
        self.started.append(running)
        running.launch()
        running.wait_until_ready()
        return running


@dataclass(frozen=True)
class Server:
    """A stand-in that serves for the whole session."""

    url: str
    folder: Path
    key: str = ""
    connection_string: str = ""


@pytest.fixture(scope="session")
def launcher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Start stand-ins for the session."""
    launcher = Launcher(tmp_path_factory.mktemp("servers"), Undertaker())
    yield launcher
    for running in launcher.started:
        running.stop()
    launcher.undertaker.close()


@pytest.fixture(scope="session")
def azurite(launcher: Launcher) -> Server:
    """Real Blob Storage; use a container of your own, it is shared by the session."""
    data = launcher.folder / "azurite-data"
    running = launcher.start("azurite", "--data", data, ready_seconds=300)
    connection = storage_settings(running.port)["AzureWebJobsStorage"]
    return Server(running.url, data, connection_string=connection)


@pytest.fixture(scope="session")
def model_server(launcher: Launcher) -> Server:
    """The model stand-in, shared by the session; reset it through `/_control` before counting."""
    return Server(launcher.start("model_server").url, launcher.folder)


@pytest.fixture(scope="session")
def mail_server(launcher: Launcher) -> Server:
    """The mail stand-in, shared by the session; `folder` holds the mails."""
    mails, key = launcher.folder / "mails", base64.b64encode(b"k" * 32).decode()
    running = launcher.start("mail_server", "--mails", mails, "--key", key)
    return Server(running.url, mails, key=key)


StartStack = Callable[..., Stack]


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[StartStack]:
    """Start a whole stack of its own: `start_stack(model_latency=0.2, settings={...})`."""
    with ExitStack() as stacks:

        def start(folder: str = "stack", **options: object) -> Stack:
            chosen = StackOptions(
                tmp_path / folder,
                environment=hermetic_environment(),
                **options,  # type: ignore[arg-type]
            )
            return stacks.enter_context(Stack(chosen))

        yield start


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole stack with the real app, shared by the session; kill nothing in it."""
    folder = tmp_path_factory.mktemp("stack")
    with Stack(StackOptions(folder, environment=hermetic_environment())) as running:
        yield running


@pytest.fixture(scope="session")
def real_pdfs() -> Path:
    """The folder of real policy PDFs; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("POLICY_READER_PDFS") or ROOT.parent / "shared" / "pdfs")
    if not folder.is_dir():
        pytest.skip(f"no real PDFs at {folder}: set POLICY_READER_PDFS to their folder")
    return folder
