"""Units → windows that fit a call and together cover all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from shared.domain.tokens import estimate_tokens
from shared.domain.units import DocumentText, Unit, UnitKind

UNIT_OVERHEAD = 6
"""Tokens of a unit's number, bar and line break."""

OVERLAP_SHARE = 8
"""The overlap is a page, but at most this part of a window."""

HEADING_SHARE = 0.6
"""How full a window must be before it may end early, at a heading."""


@dataclass(frozen=True)
class Window:
    """Consecutive units sent in one model call; `number` counts from 1 through the document.

    `heading` is the heading path in force at its first unit.
    """

    number: int
    title: str
    heading: tuple[str, ...]
    units: tuple[Unit, ...]

    @property
    def first(self) -> int:
        """The number of its first unit."""
        return self.units[0].number

    @property
    def last(self) -> int:
        """The number of its last unit."""
        return self.units[-1].number

    @cached_property
    def text(self) -> str:
        """What the model sees of it: title, heading path, then `number|text`, a line a unit.

        White space within a unit becomes one space, so that no text can pose as a line of ours.
        """
        lines = [f"Document: {_one_line(self.title)[:300]}"]
        if self.heading:
            lines.append(f"Section: {_one_line(' > '.join(self.heading))[:600]}")
        lines += (f"{unit.number}|{_one_line(unit.text)}" for unit in self.units)
        return "\n".join(lines)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of `text`, in hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def cut_windows(text: DocumentText, max_tokens: int = 16_000) -> tuple[Window, ...]:
    """The windows of a document: in order, each unit in at least one, ending at headings.

    Each begins with about one page of what stands before it, so that a passage across a cut is
    seen whole. A unit that alone is larger than a window still goes, alone.
    """
    units = text.units
    costs = [estimate_tokens(unit.text) + UNIT_OVERHEAD for unit in units]
    windows: list[Window] = []
    fresh = 0
    while fresh < len(units):
        start = _overlap(units, costs, fresh, max_tokens)
        end = _end(units, costs, start, fresh, max_tokens)
        windows.append(make_window(len(windows) + 1, text.title, units[start:end]))
        fresh = end
    return tuple(windows)


def make_window(number: int, title: str, units: Sequence[Unit]) -> Window:
    """A window of these units, at least one."""
    return Window(number, title, units[0].heading, tuple(units))


def _overlap(units: Sequence[Unit], costs: Sequence[int], fresh: int, max_tokens: int) -> int:
    """Where a window whose first new unit is `fresh` begins."""
    room = min(max_tokens // OVERLAP_SHARE, max_tokens - costs[fresh])
    start = fresh
    page = max(units[fresh].pages, default=0)
    while start > 0:
        room -= costs[start - 1]
        if room < 0 or max(units[start - 1].pages, default=page) < page - 1:
            break
        start -= 1
    return start


def _end(
    units: Sequence[Unit], costs: Sequence[int], start: int, fresh: int, max_tokens: int
) -> int:
    """The end of the window: as far as it fits, or at the best heading in its last part."""
    tokens = sum(costs[start : fresh + 1])
    end = fresh + 1
    earliest = end
    while end < len(units) and tokens + costs[end] <= max_tokens:
        tokens += costs[end]
        end += 1
        if tokens < max_tokens * HEADING_SHARE:
            earliest = end
    if end == len(units):
        return end
    headings = [
        place
        for place in range(earliest + 1, end + 1)
        if units[place].kind is UnitKind.HEADING and units[place - 1].kind is not UnitKind.HEADING
    ]
    return min(headings, key=lambda place: (len(units[place].heading), -place), default=end)


def _one_line(text: str) -> str:
    return " ".join(text.split())
