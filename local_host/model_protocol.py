"""The OpenAI chat protocol: requests checked, answers and errors in its shape."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from local_host.model_usage import hash_request
from local_host.strict_schema import find_schema_faults

MODEL = "stand-in-keyword-ranking"


@dataclass(frozen=True)
class ChatRequest:
    """A checked request: `schema` is None when any text will do."""

    messages: tuple[tuple[str, str], ...]
    schema: dict[str, Any] | None
    longest: int | None
    hash: str

    @property
    def head(self) -> str:
        """What comes before the messages in a provider's prefix cache."""
        return json.dumps(self.schema, sort_keys=True) if self.schema else ""


class RefusedError(Exception):
    """A request that gets an error; `response` is what the caller is told."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
        self.response = web.json_response(body, status=status, headers=headers)


def check_access(request: web.Request) -> None:
    """Any key is good, none is not; Azure's path also wants to know its version."""
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer").strip()
    if not (bearer or request.headers.get("api-key")):
        raise RefusedError(
            401, "You didn't provide an API key.", code="invalid_api_key", kind="authentication"
        )
    if "deployment" in request.match_info and not request.query.get("api-version"):
        raise RefusedError(404, "Resource not found: api-version is missing", code="404")


def read_request(body: Any, deployment: str | None) -> ChatRequest:
    """Check a request's body; RefusedError says what is wrong with it."""
    if not isinstance(body, dict):
        raise RefusedError(400, "We could not parse the JSON body of your request.")
    model = deployment or body.get("model")
    if not isinstance(model, str) or not model:
        raise RefusedError(400, "you must provide a model parameter", param="model")
    for name, default in (("stream", False), ("n", 1)):
        if body.get(name) not in (None, default):
            message = f"Unsupported value: '{name}' must be {default} with this model."
            raise RefusedError(400, message, param=name, code="unsupported_value")
    raw = body.get("messages")
    if not isinstance(raw, list) or not raw:
        raise RefusedError(400, "'messages' must be a non-empty list", param="messages")
    return ChatRequest(
        messages=tuple(_read_message(item, number) for number, item in enumerate(raw)),
        schema=_read_schema(body.get("response_format")),
        longest=body.get("max_completion_tokens") or body.get("max_tokens"),
        hash=hash_request(model, raw),
    )


def _read_message(item: Any, number: int) -> tuple[str, str]:
    where = f"messages[{number}]"
    if not isinstance(item, dict) or item.get("role") not in _ROLES:
        raise RefusedError(400, f"Invalid value: '{where}.role'", param=f"{where}.role")
    content = item.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str):
        raise RefusedError(400, f"Invalid type for '{where}.content'", param=f"{where}.content")
    return item["role"], content


_ROLES = ("system", "developer", "user", "assistant")


def _read_schema(wanted: Any) -> dict[str, Any] | None:
    if wanted in (None, {"type": "text"}, {"type": "json_object"}):
        return None
    named = wanted.get("json_schema") if isinstance(wanted, dict) else None
    if not isinstance(named, dict) or not isinstance(named.get("schema"), dict):
        message = "Missing required parameter: 'response_format.json_schema.schema'."
        raise RefusedError(400, message, param="response_format")
    if not named.get("name"):
        message = "Missing required parameter: 'response_format.json_schema.name'."
        raise RefusedError(400, message, param="response_format.json_schema.name")
    schema: dict[str, Any] = named["schema"]
    faults = list(find_schema_faults(schema)) if named.get("strict") else []
    if faults:
        message = f"Invalid schema for response_format '{named['name']}': {faults[0]}."
        raise RefusedError(400, message, param="response_format", code="invalid_json_schema")
    return schema


def make_completion(
    text: str, finish: str, usage: tuple[int, int, int], *, refusal: str | None = None
) -> dict[str, Any]:
    """A chat completion; `usage` is (input, cached, output) tokens."""
    read, cached, written = usage
    message = {"role": "assistant", "content": None if refusal else text, "refusal": refusal}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
            "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "service_tier": "default",
        "system_fingerprint": "stand-in",
    }
