"""What the stand-in model can be told to do wrong, and the spoiling of its answers."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

STATUS_FAULTS = ("429", "500", "503", "timeout", "disconnect")
TEXT_FAULTS = ("malformed", "half_json", "prose", "refusal", "length")
ENTRY_FAULTS = ("missing_variable", "out_of_range", "shifted")
FAULTS = (*STATUS_FAULTS, *TEXT_FAULTS, *ENTRY_FAULTS)


@dataclass(frozen=True)
class Settings:
    """How the model behaves; `faults` maps a fault's name to its share of the calls."""

    latency: float = 0.0
    latency_jitter: float = 0.0
    requests_per_minute: int | None = None
    retry_after: float = 1.0
    faults: Mapping[str, float] = field(default_factory=dict)
    seed: int = 0
    down: bool = False

    def to_json(self) -> dict[str, Any]:
        """In the form `POST /_control` takes."""
        per_minute = self.requests_per_minute
        rate = {"requests_per_minute": per_minute, "retry_after": self.retry_after}
        return {
            "latency": self.latency,
            "latency_jitter": self.latency_jitter,
            "rate": rate if per_minute is not None else None,
            "faults": dict(self.faults),
            "seed": self.seed,
            "down": self.down,
        }


def change(settings: Settings, body: Mapping[str, Any]) -> Settings:
    """The settings with those named in `body` replaced; ValueError names one it does not know."""
    values = settings.to_json() | dict(body)
    unknown = set(values) - set(settings.to_json()) - {"reset"}
    unknown |= set(values["faults"] or {}) - set(FAULTS)
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
    rate = values["rate"] or {}
    per_minute = rate.get("requests_per_minute")
    return Settings(
        latency=float(values["latency"]),
        latency_jitter=float(values["latency_jitter"]),
        requests_per_minute=None if per_minute is None else int(per_minute),
        retry_after=float(rate.get("retry_after", settings.retry_after)),
        faults={name: float(share) for name, share in (values["faults"] or {}).items()},
        seed=int(values["seed"]),
        down=bool(values["down"]),
    )


def draw(settings: Settings, request: str, times: int) -> tuple[str, float]:
    """The fault of this call ("" for none) and its latency.

    Drawn from the seed, the request and how often it came: the order of other calls is no matter.
    """
    dice = random.Random(f"{settings.seed}:{request}:{times}")  # noqa: S311  (not a secret)
    latency = settings.latency + dice.uniform(0, settings.latency_jitter)
    point = dice.random()
    for name in FAULTS:
        point -= settings.faults.get(name, 0.0)
        if point < 0:
            return name, latency
    return "", latency


def spoil_entries(fault: str, answer: dict[str, Any], numbers: range) -> dict[str, Any]:
    """An answer that is good JSON and wrong; `numbers` are those of the window."""
    entries = [dict(entry) for entry in answer["entries"]]
    if fault == "missing_variable":
        return {"entries": entries[:-1]}
    for entry in entries:
        if fault == "out_of_range":
            entry["quotes"] = [
                _move(quote, numbers.stop) for quote in entry["quotes"] or [_NOWHERE]
            ]
        elif fault == "shifted":
            entry["quotes"] = [_move(quote, 1) for quote in entry["quotes"]]
    return {"entries": entries}


_NOWHERE = {"first": 1, "last": 1, "starts": "x", "ends": "x", "strength": "mention", "why": ""}


def _move(quote: dict[str, Any], by: int) -> dict[str, Any]:
    return quote | {"first": quote["first"] + by, "last": quote["last"] + by}


def spoil_text(fault: str, answer: dict[str, Any]) -> str:
    """An answer that is no JSON."""
    text = json.dumps(answer, ensure_ascii=False)
    spoiled = {
        "malformed": text.replace(":", " =", 1).replace("]", "],", 1),
        "half_json": text[: len(text) // 2],
        "length": text[: max(1, len(text) * 2 // 3)],
        "prose": "Certainly! The passages below address the variables you asked about.",
    }
    return spoiled.get(fault, text)
