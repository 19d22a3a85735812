"""What an extractor sees on a page: words, their places, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

Rect = tuple[float, float, float, float]
"""x0, y0, x1, y1 in points from the page's top left as shown."""


class PageState(StrEnum):
    """Where a page's text comes from, or why there is none."""

    TEXT = "text"
    OCR = "ocr"
    UNTRUSTED = "untrusted"
    SCRIPT_NOT_READABLE = "script not readable"
    PICTURE_UNREAD = "picture unread"
    BLANK = "blank"
    FAILED = "failed"

    @property
    def was_read(self) -> bool:
        """Whether absence of a passage on this page means something."""
        return self in {PageState.TEXT, PageState.OCR, PageState.BLANK}


class Word(NamedTuple):
    """One run of characters without white space, as extracted.

    A tuple, not a dataclass: a long document has half a million of them.
    """

    text: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class Line:
    """One line of print: its words, and the type they are set in.

    `block` numbers the extractor's text blocks of the page; `size` is in points.
    """

    words: tuple[Word, ...]
    rect: Rect
    block: int
    size: float
    bold: bool = False
    superscripts: tuple[int, ...] = ()
    """Indexes of words that are raised marks."""

    angle: int = 0
    """Where the line runs, clockwise: 0 to the right, 90 down the page, 180, 270 up the page."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page; `number` counts from 1, `width` and `height` are as shown, in points.

    `label` is the page label the PDF itself gives, empty where it gives none.
    `image_share` is the part of the page covered by pictures, 0 to 1.
    """

    number: int
    width: float
    height: float
    state: PageState
    reason: str = ""
    lines: tuple[Line, ...] = ()
    label: str = ""
    image_share: float = 0.0
    rules: tuple[Rect, ...] = ()
    """Thin drawn lines: the borders of tables, underlines, the stroke above footnotes."""
