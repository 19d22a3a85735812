"""The order in which a person reads what stands on a page: columns, then lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.pages import Rect
from shared.domain.rows import Row, union
from shared.domain.tables import Table, fill, find_grids

GUTTER = 5.0
"""White space between columns is at least this wide (points)."""

PROSE_WORDS = 12
"""A column of text has at least this many words, and three to a line; cells have fewer."""


@dataclass(frozen=True, slots=True)
class Block:
    """What stays together: the extractor's text block, or a table."""

    rect: Rect
    rows: tuple[Row, ...]
    order: int
    table: Table | None = None


def read_in_order(rows: Sequence[Row], rules: Sequence[Rect]) -> list[Block]:
    """Blocks of one page, tables found by their rules, in reading order."""
    tables, rest = _tables(rows, rules)
    upright = [block for block in [*tables, *_blocks(rest, 0)] if block.rows[0].angle == 0]
    sideways = [block for block in _blocks(rest, 0) if block.rows[0].angle != 0]
    return _ordered(upright, 0) + sideways


def _tables(rows: Sequence[Row], rules: Sequence[Rect]) -> tuple[list[Block], list[Row]]:
    rest = list(rows)
    tables: list[Block] = []
    for grid in sorted(find_grids(rules), key=lambda grid: -len(grid.xs) * len(grid.ys)):
        inside = [row for row in rest if row.angle == 0 and grid.holds(row)]
        table = fill(grid, inside) if inside else None
        if table is not None:
            taken = {id(row) for row in inside}
            tables.append(Block(table.rect, tuple(inside), inside[0].block, table))
            rest = [row for row in rest if id(row) not in taken]
    return tables, rest


def _blocks(rows: Sequence[Row], _: int) -> list[Block]:
    groups: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.block, row.angle].append(row)
    return [
        Block(union([row.rect for row in group]), tuple(group), group[0].block)
        for group in groups.values()
    ]


DEEPEST = 12
"""Cuts within cuts; stranger pages than this keep the extractor's order."""


def _ordered(blocks: list[Block], depth: int) -> list[Block]:
    if len(blocks) < 2:
        return blocks
    if depth > DEEPEST:
        return sorted(blocks, key=lambda block: block.order)
    cut = _gutter(blocks)
    if cut is not None:
        left = [block for block in blocks if block.rect[2] <= cut]
        right = [block for block in blocks if block.rect[2] > cut]
        return _ordered(left, depth + 1) + _ordered(right, depth + 1)
    groups = _columned(_bands(blocks))
    if len(groups) == 1:
        return sorted(blocks, key=lambda block: block.order)
    return [block for group in groups for block in _ordered(group, depth + 1)]


def _bands(blocks: list[Block]) -> list[list[Block]]:
    """Groups between which a horizontal line crosses nothing."""
    bands: list[list[Block]] = []
    bottom = float("-inf")
    for block in sorted(blocks, key=lambda block: block.rect[1]):
        if bands and block.rect[1] < bottom - 1.0:
            bands[-1].append(block)
        else:
            bands.append([block])
        bottom = max(bottom, block.rect[3])
    return bands


def _columned(bands: list[list[Block]]) -> list[list[Block]]:
    """Neighbouring bands put together as long as one gutter runs through them all."""
    groups: list[list[Block]] = []
    for band in bands:
        if groups and len(bands) > 1 and _gutter(groups[-1] + band) is not None:
            groups[-1] = groups[-1] + band
        else:
            groups.append(band)
    return groups


def _gutter(blocks: list[Block]) -> float | None:
    """The right edge of a left column with white space beside it and prose on both sides."""
    if len(blocks) < 2:
        return None
    reach = float("-inf")
    ordered = sorted(blocks, key=lambda block: block.rect[0])
    for index, block in enumerate(ordered):
        if (
            index
            and block.rect[0] - reach >= GUTTER
            and _are_columns(ordered[:index], ordered[index:])
        ):
            return reach
        reach = max(reach, block.rect[2])
    return None


def _are_columns(left: list[Block], right: list[Block]) -> bool:
    """Both sides hold prose, and stand beside each other."""
    first, second = union([b.rect for b in left]), union([b.rect for b in right])
    beside = min(first[3], second[3]) - max(first[1], second[1])
    return beside > 20 and _is_prose(left) and _is_prose(right)


def _is_prose(blocks: list[Block]) -> bool:
    rows = [row for block in blocks for row in block.rows]
    words = sum(len(row.words) for row in rows)
    return words >= PROSE_WORDS and words >= 3 * len(rows)
