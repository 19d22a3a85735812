"""Pages whose text runs sideways, turned so that it reads from left to right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from shared.domain.pages import Line, Page, Rect
from shared.domain.rows import Row, row_of


def angle_of(page: Page) -> int:
    """The angle at which most of a page's words are set."""
    if all(line.angle == 0 for line in page.lines):
        return 0
    words: Counter[int] = Counter()
    for line in page.lines:
        words[line.angle] += len(line.words)
    return words.most_common(1)[0][0] if words else 0


def upright_rows(page: Page, lines: Sequence[tuple[int, Line]]) -> list[Row]:
    """Rows laid out as if the page were turned upright; their words keep their places as shown."""
    angle = angle_of(page)
    rows = [row_of(page, line, order) for order, line in lines]
    if not angle:
        return rows
    return [
        row._replace(rect=turned(row.rect, angle, page), angle=(row.angle - angle) % 360)
        for row in rows
    ]


def upright_rules(page: Page) -> Sequence[Rect]:
    """The rules of a page, turned as its rows are."""
    angle = angle_of(page)
    return [turned(rule, angle, page) for rule in page.rules] if angle else page.rules


def upright_height(page: Page) -> float:
    """The height of the page when turned."""
    return page.width if angle_of(page) in (90, 270) else page.height


def turned(rect: Rect, angle: int, page: Page) -> Rect:
    """Where a rectangle comes to lie."""
    x0, y0, x1, y1 = rect
    if angle == 90:
        return (y0, page.width - x1, y1, page.width - x0)
    if angle == 270:
        return (page.height - y1, x0, page.height - y0, x1)
    return (page.width - x1, page.height - y1, page.width - x0, page.height - y0)
