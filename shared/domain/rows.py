"""Lines as printed: the segments an extractor sees, put together to rows of words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from shared.domain.pages import Line, Page, Rect, Word


class Row(NamedTuple):
    """One printed line of one column. `raised` holds indexes of its raised marks.

    A tuple, not a dataclass: a long document has a hundred thousand of them.
    """

    page: int
    words: tuple[Word, ...]
    rect: Rect
    block: int
    size: float
    bold: bool
    raised: tuple[int, ...]
    angle: int
    text: str
    """Its words, a space between them."""

    order: int
    """Which of the page's lines it is, in the extractor's order."""

    last: int
    """The same of its last segment."""

    @property
    def height(self) -> float:
        """From the top of its tallest word to the foot of its lowest."""
        return self.rect[3] - self.rect[1]


def union(rects: Iterable[Rect]) -> Rect:
    """The smallest rectangle around all of them."""
    lefts, tops, rights, bottoms = zip(*rects, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))


def row_of(page: Page, line: Line, order: int) -> Row:
    """A row that is one line of the extractor."""
    return Row(
        page.number,
        line.words,
        line.rect,
        line.block,
        line.size,
        line.bold,
        line.superscripts,
        line.angle,
        " ".join([word.text for word in line.words]),
        order,
        order,
    )


def joined(rows: Sequence[Row]) -> Row:
    """Segments of one printed line as one row, in the order given."""
    if len(rows) == 1:
        return rows[0]
    words: list[Word] = []
    raised: list[int] = []
    for row in rows:
        raised.extend([len(words) + index for index in row.raised])
        words.extend(row.words)
    widest = max(rows, key=lambda row: row.rect[2] - row.rect[0])
    return Row(
        rows[0].page,
        tuple(words),
        union(row.rect for row in rows),
        rows[0].block,
        widest.size,
        widest.bold,
        tuple(raised),
        rows[0].angle,
        " ".join([row.text for row in rows]),
        rows[0].order,
        rows[-1].last,
    )


def same_line(first: Row, second: Row) -> bool:
    """Whether two segments stand on one printed line."""
    overlap = min(first.rect[3], second.rect[3]) - max(first.rect[1], second.rect[1])
    return overlap > 0.5 * min(first.height, second.height) and first.angle == second.angle


def follows(before: Row, after: Row) -> bool:
    """Whether nothing stands between two rows in the text of their page.

    Only such rows are put together to a unit: it is found verbatim in what any reader copies.
    """
    return after.order == before.last + 1 or after.page != before.page


def merge_segments(rows: Sequence[Row], keep_apart: Callable[[Row], bool]) -> list[Row]:
    """Join neighbours in the given order that stand on one printed line, but for some."""
    merged: list[list[Row]] = []
    for row in rows:
        before = merged[-1][-1] if merged else None
        if before and follows(before, row) and same_line(before, row) and not keep_apart(row):
            merged[-1].append(row)
        else:
            merged.append([row])
    return [joined(group) for group in merged]


def body_size(rows: Iterable[Row]) -> float:
    """The type size in which most of the document is set."""
    exact: Counter[float] = Counter()
    for row in rows:
        exact[row.size] += len(row.words)
    sizes: Counter[float] = Counter()
    for size, words in exact.items():
        sizes[round(size * 2) / 2] += words
    return sizes.most_common(1)[0][0] if sizes else 10.0
