"""Model answers: as they came, and checked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens and money of one or many calls. `input` includes `cached`; `cost` is in US dollars."""

    input: int = 0
    cached: int = 0
    output: int = 0
    cost: float = 0.0
    calls: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.cached + other.cached,
            self.output + other.output,
            self.cost + other.cost,
            self.calls + other.calls,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt; `role` is `system` or `user`."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """All that is sent to the model, and so all that can change its answer."""

    model: str
    messages: tuple[Message, ...]
    max_output_tokens: int


class Finish(StrEnum):
    """Why the model stopped."""

    STOP = "stop"
    LENGTH = "length"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call returned, unparsed. `model` is the one that really answered."""

    text: str
    model: str
    finish: Finish
    usage: Usage


@dataclass(frozen=True, slots=True)
class Reading:
    """One paid answer, kept raw before the next call starts, so that no rule change loses it.

    `window` and `variables` say what was asked; `units` is the (first, last) unit number of the
    window; `attempt` counts from 1 the times this very question was asked.
    """

    key: str
    window: int
    units: tuple[int, int]
    variables: tuple[str, ...]
    attempt: int
    answer: Answer
