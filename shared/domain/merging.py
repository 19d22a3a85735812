"""Passages of one variable → fewer passages: what overlaps or adjoins becomes one.

The result depends on the set of passages alone, not on their order, and merging it again changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from shared.domain.answers import Strength
from shared.domain.checks import Passage
from shared.domain.units import Unit, UnitKind

LONGEST_MERGED = 5
"""Units that adjoining passages may come to. Passages that overlap merge whatever comes of it:
apart they would show the same words twice."""

_NEVER_MERGED = {UnitKind.HEADING, UnitKind.TABLE_ROW}
_STRENGTHS = tuple(Strength)


def merge_passages(passages: Iterable[Passage], units: Mapping[int, Unit]) -> tuple[Passage, ...]:
    """The passages of one variable in document order, none sharing a unit with another."""
    merged: list[Passage] = []
    for passage in sorted(set(passages), key=_order):
        if merged and passage.first <= merged[-1].last:
            merged[-1] = _join(merged[-1], passage)
        else:
            merged.append(passage)
    joined: list[Passage] = []
    for passage in merged:
        if joined and _adjoin(joined[-1], passage, units):
            joined[-1] = _join(joined[-1], passage)
        else:
            joined.append(passage)
    return tuple(joined)


def strength_rank(strength: Strength) -> int:
    """0 for the strongest."""
    return _STRENGTHS.index(strength)


def _order(passage: Passage) -> tuple[object, ...]:
    return (
        passage.first,
        passage.last,
        passage.focus_first,
        passage.focus_start,
        passage.focus_last,
        passage.focus_end,
        strength_rank(passage.strength),
        passage.why,
        passage.renumbered,
    )


def _adjoin(before: Passage, after: Passage, units: Mapping[int, Unit]) -> bool:
    if after.first != before.last + 1 or after.last - before.first >= LONGEST_MERGED:
        return False
    span = [units[number] for number in range(before.first, after.last + 1)]
    head = span[0]
    if head.kind in _NEVER_MERGED:
        return False
    if units[before.last].pages[-1:] != units[after.first].pages[:1]:
        return False  # between them stand the foot of one page and the head of the next
    return all((unit.kind, unit.paragraph) == (head.kind, head.paragraph) for unit in span)


def _join(one: Passage, other: Passage) -> Passage:
    """Both; what is said of them is what was said of the stronger, then of the earlier."""
    stronger = min(one, other, key=lambda passage: strength_rank(passage.strength))
    focus_start = min((p.focus_first, p.focus_start) for p in (one, other))
    focus_end = max((p.focus_last, p.focus_end) for p in (one, other))
    return replace(
        stronger,
        first=min(one.first, other.first),
        last=max(one.last, other.last),
        focus_first=focus_start[0],
        focus_start=focus_start[1],
        focus_last=focus_end[0],
        focus_end=focus_end[1],
        renumbered=one.renumbered or other.renumbered,
    )
