"""What the stand-in model understands of a prompt: the numbered units and the variables asked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from local_host.keyword_ranking import NumberedUnit

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

    units: tuple[NumberedUnit, ...]
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
        units=tuple(NumberedUnit(int(unit[1]), unit[2]) for unit in _UNIT.finditer(lines)),
        asked=tuple(_read_asked(item) for item in variables if isinstance(item, dict)),
        justify=request.get("justify") is True,
        task=str(request.get("task", "quotes")),
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
