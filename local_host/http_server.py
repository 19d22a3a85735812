"""The app's HTTP functions behind a real server, with the host's own rules and refusals."""

import asyncio
import logging
import time
from collections.abc import Mapping

from aiohttp import web
from azure.functions.meta import Datum

from local_host.routes import Route, find_route
from local_host.worker import Worker

_LOG = logging.getLogger("Function.Http")
_DEFAULT_LIMIT = 104_857_600
_OWN_HEADERS = frozenset({"content-length", "transfer-encoding", "connection"})
_HOMEPAGE = "<!DOCTYPE html><title>Your Azure Function App is up and running.</title>"


class BodyTooLargeError(Exception):
    """The request's body is over the host's limit."""


class HttpFunctions:
    """Answers requests with the app's functions."""

    def __init__(
        self,
        routes: tuple[Route, ...],
        worker: Worker,
        settings: Mapping[str, str],
        timeout: float | None,
    ) -> None:
        self._routes = routes
        self._worker = worker
        self._limit = int(settings.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", _DEFAULT_LIMIT))
        disabled = settings.get("AzureWebJobsDisableHomepage", "").strip().lower()
        self._homepage = disabled not in ("true", "1")
        self._timeout = timeout

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request. A wrong method is 404: the host's routes are constrained by method."""
        path = request.rel_url.raw_path
        if path == "/" and self._homepage:
            return web.Response(text=_HOMEPAGE, content_type="text/html")
        match = find_route(self._routes, request.method, path)
        if match.route is None:
            return web.Response(status=204 if path == "/" and not match.allowed else 404)
        try:
            body = await read_body(request, self._limit)
        except BodyTooLargeError:
            return web.Response(status=413)
        return await self._invoke(match.route, _trigger(request, match.parameters, body))

    async def _invoke(self, route: Route, trigger: Datum) -> web.StreamResponse:
        name, began = route.function.name, time.monotonic()
        _LOG.info("Executing 'Functions.%s'", name)
        answer = self._worker.invoke(route.function, trigger)
        try:
            result = await asyncio.wait_for(asyncio.wrap_future(answer), self._timeout)
        except TimeoutError:
            _LOG.error("'Functions.%s' exceeded the function timeout; worker restarts.", name)
            self._worker.restart()
            return web.Response(status=500)
        except Exception:  # noqa: BLE001 - the app's own failure
            _LOG.exception("Executed 'Functions.%s' (Failed)", name)
            return web.Response(status=500)
        _LOG.info("Executed 'Functions.%s' (%d ms)", name, (time.monotonic() - began) * 1000)
        return _response(result)


async def read_body(request: web.Request, limit: int) -> bytes:
    """The whole body with one copy; raises before reading more than `limit` bytes."""
    if (request.content_length or 0) > limit:
        raise BodyTooLargeError
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size > limit:
            raise BodyTooLargeError
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _trigger(request: web.Request, parameters: Mapping[str, str], body: bytes) -> Datum:
    query: dict[str, str] = {}
    for key, value in request.query.items():
        query[key] = f"{query[key]},{value}" if key in query else value
    headers: dict[str, str] = {}
    for key, value in request.headers.items():
        name = key.lower()
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return Datum(
        {
            "method": Datum(request.method, "string"),
            "url": Datum(f"{request.scheme}://{request.host}{request.raw_path}", "string"),
            "headers": _strings(headers),
            "query": _strings(query),
            "params": _strings(parameters),
            "body": Datum(body, "bytes"),
        },
        "http",
    )


def _strings(values: Mapping[str, str]) -> dict[str, Datum]:
    return {key: Datum(value, "string") for key, value in values.items()}


def _response(result: Datum | None) -> web.Response:
    if result is None:
        return web.Response(status=204)
    if result.type == "string":
        return web.Response(text=result.value)
    value = result.value
    response = web.Response(
        status=int(value["status_code"].value),
        body=value["body"].value,
        headers={
            name: datum.value
            for name, datum in value["headers"].items()
            if name.lower() not in _OWN_HEADERS
        },
    )
    for cookie in value["cookies"] or ():
        for morsel in cookie.values():
            response.headers.add("Set-Cookie", morsel.OutputString())
    return response
