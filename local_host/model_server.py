"""A stand-in for a language model on the OpenAI protocol: it ranks units by keywords and says so.

`python -m local_host.model_server [--port P] [--latency SECONDS]`; the SDK's base URL is the
address it prints, with `/v1`. `/_control` tells it to be slow, to fail, or to count anew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from local_host.model_answers import CONFESSION, answer_prompt
from local_host.model_faults import (
    ENTRY_FAULTS,
    STATUS_FAULTS,
    Settings,
    change,
    draw,
    spoil_entries,
    spoil_text,
)
from local_host.model_prompt import Prompt, read_prompt
from local_host.model_protocol import (
    MODEL,
    ChatRequest,
    RefusedError,
    check_access,
    make_completion,
    read_request,
)
from local_host.model_stats import Call, Stats
from local_host.model_usage import PrefixCache, count_tokens
from local_host.serving import drop, run_on_loopback
from local_host.strict_schema import conform

NEVER = 24 * 3600.0


@dataclass
class ModelServer:
    """The state of the server, and its handlers."""

    start: Settings
    settings: Settings = field(init=False)
    stats: Stats = field(default_factory=Stats)
    cache: PrefixCache = field(default_factory=PrefixCache)
    taken: deque[float] = field(default_factory=deque)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __post_init__(self) -> None:
        self.settings = self.start

    def make_app(self) -> web.Application:
        """The routes: OpenAI's, Azure OpenAI's, and our own to control it."""
        app = web.Application(client_max_size=32 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/v1/chat/completions", self.complete),
                web.post("/openai/deployments/{deployment}/chat/completions", self.complete),
                web.post("/openai/v1/chat/completions", self.complete),
                web.get("/v1/models", self.list_models),
                web.get("/openai/v1/models", self.list_models),
                web.get("/_control", self.show_settings),
                web.post("/_control", self.change_settings),
                web.get("/_control/stats", self.show_stats),
            ]
        )
        return app

    async def complete(self, request: web.Request) -> web.StreamResponse:
        """Answer one chat completion, or fail as told."""
        if self.settings.down:
            return drop(request)
        try:
            check_access(request)
            chat = read_request(await _read_json(request), request.match_info.get("deployment"))
        except RefusedError as refused:
            return refused.response
        prompt = read_prompt(chat.messages)
        stats = self.stats
        call = stats.begin(chat.hash, len(prompt.asked))
        status = "cancelled"
        try:
            response, status = await self._answer(request, chat, prompt, call)
        finally:
            stats.end(call, status)
        return response

    async def _answer(
        self, request: web.Request, chat: ChatRequest, prompt: Prompt, call: Call
    ) -> tuple[web.StreamResponse, str]:
        stats = self.stats
        fault, latency = draw(self.settings, chat.hash, stats.asked[chat.hash])
        if self._is_over_rate():
            fault, latency = "429", 0.0
        await asyncio.sleep(NEVER if fault == "timeout" else latency)
        if fault == "disconnect" or self.settings.down:
            return drop(request), "disconnect"
        if fault in STATUS_FAULTS:
            return _error(int(fault), self.settings.retry_after), fault
        completion, usage = await self._compose(chat, prompt, fault)
        stats.count_answer(call, usage)
        response = web.json_response(completion)
        if not await _deliver(request, response):
            stats.count_undelivered(call)
            return response, "undelivered"
        return response, fault or "200"

    async def _compose(
        self, chat: ChatRequest, prompt: Prompt, fault: str
    ) -> tuple[dict[str, Any], tuple[int, int, int]]:
        """The completion and its (input, cached, output) tokens."""
        loop = asyncio.get_running_loop()
        answer = await loop.run_in_executor(self.pool, answer_prompt, prompt)
        if fault in ENTRY_FAULTS:
            numbers = [unit.number for unit in prompt.window.units]
            answer = spoil_entries(fault, answer, range(max(numbers, default=0) + 1))
        if chat.schema is not None:
            answer = conform(answer, chat.schema)
        text = spoil_text(fault, answer)
        finish = "length" if fault == "length" else "stop"
        if chat.longest is not None and count_tokens(text) > chat.longest:
            text, finish = text[: 4 * chat.longest], "length"
        read, cached = self.cache.look_up(chat.head, chat.messages)
        self.cache.remember(chat.head, chat.messages)
        usage = (read, cached, count_tokens(text))
        refusal = f"{CONFESSION}told to refuse." if fault == "refusal" else None
        return make_completion(text, finish, usage, refusal=refusal), usage

    def _is_over_rate(self) -> bool:
        """Whether this call is one too many within a minute; one that is not, is counted."""
        limit = self.settings.requests_per_minute
        if limit is None:
            return False
        now = time.monotonic()
        while self.taken and self.taken[0] <= now - 60:
            self.taken.popleft()
        if len(self.taken) >= limit:
            return True
        self.taken.append(now)
        return False

    async def list_models(self, request: web.Request) -> web.StreamResponse:
        """The one model there is."""
        if self.settings.down:
            return drop(request)
        try:
            check_access(request)
        except RefusedError as refused:
            return refused.response
        model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "stand-in"}
        return web.json_response({"object": "list", "data": [model]})

    async def show_settings(self, request: web.Request) -> web.Response:
        """The settings as they are."""
        del request
        return web.json_response(self.settings.to_json())

    async def change_settings(self, request: web.Request) -> web.Response:
        """Change those named; `reset` first goes back to the start, counters and cache too."""
        try:
            body = await _read_json(request)
            if not isinstance(body, dict):
                raise RefusedError(400, "The control takes a JSON object.")
            before = self.start if body.get("reset") else self.settings
            self.settings = change(before, body)
        except RefusedError as refused:
            return refused.response
        except (ValueError, TypeError, AttributeError) as error:
            return RefusedError(400, f"Settings not understood: {error}").response
        if body.get("reset"):
            self.stats, self.cache = Stats(), PrefixCache()
        if body.get("reset") or "rate" in body:
            self.taken.clear()
        return web.json_response(self.settings.to_json())

    async def show_stats(self, request: web.Request) -> web.Response:
        """What was asked and answered so far."""
        del request
        return web.json_response(self.stats.to_json())


async def _read_json(request: web.Request) -> Any:
    try:
        return await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        message = "We could not parse the JSON body of your request."
        raise RefusedError(400, message) from None


async def _deliver(request: web.Request, response: web.Response) -> bool:
    """Write the answer; False if the caller has gone."""
    if request.transport is None or request.transport.is_closing():
        return False
    try:
        await response.prepare(request)
        await response.write_eof()
    except ConnectionError:
        return False
    return True


def _error(status: int, retry_after: float) -> web.Response:
    if status == 429:
        message = "Rate limit reached for requests. Please try again later."
        seconds = f"{retry_after:g}"
        refused = RefusedError(
            status,
            message,
            code="rate_limit_exceeded",
            kind="requests",
            headers={"Retry-After": seconds, "x-ratelimit-remaining-requests": "0"},
        )
    else:
        refused = RefusedError(status, "The server had an error.", kind="server_error")
    return refused.response


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m local_host.model_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args(arguments)
    run_on_loopback(ModelServer(Settings(latency=options.latency)).make_app(), options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
