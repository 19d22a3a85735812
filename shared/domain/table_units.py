"""Table rows as wordings: whole where cells are short, each cell of prose by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from shared.domain.hyphens import Vocabulary
from shared.domain.line_marks import marker_length
from shared.domain.paragraphs import Paragraph, split_block
from shared.domain.rows import Row, follows
from shared.domain.tables import Table
from shared.domain.wording import Wording, word

PROSE_WORDS = 7
"""A cell of so many words says something by itself; shorter ones mean something only together.

They stay together only where the PDF holds them one after the other, so that a row is found
verbatim in the text of its page.
"""

LEAST_COUNTED = 3
"""Rows that a table must count one by one before the numbers are taken for markers."""


class RowPart(NamedTuple):
    """What a row is read as; `marker` is the number under which the table counts it."""

    row: int
    wording: Wording
    marker: str = ""


def row_parts(table: Table, vocabulary: Vocabulary) -> Iterator[RowPart]:
    """All parts of all rows, in order."""
    ordinals = _ordinals(table)
    for index, cells in enumerate(table.rows):
        groups = list(_groups(cells, ordinals))
        marker = ""
        for place, group in enumerate(groups):
            if id(group.first) in ordinals and place + 1 < len(groups):
                marker = group.text
                continue
            yield RowPart(index, word(group.rows, vocabulary, group.skip), marker)
            marker = ""


def _groups(cells: Sequence[Sequence[Row]], ordinals: set[int]) -> Iterator[Paragraph]:
    """Cells of prose by themselves, short ones together; ordinals always apart."""
    short: list[Row] = []
    for cell in cells:
        paragraphs = split_block(cell)
        if _is_prose(paragraphs):
            yield from _together(short, ordinals)
            short = []
            for paragraph in paragraphs:
                yield Paragraph(paragraph.rows, skip=marker_length(paragraph.first))
        else:
            short.extend(cell)
    yield from _together(short, ordinals)


def _together(rows: Sequence[Row], ordinals: set[int]) -> Iterator[Paragraph]:
    """Rows of short cells, as long as they follow each other in the text of the page."""
    run: list[Row] = []
    for row in rows:
        if run and (not follows(run[-1], row) or ordinals & {id(row), id(run[-1])}):
            yield Paragraph(run)
            run = []
        run.append(row)
    if run:
        yield Paragraph(run)


def _ordinals(table: Table) -> set[int]:
    """The cells that number the rows: 1, 2, 3 … one below the other."""
    found: set[int] = set()
    numbers = [
        (round(cell[0].rect[0] / 20), int(cell[0].text), id(cell[0]))
        for cells in table.rows
        for cell in cells[:2]
        if len(cell) == 1 and cell[0].text.isdecimal() and len(cell[0].text) <= 3
    ]
    counting = groupby(enumerate(numbers), key=lambda item: (item[1][0], item[1][1] - item[0]))
    for _, run in counting:
        ids = [number[2] for _, number in run]
        if len(ids) >= LEAST_COUNTED:
            found.update(ids)
    return found


def _is_prose(paragraphs: Sequence[Paragraph]) -> bool:
    words = sum(len(row.words) for paragraph in paragraphs for row in paragraph.rows)
    listed = sum(marker_length(paragraph.first) for paragraph in paragraphs)
    return words >= PROSE_WORDS or listed > 1


def header_of(table: Table) -> str:
    """The text of the first row: what the columns are called."""
    cells = (" ".join(row.text for row in cell) for cell in table.rows[0])
    return " | ".join(cells)
