"""A stand-in for the email service of Azure Communication Services: it keeps mails as files.

`python -m local_host.mail_server [--port P] --mails DIR --key BASE64KEY`; the page at the address
it prints shows the mails. `/_control` tells it to throttle or to fail.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import sys
import time
import uuid
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from local_host.mail_box import MailBox
from local_host.mail_control import MailSettings, change
from local_host.mail_message import find_message_faults, make_mail
from local_host.mail_reading import Reading
from local_host.mail_signature import find_signature_fault
from local_host.serving import drop, run_on_loopback

LARGEST = 10 * 1024 * 1024
"""What the service takes: the whole request, attachments in base64."""


@dataclass
class MailServer:
    """The state of the server, and its handlers."""

    box: MailBox
    key: bytes
    settings: MailSettings = field(default_factory=MailSettings)
    polls_left: dict[str, int] = field(default_factory=dict)
    taken: deque[float] = field(default_factory=deque)
    counts: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311

    def __post_init__(self) -> None:
        """The operations of mails kept by an earlier run are known and finished."""
        for mail in self.box.read_all():
            self.polls_left[mail.header("X-Operation-Id")] = 0

    def make_app(self) -> web.Application:
        """The service's routes, the mails' pages, and our own to control it."""
        app = web.Application(client_max_size=4 * LARGEST)
        app.add_routes(
            [
                web.post("/emails:send", self.send),
                web.get("/emails/operations/{id}", self.show_operation),
                web.get("/_control", self.show_control),
                web.post("/_control", self.change_control),
                *Reading(self.box).routes(),
            ]
        )
        return app

    async def send(self, request: web.Request) -> web.Response:
        """Accept a mail: 202, and where its operation can be followed."""
        if self.settings.down:
            return drop(request)
        body = await request.read()
        fault = self._draw_fault()
        refusal = self._find_refusal(request, body, fault)
        if refusal is not None:
            self.counts[str(refusal.status)] += 1
            return refusal
        operation = request.headers.get("Operation-Id") or str(uuid.uuid4())
        if operation not in self.polls_left or not self.settings.deduplicate:
            now = datetime.now(UTC)
            self.box.keep(make_mail(json.loads(body), operation, now), operation, now)
            self.polls_left[operation] = self.settings.poll_states
        self.counts["accepted"] += 1
        if fault == "disconnect":
            return drop(request)
        version = request.query["api-version"]
        where = f"{request.url.origin()}/emails/operations/{operation}?api-version={version}"
        return web.json_response(
            {"id": operation, "status": "Running", "error": None},
            status=202,
            headers={"Operation-Location": where, **self._retry_after()},
        )

    async def show_operation(self, request: web.Request) -> web.Response:
        """The state of a mail: Running as often as told, then Succeeded."""
        if self.settings.down:
            return drop(request)
        refusal = self._find_stranger(request, b"")
        if refusal is not None:
            return refusal
        operation = request.match_info["id"]
        if operation not in self.polls_left:
            return _error(404, "OperationNotFound", f"There is no operation {operation}.")
        self.counts["polls"] += 1
        if self.polls_left[operation] > 0:
            self.polls_left[operation] -= 1
            body = {"id": operation, "status": "Running", "error": None}
            return web.json_response(body, headers=self._retry_after())
        return web.json_response({"id": operation, "status": "Succeeded", "error": None})

    def _find_refusal(self, request: web.Request, body: bytes, fault: str) -> web.Response | None:
        """Why this mail is not taken, in the order in which the service looks."""
        if len(body) > LARGEST:
            message = f"The request has {len(body)} bytes; at most {LARGEST} are taken."
            return _error(413, "RequestEntityTooLarge", message)
        stranger = self._find_stranger(request, body)
        if stranger is not None:
            return stranger
        if fault == "500":
            return _error(500, "InternalServerError", "The service had an error.")
        if fault == "429" or self._is_throttled():
            message = "Too many requests. Please retry after the time in Retry-After."
            return _error(429, "TooManyRequests", message, self._retry_after())
        return _find_bad_request(request, body)

    def _find_stranger(self, request: web.Request, body: bytes) -> web.Response | None:
        fault = find_signature_fault(
            self.key, request.method, request.raw_path, request.headers, body
        )
        return (
            _error(401, "Denied", f"Denied by the resource provider: {fault}.") if fault else None
        )

    def _is_throttled(self) -> bool:
        """Whether this mail is one too many within a minute; one that is not, is counted."""
        if self.settings.per_minute is None:
            return False
        now = time.monotonic()
        while self.taken and self.taken[0] <= now - 60:
            self.taken.popleft()
        if len(self.taken) >= self.settings.per_minute:
            return True
        self.taken.append(now)
        return False

    def _draw_fault(self) -> str:
        point = self.dice.random()
        for name, share in self.settings.faults.items():
            point -= share
            if point < 0:
                return name
        return ""

    def _retry_after(self) -> dict[str, str]:
        return {"Retry-After": str(self.settings.retry_after)}

    async def show_control(self, request: web.Request) -> web.Response:
        """The settings, and what was counted."""
        del request
        return web.json_response({**self.settings.to_json(), "counts": dict(self.counts)})

    async def change_control(self, request: web.Request) -> web.Response:
        """Change those named; `reset` first goes back to the start. The mails stay."""
        try:
            body = await request.json()
            before = MailSettings() if body.get("reset") else self.settings
            self.settings = change(before, body)
        except (ValueError, TypeError, AttributeError) as error:
            return _error(400, "BadRequest", f"Settings not understood: {error}")
        if body.get("reset"):
            self.counts.clear()
            self.dice.seed(0)
        if body.get("reset") or "throttle" in body:
            self.taken.clear()
        return await self.show_control(request)


def _find_bad_request(request: web.Request, body: bytes) -> web.Response | None:
    if not request.query.get("api-version"):
        return _error(400, "MissingApiVersionParameter", "The api-version parameter is required.")
    operation = request.headers.get("Operation-Id")
    if operation is not None and not _is_uuid(operation):
        return _error(400, "BadRequest", "Operation-Id is not a UUID.")
    try:
        faults = list(find_message_faults(json.loads(body)))
    except (json.JSONDecodeError, UnicodeDecodeError):
        return _error(400, "BadRequest", "The body is not JSON.")
    if faults:
        return _error(400, "BadRequest", "; ".join(f"{name} {reason}" for name, reason in faults))
    return None


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _error(
    status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> web.Response:
    body: dict[str, Any] = {"error": {"code": code, "message": message}}
    headers = {"x-ms-error-code": code, **(headers or {})}
    return web.json_response(body, status=status, headers=headers)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m local_host.mail_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--mails", type=Path, required=True, help="where the mails are kept")
    parser.add_argument("--key", required=True, help="the access key, base64")
    options = parser.parse_args(arguments)
    try:
        key = base64.b64decode(options.key, validate=True)
    except ValueError:
        parser.error("--key is not base64")
    run_on_loopback(MailServer(MailBox(options.mails), key).make_app(), options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
