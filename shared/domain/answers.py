"""What the model may answer: numbers and a few check words, never a quotation of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.domain.readings import Answer, Finish


class Strength(StrEnum):
    """How directly a passage addresses a variable, from the strongest."""

    EXPLICIT = "explicit"
    IMPLICIT = "implicit"
    MENTION = "mention"


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object as strict structured output wants it: every property required, no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


ANSWER_SCHEMA: dict[str, Any] = _object(
    entries={
        "type": "array",
        "items": _object(
            variable={"type": "integer"},
            quotes={
                "type": "array",
                "items": _object(
                    first={"type": "integer"},
                    last={"type": "integer"},
                    starts={"type": "string"},
                    ends={"type": "string"},
                    strength={"type": "string", "enum": [str(strength) for strength in Strength]},
                    why={"type": "string"},
                ),
            },
            answer={"type": "string"},
        ),
    },
)
"""One constant schema: it is part of the prefix that the provider caches."""


class Pointer(BaseModel):
    """One quote as the model gives it: which units, and the words it begins and ends with."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    first: int
    last: int
    starts: str
    ends: str
    strength: Strength
    why: str


class Entry(BaseModel):
    """What the model says of one variable."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    variable: int
    quotes: tuple[Pointer, ...]
    answer: str


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """The entries that can be used, by variable number, and in words what is wrong with the rest.

    `complaint` is fit to be shown to the model; empty where every variable asked has its entry.
    """

    entries: dict[int, Entry]
    complaint: str = ""


def parse_answer(answer: Answer, asked: Iterable[int]) -> ParsedAnswer:
    """The entries for the variable numbers `asked`; never one the model did not give.

    An entry that is malformed, or given twice, is as good as none.
    """
    asked = tuple(asked)
    if answer.finish is Finish.REFUSED:
        return ParsedAnswer({}, "it was refused")
    if answer.finish is Finish.LENGTH:
        return ParsedAnswer({}, "it was cut off before its end")
    items = _items(answer.text)
    if items is None:
        return ParsedAnswer({}, "it was not the JSON object that was asked for")
    entries: dict[int, Entry] = {}
    spoiled: set[int] = set()
    for item in items:
        number = item.get("variable") if isinstance(item, dict) else None
        if not isinstance(number, int) or number not in asked:
            continue
        entry = _entry(item)
        if entry is None or number in entries:
            spoiled.add(number)
        else:
            entries[number] = entry
    usable = {number: entry for number, entry in entries.items() if number not in spoiled}
    missing = [str(number) for number in asked if number not in usable]
    if not missing:
        return ParsedAnswer(usable)
    return ParsedAnswer(usable, f"it lacked one complete entry for variable {', '.join(missing)}")


def _items(text: str) -> list[Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    items = value.get("entries") if isinstance(value, dict) else None
    return items if isinstance(items, list) else None


def _entry(item: object) -> Entry | None:
    """Checked as JSON again, since a strict tuple or enum is one only in JSON."""
    try:
        return Entry.model_validate_json(json.dumps(item))
    except (ValidationError, ValueError, RecursionError):
        return None
