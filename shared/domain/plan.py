"""Which readings a document owes: windows times batches of variables; and how one is split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TypeVar

from shared.domain.job import Job, Variable
from shared.domain.windows import Window, make_window

T = TypeVar("T")

BATCH = 6
"""Variables of one call."""

ROUND = 4
"""Windows warmed together before their siblings go: soon enough for the provider's cache."""

HALVINGS = 2
"""Times a window is halved, at most."""

OVERLAP_UNITS = 3
"""Units both halves of a window see."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A window to be read for a few variables.

    `warms` marks the call that goes before its siblings of the same window. `halved` counts how
    often the window was cut smaller than planned.
    """

    window: Window
    variables: tuple[Variable, ...]
    warms: bool = False
    halved: int = 0


def plan_readings(job: Job, windows: Sequence[Window]) -> tuple[Owed, ...]:
    """Every reading a document owes, in the order to ask.

    Variables of a group stay together; their order turns with the window, so that none is always
    last. The first reading of each window goes ahead of the others.
    """
    batches = _batches(job.variables)
    plan: list[Owed] = []
    for start in range(0, len(windows), ROUND):
        round_ = windows[start : start + ROUND]
        for place in range(len(batches)):
            for window in round_:
                turned = _turn(batches, window.number - 1)
                warms = place == 0 and len(batches) > 1
                plan.append(Owed(window, _turn(turned[place], window.number - 1), warms))
    return tuple(plan)


def _batches(variables: Sequence[Variable]) -> list[tuple[Variable, ...]]:
    """As few batches as possible, of even size, groups together in order of appearance."""
    groups: dict[str, list[Variable]] = {}
    for variable in variables:
        groups.setdefault(variable.group, []).append(variable)
    ordered = [variable for group in groups.values() for variable in group]
    count = ceil(len(ordered) / BATCH)
    cuts = [round(place * len(ordered) / count) for place in range(count + 1)] if count else []
    return [tuple(ordered[a:b]) for a, b in pairwise(cuts)]


def _turn(items: Sequence[T], by: int) -> tuple[T, ...]:
    by %= len(items)
    return (*items[by:], *items[:by])


def split(owed: Owed, *, halvings: int = HALVINGS, smaller: bool = False) -> tuple[Owed, ...]:
    """The same reading in smaller parts, or () where it cannot be split.

    Fewer variables first, then half the window each, a few units seen by both; where the window
    is to be made `smaller`, only that, since fewer variables make a prompt hardly shorter.
    """
    if len(owed.variables) > 1 and not smaller:
        middle = (len(owed.variables) + 1) // 2
        halves = owed.variables[:middle], owed.variables[middle:]
        return tuple(Owed(owed.window, part, halved=owed.halved) for part in halves)
    window, units = owed.window, owed.window.units
    if owed.halved >= halvings or len(units) <= 2 * OVERLAP_UNITS:
        return ()
    middle = len(units) // 2
    return tuple(
        Owed(make_window(window.number, window.title, part), owed.variables, halved=owed.halved + 1)
        for part in (units[: middle + OVERLAP_UNITS], units[middle:])
    )
