"""The management API over HTTP: the same handlers for the worker's RPC and the public webhook."""

import asyncio
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from local_host import timestamps
from local_host.history import compact
from local_host.management import Management, Query, RefusedError, document_of

WEBHOOK = "/runtime/webhooks/durabletask"
RPC = "/durabletask"
_OPERATIONS = {
    "statusQueryGetUri": "",
    "sendEventPostUri": "/raiseEvent/{eventName}",
    "terminatePostUri": "/terminate?reason={text}",
    "rewindPostUri": "/rewind?reason={text}",
    "purgeHistoryDeleteUri": "",
    "restartPostUri": "/restart",
    "suspendPostUri": "/suspend?reason={text}",
    "resumePostUri": "/resume?reason={text}",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Addresses:
    """Where the API is, and the key that opens the public one."""

    origin: str
    rpc_origin: str
    hub: str
    key: str

    @property
    def query(self) -> str:
        """The query every public URL carries."""
        return f"taskHub={quote(self.hub)}&connection=Storage&code={quote(self.key)}"

    def links(self, instance_id: str, origin: str | None = None) -> dict[str, str]:
        """The management URLs of an instance."""
        base = f"{origin or self.origin}{WEBHOOK}/instances/{instance_id}"
        return {"id": instance_id} | {
            name: f"{base}{path}{'&' if '?' in path else '?'}{self.query}"
            for name, path in _OPERATIONS.items()
        }

    def client_binding(self) -> str:
        """The string the durableClient binding hands to the SDK."""
        create = f"{self.origin}{WEBHOOK}/orchestrators/{{functionName}}[/{{instanceId}}]"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
        return json.dumps(
            {
                "taskHubName": self.hub,
                "connectionName": None,
                "creationUrls": {
                    "createNewInstancePostUri": f"{create}?code={self.key}",
                    "createAndWaitOnNewInstancePostUri": f"{create}?{wait}&code={self.key}",
                },
                "managementUrls": self.links("INSTANCEID"),
                "baseUrl": f"{self.origin}{WEBHOOK}",
                "requiredQueryStringParameters": f"code={self.key}",
                "rpcBaseUrl": f"{self.rpc_origin}{RPC}/",
                "httpBaseUrl": None,
            }
        )


class DurableApi:
    """The handlers, over one management."""

    def __init__(
        self, management: Management, addresses: Addresses, changed: Callable[[], None]
    ) -> None:
        self._management = management
        self._addresses = addresses
        self._changed = changed

    def routes(self, prefix: str, *, keyed: bool) -> list[web.RouteDef]:
        """The routes under `prefix`; `keyed` ones ask for the system key."""

        def guard(handler: _Handler) -> _Handler:
            return self._guarded(handler, keyed=keyed)

        one, many = f"{prefix}/instances/{{id}}", f"{prefix}/instances"
        starter = f"{prefix}/orchestrators/{{name}}"
        return [
            web.post(starter, guard(self._start)),
            web.post(starter + "/{id}", guard(self._start)),
            *(web.get(path, guard(self._list)) for path in (many, many + "/")),
            *(web.delete(path, guard(self._purge_by)) for path in (many, many + "/")),
            web.get(one, guard(self._status)),
            web.delete(one, guard(self._purge)),
            web.post(one + "/raiseEvent/{event}", guard(self._raise)),
            web.post(one + "/{operation}", guard(self._operate)),
            web.route("*", prefix + "/{rest:.*}", guard(_absent)),
        ]

    def _guarded(self, handler: _Handler, *, keyed: bool) -> _Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            if keyed and not self._has_key(request):
                return web.Response(status=401)
            try:
                return await handler(request)
            except RefusedError as refusal:
                return _refusal(refusal)
            finally:
                if request.method != "GET":
                    self._changed()

        return guarded

    def _has_key(self, request: web.Request) -> bool:
        given = request.query.get("code") or request.headers.get("x-functions-key") or ""
        return hmac.compare_digest(given.encode(), self._addresses.key.encode())

    async def _start(self, request: web.Request) -> web.StreamResponse:
        body = (await request.text()).strip()
        try:
            stored = compact(json.loads(body)) if body else None
        except ValueError as error:
            raise RefusedError(400, f"the body is not JSON ({error})") from error
        query = request.query
        instance_id = await asyncio.to_thread(
            self._management.start,
            request.match_info["name"],
            request.match_info.get("id"),
            stored,
            query.get("version", ""),
        )
        self._changed()
        if "timeout" in query:
            ended = await self._wait(
                instance_id, float(query["timeout"]), float(query.get("pollingInterval", "1"))
            )
            if ended is not None:
                return web.json_response(ended["output"])
        return self._check_status(request, instance_id)

    async def _wait(self, instance_id: str, timeout: float, every: float) -> dict[str, Any] | None:
        until = time.monotonic() + timeout
        while time.monotonic() < until:
            found = await asyncio.to_thread(self._management.find, instance_id)
            if found.terminal:
                return document_of(found, show_input=False)
            await asyncio.sleep(min(every, max(0.0, until - time.monotonic())))
        return None

    def _check_status(self, request: web.Request, instance_id: str) -> web.Response:
        links = self._addresses.links(instance_id, _origin(request, self._addresses))
        links.pop("rewindPostUri")
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return web.json_response(links, status=202, headers=headers)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        document = await asyncio.to_thread(
            lambda: self._management.status(
                request.match_info["id"],
                show_input=_flag(query.get("showInput"), default=True),
                show_history=_flag(query.get("showHistory")),
                show_output=_flag(query.get("showHistoryOutput")),
            )
        )
        status = document["runtimeStatus"]
        if status in ("Pending", "Running", "ContinuedAsNew", "Suspended"):
            origin = _origin(request, self._addresses)
            link = self._addresses.links(document["instanceId"], origin)["statusQueryGetUri"]
            headers = {"Location": link, "Retry-After": "5"}
            return web.json_response(document, status=202, headers=headers)
        failed = status == "Failed" and _flag(query.get("returnInternalServerErrorOnFailure"))
        return web.json_response(document, status=500 if failed else 200)

    async def _list(self, request: web.Request) -> web.StreamResponse:
        query = _query(request)
        page, token = await asyncio.to_thread(self._management.select, query)
        show_input = _flag(request.query.get("showInput"), default=True)
        documents = [document_of(instance, show_input=show_input) for instance in page]
        headers = {"x-ms-continuation-token": token} if token else {}
        return web.json_response(documents, headers=headers)

    async def _purge(self, request: web.Request) -> web.StreamResponse:
        deleted = await asyncio.to_thread(self._management.purge, request.match_info["id"])
        return web.json_response({"instancesDeleted": deleted})

    async def _purge_by(self, request: web.Request) -> web.StreamResponse:
        deleted = await asyncio.to_thread(self._management.purge_by, _query(request))
        return web.json_response({"instancesDeleted": deleted})

    async def _raise(self, request: web.Request) -> web.StreamResponse:
        if request.content_type != "application/json":
            raise RefusedError(400, "Only application/json request content is supported")
        body = (await request.text()).strip() or "null"
        try:
            stored = compact(json.loads(body))
        except ValueError as error:
            raise RefusedError(400, f"the body is not JSON ({error})") from error
        name = request.match_info["event"]
        await asyncio.to_thread(
            self._management.raise_event, request.match_info["id"], name, stored
        )
        return web.Response(status=202)

    async def _operate(self, request: web.Request) -> web.StreamResponse:
        instance_id, manage = request.match_info["id"], self._management
        operation = request.match_info["operation"].lower()
        if operation == "terminate":
            reason = request.query.get("reason", "")
            await asyncio.to_thread(manage.terminate, instance_id, reason)
        elif operation == "suspend":
            await asyncio.to_thread(manage.suspend, instance_id)
        elif operation == "resume":
            await asyncio.to_thread(manage.resume, instance_id)
        elif operation == "restart":
            new_id = _flag(request.query.get("restartWithNewInstanceId"), default=True)
            started = await asyncio.to_thread(
                lambda: manage.restart(instance_id, with_new_id=new_id)
            )
            return self._check_status(request, started)
        elif operation == "rewind":
            raise RefusedError(501, "rewind is not part of this host; use Azure")
        else:
            raise RefusedError(404)
        return web.Response(status=202)


async def _absent(_: web.Request) -> web.StreamResponse:
    raise RefusedError(404)


def _refusal(refusal: RefusedError) -> web.Response:
    text = str(refusal)
    if not text:
        return web.Response(status=refusal.status)
    body = {
        "Message": "Something went wrong while processing your request",
        "ExceptionMessage": text,
        "ExceptionType": "System.ArgumentException",
        "StackTrace": "",
    }
    return web.json_response(body, status=refusal.status)


def _origin(request: web.Request, addresses: Addresses) -> str:
    """Links lead to the public webhook: at the caller's origin, unless it called the RPC port."""
    called = f"{request.scheme}://{request.host}"
    return addresses.origin if called == addresses.rpc_origin else called


def _flag(text: str | None, *, default: bool = False) -> bool:
    return default if text is None else text.lower() == "true"


def _query(request: web.Request) -> Query:
    values = request.query
    try:
        start, end = values.get("createdTimeFrom"), values.get("createdTimeTo")
        return Query(
            created_from=timestamps.read(start) if start else None,
            created_to=timestamps.read(end) if end else None,
            statuses=frozenset(filter(None, values.get("runtimeStatus", "").split(","))),
            prefix=values.get("instanceIdPrefix", ""),
            top=int(values.get("top", "100")),
            token=request.headers.get("x-ms-continuation-token"),
        )
    except ValueError as error:
        raise RefusedError(400, f"the query is not understood: {error}") from error
