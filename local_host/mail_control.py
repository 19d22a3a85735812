"""What the stand-in mail service can be told to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FAULTS = ("429", "500", "disconnect")
"""`disconnect` keeps the mail and cuts the line: the sender cannot know that it was sent."""


@dataclass(frozen=True)
class MailSettings:
    """How the service behaves; `retry_after` is never 0, which the SDK takes for 30 s."""

    per_minute: int | None = None
    retry_after: int = 1
    faults: Mapping[str, float] = field(default_factory=dict)
    poll_states: int = 0
    deduplicate: bool = True
    down: bool = False

    def to_json(self) -> dict[str, Any]:
        """In the form `POST /_control` takes."""
        limit = self.per_minute
        return {
            "throttle": None if limit is None else {"per_minute": limit},
            "retry_after": self.retry_after,
            "faults": dict(self.faults),
            "poll_states": self.poll_states,
            "deduplicate": self.deduplicate,
            "down": self.down,
        }


def change(settings: MailSettings, body: Mapping[str, Any]) -> MailSettings:
    """The settings with those named in `body` replaced; ValueError names one it does not know."""
    values = settings.to_json() | dict(body)
    unknown = set(values) - set(settings.to_json()) - {"reset"}
    unknown |= set(values["faults"] or {}) - set(FAULTS)
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
    limit = (values["throttle"] or {}).get("per_minute")
    return MailSettings(
        per_minute=None if limit is None else int(limit),
        retry_after=max(1, int(values["retry_after"])),
        faults={name: float(share) for name, share in (values["faults"] or {}).items()},
        poll_states=int(values["poll_states"]),
        deduplicate=bool(values["deduplicate"]),
        down=bool(values["down"]),
    )
