"""Table rows as wordings: whole where cells are short, each cell of prose by itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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


def row_parts(table: Table, vocabulary: Vocabulary) -> Iterator[tuple[int, Wording]]:
    """The index of each row with the wordings it is read as, in order."""
    for index, cells in enumerate(table.rows):
        short: list[Row] = []
        for cell in cells:
            paragraphs = split_block(cell)
            if not _is_prose(paragraphs):
                for row in cell:
                    if short and not follows(short[-1], row):
                        yield index, word(short, vocabulary)
                        short = []
                    short.append(row)
                continue
            if short:
                yield index, word(short, vocabulary)
                short = []
            for paragraph in paragraphs:
                yield index, word(paragraph.rows, vocabulary, marker_length(paragraph.first))
        if short:
            yield index, word(short, vocabulary)


def _is_prose(paragraphs: Sequence[Paragraph]) -> bool:
    words = sum(len(row.words) for paragraph in paragraphs for row in paragraph.rows)
    listed = sum(marker_length(paragraph.first) for paragraph in paragraphs)
    return words >= PROSE_WORDS or listed > 1


def header_of(table: Table) -> str:
    """The text of the first row: what the columns are called."""
    cells = (" ".join(row.text for row in cell) for cell in table.rows[0])
    return " | ".join(cells)
