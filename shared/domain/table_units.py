"""Table rows as wordings: whole where they are short, cell by cell where they are prose."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.hyphens import Vocabulary
from shared.domain.rows import merge_segments
from shared.domain.tables import Table
from shared.domain.wording import Wording, word

WHOLE_ROW_WORDS = 40
"""A row of more words than this is read cell by cell."""


def row_parts(table: Table, vocabulary: Vocabulary) -> Iterator[tuple[int, Wording]]:
    """The index of each row with its wording, or with each of its cells' wordings."""
    for index, cells in enumerate(table.rows):
        rows = [row for cell in cells for row in cell]
        if sum(len(row.words) for row in rows) <= WHOLE_ROW_WORDS:
            yield index, word(rows, vocabulary)
            continue
        for cell in cells:
            yield index, word(merge_segments(cell), vocabulary)


def header_of(table: Table) -> str:
    """The text of the first row: what the columns are called."""
    cells = (" ".join(row.text for row in cell) for cell in table.rows[0])
    return " | ".join(cells)
