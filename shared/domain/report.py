"""What a workbook is made of: sheets of plain rows, and the rules Excel sets for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

CELL_LIMIT = 32_767
"""Characters in one cell, counted as Excel does: in UTF-16 units."""

ROW_LIMIT = 1_048_576
"""Rows on one sheet, header and notes included."""


class Fill(StrEnum):
    """What the colour of a cell means; its words always say the same."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    PARTLY_READ = "partly_read"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rich:
    """Text of which `text[focus[0]:focus[1]]` is shown bold."""

    text: str
    focus: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to `target`, shown as `text`.

    `target` is an address, or `#'Sheet'!A1` for a place in the workbook.
    """

    text: str | int
    target: str


Plain = str | int | float | Rich | Link


@dataclass(frozen=True, slots=True)
class Filled:
    """A cell on a coloured ground."""

    value: Plain
    fill: Fill


Cell = Plain | Filled | None
"""None is an empty cell for people to fill in; no cell of ours is empty."""

Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """A column (from 0) with a drop-down of `values`."""

    column: int
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: a header row and rows of the same length. `widths` are in characters.

    `rows` is walked once, so it may be a generator. `alerts` and `notes` are lines above the
    header, the alerts in a colour nobody overlooks. `frozen` columns stay in view.
    """

    name: str
    header: tuple[str, ...]
    rows: Iterable[Row]
    widths: tuple[int, ...] = ()
    alerts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    frozen: int = 1
    landscape: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """A workbook's sheets, in order. `created` is ISO 8601: equal reports give equal files."""

    sheets: tuple[Sheet, ...]
    title: str = ""
    created: str = "2000-01-01T00:00:00+00:00"


def excel_length(text: str) -> int:
    """The length of a text as Excel counts it."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def pieces(text: str, limit: int = CELL_LIMIT) -> list[tuple[int, str]]:
    """A text in pieces that fit a cell, each with its offset; no character is cut in two."""
    if len(text) * 2 <= limit or excel_length(text) <= limit:
        return [(0, text)]
    found: list[tuple[int, str]] = []
    start, size = 0, 0
    for index, character in enumerate(text):
        width = 2 if character > "\uffff" else 1
        if size + width > limit:
            found.append((start, text[start:index]))
            start, size = index, 0
        size += width
    found.append((start, text[start:]))
    return found


def continued(row: Row) -> Iterator[Row]:
    """The row, and after it as many rows as its longest text needs to be shown whole.

    A further row repeats the short cells, so that a filter keeps all of them together; its first
    cell says that it continues the row above. Cells for people to fill in stay in the first row.
    """
    parts = [_cell_pieces(cell) for cell in row]
    count = max(map(len, parts), default=1)
    yield tuple(part[0] for part in parts)
    for number in range(1, count):
        cells = [_continuation(part, number) for part in parts]
        yield (_numbered(row[0], number + 1), *cells[1:])


def row_count(row: Row) -> int:
    """How many rows `continued` makes of this one."""
    return max((len(_cell_pieces(cell)) for cell in row), default=1)


def _cell_pieces(cell: Cell) -> list[Cell]:
    if isinstance(cell, str):
        return [text for _, text in pieces(cell)]
    if isinstance(cell, Rich):
        return [_rich_piece(cell, offset, text) for offset, text in pieces(cell.text)]
    if isinstance(cell, Filled) and isinstance(cell.value, str | Rich):
        return [
            replace(cell, value=part)
            for part in _cell_pieces(cell.value)
            if isinstance(part, str | Rich)
        ]
    return [cell]


def _rich_piece(cell: Rich, offset: int, text: str) -> Rich:
    start, end = (min(max(edge - offset, 0), len(text)) for edge in cell.focus)
    return Rich(text, (start, end))


def _continuation(parts: list[Cell], number: int) -> Cell:
    if len(parts) == 1:
        return parts[0]
    return parts[number] if number < len(parts) else "(complete above)"


def _numbered(cell: Cell, number: int) -> str:
    value = cell.value if isinstance(cell, Filled) else cell
    if isinstance(value, Link | Rich):
        value = value.text
    return f"{pieces(str(value), 100)[0][1]} (continued, {number})"
