"""What the stand-in model understands of a prompt: the numbered units and the variables asked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from local_host.keyword_ranking import NumberedUnit, Window

_UNIT = re.compile(r"^\s*(\d+)\|(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Asked:
    """One variable, as the prompt puts it."""

    variable: Any
    name: str
    question: str
    context: str


@dataclass(frozen=True)
class Prompt:
    """A request for passages."""

    window: Window
    asked: tuple[Asked, ...]
    justify: bool
    task: str


def read_prompt(messages: Sequence[tuple[str, str]]) -> Prompt:
    """Read (role, text) messages; what is not in our form gives no units or no variables."""
    users = [text for role, text in messages if role == "user"]
    request = _last_object(users[-1]) if users else {}
    lines = "\n".join(users[:-1] if len(users) > 1 else users)
    variables = request.get("variables", [])
    return Prompt(
        window=_read_window(lines),
        asked=tuple(_read_asked(item) for item in variables if isinstance(item, dict)),
        justify=request.get("justify") is True,
        task=str(request.get("task", "quotes")),
    )


@lru_cache(maxsize=128)
def _read_window(lines: str) -> Window:
    """The units; kept, because a window comes once for every batch of variables."""
    return Window(
        tuple(NumberedUnit(int(unit[1]), unit[2].strip()) for unit in _UNIT.finditer(lines))
    )


def _read_asked(item: dict[str, Any]) -> Asked:
    texts = [str(item.get(key) or "") for key in ("name", "question", "context")]
    return Asked(item.get("variable"), *texts)


def _last_object(text: str) -> dict[str, Any]:
    """The JSON object with which the text ends."""
    text = text.rstrip().removesuffix("```").rstrip()
    decoder = json.JSONDecoder()
    for brace in re.finditer(r"\{", text):
        try:
            value, end = decoder.raw_decode(text, brace.start())
        except json.JSONDecodeError:
            continue
        if end == len(text) and isinstance(value, dict):
            return value
    return {}
