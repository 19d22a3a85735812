"""What only this host has: switches for faults, under `/_local/`."""

from aiohttp import web

from local_host.dispatcher import Dispatcher
from local_host.faults import Faults, read_faults


class ControlApi:
    """The handlers of the control routes."""

    def __init__(self, faults: Faults, dispatcher: Dispatcher) -> None:
        self._faults = faults
        self._dispatcher = dispatcher

    def routes(self) -> list[web.RouteDef]:
        """The control routes."""
        return [
            web.get("/_local/faults", self._show),
            web.post("/_local/faults", self._switch),
            web.post("/_local/kill-worker", self._kill),
        ]

    async def _show(self, _: web.Request) -> web.StreamResponse:
        return web.json_response(self._faults.shown())

    async def _switch(self, request: web.Request) -> web.StreamResponse:
        try:
            self._faults.replace(read_faults(await request.json()))
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(self._faults.shown())

    async def _kill(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({"failed": self._dispatcher.kill_worker()})
