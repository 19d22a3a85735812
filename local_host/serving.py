"""Serves an aiohttp application on loopback until it is asked to stop: what the stand-ins share."""

from __future__ import annotations

import asyncio
import signal
import socket

from aiohttp import web


def run_on_loopback(app: web.Application, port: int) -> None:
    """Serve on 127.0.0.1, say `ready URL` once requests are taken, end on SIGTERM or Ctrl-C.

    Port 0 takes a free one; the socket is bound here, so that nobody else can get it in between.
    """
    asyncio.run(_serve(app, port))


async def _serve(app: web.Application, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    listener = socket.create_server(("127.0.0.1", port), backlog=512)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(f"ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


def drop(request: web.Request) -> web.Response:
    """Cut the connection without an answer, as a dead server does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # written to nobody
