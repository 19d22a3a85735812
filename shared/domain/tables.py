"""Tables from the lines that are drawn around their cells."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.pages import Rect
from shared.domain.rows import Row, union

TOUCH = 3.0
"""Rules that end this near to each other (points) meet."""

MOST_RULES = 600
"""More drawn lines than this are a chart."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rules that meet: a table, or only a frame."""

    rect: Rect
    across: tuple[Rect, ...]
    down: tuple[Rect, ...]
    xs: tuple[float, ...]
    ys: tuple[float, ...]

    def holds(self, row: Row) -> bool:
        """Whether the middle of a row stands inside."""
        x, y = _middle(row.rect)
        return self.rect[0] <= x <= self.rect[2] and self.rect[1] <= y <= self.rect[3]

    def cell(self, rect: Rect) -> tuple[int, int]:
        """Band and column of the cell in which a word stands; merged cells count as their first."""
        x, y = _middle(rect)
        band = max(0, bisect_right(self.ys, y) - 1)
        column = max(0, bisect_right(self.xs, x) - 1)
        while band > 0 and not _crosses(self.across, self.ys[band], x, horizontal=True):
            band -= 1
        while column > 0 and not _crosses(self.down, self.xs[column], y, horizontal=False):
            column -= 1
        return band, column


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells, each cell the printed lines in it; `xs` are the borders of its columns."""

    rect: Rect
    rows: tuple[tuple[tuple[Row, ...], ...], ...]
    xs: tuple[float, ...]


def _middle(rect: Rect) -> tuple[float, float]:
    return (rect[0] + rect[2]) / 2, (rect[1] + rect[3]) / 2


def _crosses(rules: Sequence[Rect], level: float, at: float, *, horizontal: bool) -> bool:
    low, high, side = (0, 2, 1) if horizontal else (1, 3, 0)
    return any(
        abs(rule[side] - level) <= TOUCH and rule[low] - TOUCH <= at <= rule[high] + TOUCH
        for rule in rules
    )


def find_grids(rules: Sequence[Rect]) -> list[Grid]:
    """Groups of drawn lines that meet and could hold at least two cells."""
    if not 4 <= len(rules) <= MOST_RULES:
        return []
    grids = []
    for group in _groups(rules):
        across = tuple([r for r in group if r[2] - r[0] >= r[3] - r[1]])
        down = tuple([r for r in group if r[2] - r[0] < r[3] - r[1]])
        xs, ys = _levels([r[0] for r in down]), _levels([r[1] for r in across])
        if len(xs) >= 2 and len(ys) >= 2 and len(xs) + len(ys) >= 5:
            grids.append(Grid(union(group), across, down, xs, ys))
    return grids


def _levels(values: Sequence[float]) -> tuple[float, ...]:
    levels: list[float] = []
    for value in sorted(values):
        if not levels or value - levels[-1] > TOUCH:
            levels.append(value)
    return tuple(levels)


def _groups(rules: Sequence[Rect]) -> list[list[Rect]]:
    """Connected sets of touching rules, by sweeping from left to right."""
    order = sorted(range(len(rules)), key=lambda index: rules[index][0])
    parent = list(range(len(rules)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    active: list[int] = []
    for index in order:
        left, top, _, bottom = rules[index]
        active = [other for other in active if rules[other][2] >= left - TOUCH]
        for other in active:
            if rules[other][1] <= bottom + TOUCH and rules[other][3] >= top - TOUCH:
                parent[root(other)] = root(index)
        active.append(index)
    groups: defaultdict[int, list[Rect]] = defaultdict(list)
    for index in order:
        groups[root(index)].append(rules[index])
    return list(groups.values())


def fill(grid: Grid, rows: Sequence[Row]) -> Table | None:
    """The table that the rows inside a grid make; None where they fill fewer than two columns."""
    cells: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        cells[grid.cell(row.rect)].append(row)
    bands = sorted({band for band, _ in cells})
    columns = {column for _, column in cells}
    if len(columns) < 2 or len(cells) < 3:
        return None
    table = tuple(
        tuple(tuple(cells[key]) for key in sorted(cells) if key[0] == band) for band in bands
    )
    return Table(grid.rect, table, grid.xs)
