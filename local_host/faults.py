"""What goes wrong in production, on demand: each fault strikes activities as they start or end."""

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

KINDS = {
    "lost_machine": "the result is dropped; the message comes back after `seconds`, so the "
    "activity may run twice and at once",
    "duplicate_completion": "the result is delivered again after `seconds`",
    "delayed_completion": "the result is delivered after a random time of up to `seconds`, so "
    "results lose their order",
    "worker_death": "the worker dies `seconds` after the activity starts, and with it every "
    "activity then running",
    "host_failure": "the activity is not run; TaskFailed is reported after `seconds`",
}


@dataclass(frozen=True)
class Fault:
    """One fault; `count` strikes are left (-1: no end), on one activity or on any."""

    kind: str
    activity: str | None = None
    count: int = 1
    seconds: float = 1.0


class Faults:
    """The faults now switched on; replaceable while the host runs."""

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self._lock = threading.Lock()
        self._faults = list(faults)
        self._random = random.Random(seed)  # noqa: S311 - a dice for tests

    def replace(self, faults: Sequence[Fault]) -> None:
        """Switch on these and no others."""
        with self._lock:
            self._faults = list(faults)

    def shown(self) -> list[dict[str, Any]]:
        """The faults that are left, as JSON."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def strike(self, kind: str, activity: str) -> float | None:
        """The seconds of a fault of this kind that strikes this activity now, or None."""
        with self._lock:
            for place, fault in enumerate(self._faults):
                if fault.kind == kind and fault.activity in (None, activity) and fault.count != 0:
                    left = fault.count - 1 if fault.count > 0 else fault.count
                    self._faults[place] = Fault(kind, fault.activity, left, fault.seconds)
                    return fault.seconds
        return None

    def delay(self, activity: str) -> float:
        """How long this completion is held back."""
        longest = self.strike("delayed_completion", activity)
        with self._lock:
            return 0.0 if longest is None else self._random.uniform(0, longest)


def read_faults(document: Any) -> list[Fault]:
    """Faults from JSON: a list of objects with kind and, as wanted, activity, count, seconds."""
    if not isinstance(document, list):
        raise ValueError('faults: give a list, such as [{"kind": "lost_machine", "seconds": 2}]')
    return [_read(item) for item in document]


def _read(item: Any) -> Fault:
    if not isinstance(item, Mapping) or item.get("kind") not in KINDS:
        raise ValueError(f"faults: {item!r} has no kind of {', '.join(KINDS)}")
    unknown = set(item) - {"kind", "activity", "count", "seconds"}
    if unknown:
        raise ValueError(f"faults: {', '.join(sorted(unknown))} is not known; remove it")
    return Fault(
        str(item["kind"]),
        item.get("activity"),
        int(item.get("count", 1)),
        float(item.get("seconds", 1.0)),
    )
