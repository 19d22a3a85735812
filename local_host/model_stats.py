"""What was asked of the stand-in model, and what it answered."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

CALLS_KEPT = 1000


@dataclass
class Call:
    """One request; `status` is `running`, an HTTP status, a fault's name or `undelivered`."""

    hash: str
    variables: int
    started: str
    ended: str = ""
    status: str = "running"

    def to_json(self) -> dict[str, Any]:
        """As `GET /_control/stats` shows it."""
        return dict(vars(self))


@dataclass
class Stats:
    """Counters since the start or the last reset, in memory only."""

    calls: int = 0
    answered: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    undelivered: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    undelivered_answers: Counter[str] = field(default_factory=Counter)
    last: deque[Call] = field(default_factory=lambda: deque(maxlen=CALLS_KEPT))
    last_started: str | None = None

    def begin(self, request: str, variables: int) -> Call:
        """Count a call as running."""
        call = Call(request, variables, _now())
        self.calls += 1
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        self.asked[request] += 1
        self.last_started = call.started
        self.last.append(call)
        return call

    def end(self, call: Call, status: str) -> None:
        """Count a call as over; what is no answer is an error of that name."""
        call.ended, call.status = _now(), status
        self.in_flight -= 1
        if status not in ("200", "undelivered"):
            self.errors[status] += 1

    def count_answer(self, call: Call, usage: tuple[int, int, int]) -> None:
        """Count what the caller pays for: (input, cached, output) tokens."""
        self.answered += 1
        self.answers[call.hash] += 1
        for name, count in zip(("input", "cached", "output"), usage, strict=True):
            self.tokens[name] += count

    def count_undelivered(self, call: Call) -> None:
        """The caller had gone: paid, and not received."""
        self.undelivered += 1
        self.undelivered_answers[call.hash] += 1

    def to_json(self) -> dict[str, Any]:
        """As `GET /_control/stats` shows it."""
        return {
            "calls": self.calls,
            "answered": self.answered,
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
            "errors": dict(self.errors),
            "tokens": {name: self.tokens[name] for name in ("input", "cached", "output")},
            "by_request": dict(self.answers),
            "answered_but_not_delivered": self.undelivered,
            "undelivered_by_request": dict(self.undelivered_answers),
            "last_call_started": self.last_started,
            "last_calls": [call.to_json() for call in self.last],
        }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
