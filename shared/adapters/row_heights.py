"""How high a row must be for its wrapped texts, since not every program works it out on opening."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

HEIGHT_LIMIT = 409
"""Points: Excel allows no higher row."""

LINE_HEIGHT = 15
"""Points of a line in the workbook's font."""

LINE_LIMIT = HEIGHT_LIMIT // LINE_HEIGHT

DEFAULT_WIDTH = 8
"""Characters that fit a column whose width is not set."""


def row_height(cells: Iterable[tuple[str, int]]) -> int:
    """Points for a row of texts, each with the characters its column holds side by side.

    An estimate on the safe side: letters count as wide as digits, though most are narrower.
    """
    return LINE_HEIGHT * max((_lines(text, max(width, 1)) for text, width in cells), default=1)


def _lines(text: str, width: int) -> int:
    lines = 0
    for paragraph in text.split("\n"):
        lines += _wrapped(paragraph[: LINE_LIMIT * (width + 1)], width)
        if lines >= LINE_LIMIT:
            return LINE_LIMIT
    return lines


def _wrapped(paragraph: str, width: int) -> int:
    """Lines of a paragraph broken between words, and within words that are too long for one."""
    lines, used = 1, 0
    for word in paragraph.split():
        size = _size(word)
        if used and used + 1 + size <= width:
            used += 1 + size
            continue
        full_lines = max(size - 1, 0) // width
        lines += bool(used) + full_lines
        used = size - full_lines * width
    return lines


def _size(word: str) -> int:
    if word.isascii():
        return len(word)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in word)
