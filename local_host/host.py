"""The local Functions host: `python -m local_host.host --app-root DIR --port P --state DIR`.

Prints `ready http://127.0.0.1:PORT` once it serves. Its state survives being killed at any moment.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from local_host.app_loader import AppError, LoadedApp, load_app
from local_host.control_api import ControlApi
from local_host.dispatcher import Dispatcher
from local_host.durable_api import RPC, WEBHOOK, Addresses, DurableApi
from local_host.faults import Fault, Faults, read_faults
from local_host.host_config import HostConfig, read_host_config
from local_host.http_server import HttpFunctions
from local_host.management import Management
from local_host.routes import build_routes
from local_host.store import Store
from local_host.timers import TimerTrigger
from local_host.worker import Worker

_LOG = logging.getLogger("Host.Startup")
_ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class HostOptions:
    """Everything a host is started with."""

    state: Path
    config: HostConfig = field(default_factory=HostConfig)
    settings: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    port: int = 0
    app_root: Path = field(default_factory=Path)


class Host:
    """One running host; serves from its own thread until stopped."""

    def __init__(self, app: LoadedApp, options: HostOptions, store: Store | None = None) -> None:
        self._app = app
        self._options = options
        self._store = store or Store(options.state / "durable.sqlite3")
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._url = ""
        self._binding = ""
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> str:
        """Serve; answers the address once requests are taken."""
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        return self._url

    @property
    def client_binding(self) -> str:
        """What a durableClient binding of the running host holds."""
        return self._binding

    def stop(self) -> None:
        """Stop serving; work in flight is abandoned and comes back at the next start."""
        if self._loop is not None and self._stopping is not None:
            with contextlib.suppress(RuntimeError):  # the loop has already ended
                self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=3)
        self._store.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - handed to whoever started the host
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        async with contextlib.AsyncExitStack() as stack:
            timers = await self._open(stack)
            running = [asyncio.create_task(timer.run()) for timer in timers]
            stack.push_async_callback(_cancel, running)
            self._ready.set()
            await self._stopping.wait()

    async def _open(self, stack: contextlib.AsyncExitStack) -> list[TimerTrigger]:
        """Build every part and begin to serve; the stack takes it all down again."""
        options = self._options
        public, rpc = _listen(options.port, stack), _listen(0, stack)
        self._url = f"http://{_ADDRESS}:{public.getsockname()[1]}"
        addresses = Addresses(
            self._url,
            f"http://{_ADDRESS}:{rpc.getsockname()[1]}",
            options.config.hub_name,
            self._store.run(_system_key),
        )
        self._binding = addresses.client_binding()
        worker = Worker(
            _thread_count(options.settings), lambda: self._binding, str(options.app_root)
        )
        stack.callback(worker.stop)
        faults = Faults(options.faults)
        dispatcher = Dispatcher(self._store, self._app, worker, options.config, faults)
        stack.callback(dispatcher.stop)
        timers = [
            TimerTrigger(function, options.settings, worker, self._store)
            for function in self._app.of("timerTrigger")
        ]
        management = Management(self._store, dispatcher.names.orchestrators)
        api = DurableApi(management, addresses, dispatcher.wake)
        await stack.enter_async_context(_site(rpc, api.routes(RPC, keyed=False)))
        public_routes = [
            *ControlApi(faults, dispatcher).routes(),
            *api.routes(WEBHOOK, keyed=True),
            web.route("*", "/{path:.*}", self._functions(worker).handle),
        ]
        await stack.enter_async_context(_site(public, public_routes))
        dispatcher.start()
        return timers

    def _functions(self, worker: Worker) -> HttpFunctions:
        config = self._options.config
        routes = build_routes(self._app.of("httpTrigger"), config.route_prefix)
        return HttpFunctions(routes, worker, self._options.settings, config.function_timeout)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a host until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local_host.host", description=__doc__)
    parser.add_argument("--app-root", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--faults", type=json.loads, default=[])
    given = parser.parse_args(arguments)
    _log_to_stderr()
    app_root, state = given.app_root.resolve(), given.state.resolve()
    try:
        settings = _settings(app_root)
        options = HostOptions(
            state=state,
            config=read_host_config(app_root, settings),
            settings=settings,
            faults=read_faults(given.faults),
            port=given.port,
            app_root=app_root,
        )
        host = Host(load_app(app_root, settings), options)
        url = host.start()
    except (AppError, ValueError, OSError) as error:
        print(f"the host cannot start: {error}", file=sys.stderr)
        return 1
    print(f"ready {url}", flush=True)
    _await_signal()
    host.stop()
    return 0


def _settings(app_root: Path) -> dict[str, str]:
    """App settings: local.settings.json, then the environment, which wins and gets the rest."""
    path = app_root / "local.settings.json"
    values: dict[str, str] = {}
    if path.exists():
        document = json.loads(path.read_text("utf-8"))
        values = {str(k): str(v) for k, v in document.get("Values", {}).items()}
    for name, value in values.items():
        os.environ.setdefault(name, value)
    return dict(os.environ)


def _await_signal() -> None:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    stopped.wait()


def _log_to_stderr() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter(
            "[%(asctime)s.%(msecs)03dZ] %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S"
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("azure.core", "aiohttp.access", "httpx", "httpcore", "openai"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _system_key(db: sqlite3.Connection) -> str:
    """The key of the durabletask_extension, made once per state."""
    row = db.execute("SELECT value FROM host WHERE key = 'system_key'").fetchone()
    if row is not None:
        return str(row[0])
    key = secrets.token_urlsafe(32)
    db.execute("INSERT INTO host (key, value) VALUES ('system_key', ?)", (key,))
    return key


def _thread_count(settings: Mapping[str, str]) -> int:
    count = settings.get("PYTHON_THREADPOOL_THREAD_COUNT")
    return int(count) if count else min(32, (os.cpu_count() or 1) + 4)


def _listen(port: int, stack: contextlib.AsyncExitStack) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    stack.callback(listener.close)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_ADDRESS, port))
    except OSError as error:
        raise OSError(f"port {port} cannot be used ({error}); choose another") from error
    return listener


@contextlib.asynccontextmanager
async def _site(
    listener: socket.socket, routes: Sequence[web.RouteDef]
) -> AsyncIterator[web.AppRunner]:
    server = web.Application(client_max_size=0)
    server.add_routes(routes)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    try:
        yield runner
    finally:
        await runner.cleanup()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Threads of activities in flight must not hold the process: their work comes back.
    os._exit(code)
