"""Pages as an extractor would hand them over, made from plain text."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.pages import Line, Page, PageState, Rect, Word

WIDTH, HEIGHT = 595.0, 842.0
LETTER = 5.0
"""Every letter is as wide, so that places can be worked out by hand."""


def line(
    text: str,
    x: float = 72,
    y: float = 100,
    *,
    block: int = 0,
    size: float = 11,
    bold: bool = False,
    raised: Sequence[int] = (),
) -> Line:
    """One printed line, its top left at (x, y)."""
    words, left = [], x
    for word in text.split():
        right = left + LETTER * len(word)
        words.append(Word(word, (left, y, right, y + size)))
        left = right + LETTER
    box = (x, y, left - LETTER, y + size)
    return Line(tuple(words), box, block, size, bold, tuple(raised))


def paragraph(
    *texts: str, x: float = 72, y: float = 100, block: int = 0, size: float = 11, bold: bool = False
) -> list[Line]:
    """Lines one below the other."""
    return [
        line(text, x, y + index * size * 1.2, block=block, size=size, bold=bold)
        for index, text in enumerate(texts)
    ]


def page(
    *lines: Line, number: int = 1, rules: Sequence[Rect] = (), state: PageState = PageState.TEXT
) -> Page:
    """One page with these lines."""
    return Page(number, WIDTH, HEIGHT, state, "", tuple(lines), rules=tuple(rules))


def grid(xs: Sequence[float], ys: Sequence[float]) -> list[Rect]:
    """The borders of a table's cells."""
    down = [(x, ys[0], x + 0.5, ys[-1]) for x in xs]
    across = [(xs[0], y, xs[-1], y + 0.5) for y in ys]
    return [*down, *across]
