"""Lays sample texts out on pages: headings, paragraphs, lists, tables, footnotes, columns."""

from dataclasses import dataclass
from typing import Any

import pymupdf

WIDTH, HEIGHT, MARGIN = 595.0, 842.0, 64.0
BODY, HEADING, SMALL = 10.5, 14.0, 8.5
GAP = 8.0
COLUMN_GAP = 22.0


@dataclass(frozen=True)
class Heading:
    """A heading on a line of its own."""

    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list, each item behind a bullet."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Rows of cells between ruled lines; the first row is the header."""

    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Table


@dataclass(frozen=True)
class Page:
    """A page: its running head, its printed number, its blocks and its footnotes."""

    running_head: str
    number: str
    blocks: tuple[Block, ...]
    footnotes: tuple[str, ...] = ()
    columns: int = 1


def render(pages: tuple[Page, ...]) -> bytes:
    """Return the PDF; the same pages give the same bytes."""
    document = pymupdf.open()
    for page in pages:
        _Sheet(document.new_page(width=WIDTH, height=HEIGHT), page).draw()
    document.set_metadata({"title": pages[0].running_head, "producer": "Policy Reader samples"})
    content: bytes = document.tobytes(garbage=4, deflate=True, no_new_id=True)
    return content


class _Sheet:
    """One page being filled, column by column, from the top down."""

    def __init__(self, sheet: Any, page: Page) -> None:
        self._sheet = sheet
        self._page = page
        self._width = (WIDTH - 2 * MARGIN - (page.columns - 1) * COLUMN_GAP) / page.columns
        self._left = MARGIN
        self._top = MARGIN + 14
        self._bottom = HEIGHT - MARGIN - 14 * len(page.footnotes)

    def draw(self) -> None:
        self._sheet.insert_text((MARGIN, 44), self._page.running_head, fontsize=SMALL)
        self._sheet.insert_text((WIDTH / 2 - 6, HEIGHT - 32), self._page.number, fontsize=SMALL)
        for block in self._page.blocks:
            match block:
                case Heading():
                    self._write(block.text, HEADING, font="hebo")
                case Paragraph():
                    self._write(block.text, BODY)
                case Bullets():
                    for item in block.items:
                        self._write(f"\u2022 {item}", BODY, indent=14)
                case Table():
                    self._tabulate(block.rows)
        for index, note in enumerate(self._page.footnotes):
            place = (MARGIN, self._bottom + 14 * (index + 1))
            self._sheet.insert_text(place, note, fontsize=SMALL)

    def _write(self, text: str, size: float, *, font: str = "helv", indent: float = 0) -> None:
        for line in _wrap(text, self._width - indent, size, font):
            self._move_on(size)
            self._sheet.insert_text(
                (self._left + indent, self._top), line, fontsize=size, fontname=font
            )
        self._top += GAP

    def _move_on(self, size: float) -> None:
        """Go down a line, into the next column where this one is full."""
        self._top += size * 1.3
        if self._top > self._bottom:
            self._left += self._width + COLUMN_GAP
            self._top = MARGIN + 14 + size * 1.3
            if self._left > WIDTH - MARGIN:
                raise ValueError(f"page {self._page.number} of {self._page.running_head} is full")

    def _tabulate(self, rows: tuple[tuple[str, ...], ...]) -> None:
        cell = self._width / len(rows[0])
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                left = self._left + column * cell
                box = pymupdf.Rect(left, self._top, left + cell, self._top + 18)
                self._sheet.draw_rect(box, width=0.5)
                self._sheet.insert_text(
                    (left + 4, self._top + 12.5),
                    text,
                    fontsize=SMALL + 0.5,
                    fontname="helv" if number else "hebo",
                )
            self._top += 18
        self._top += GAP


def _wrap(text: str, width: float, size: float, font: str) -> list[str]:
    """Break a text into lines no wider than this."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if line and pymupdf.get_text_length(longer, fontname=font, fontsize=size) > width:
            lines.append(line)
            longer = word
        line = longer
    return [*lines, line]
