"""PDFs made on the spot, for what real ones cannot be relied on to show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pymupdf

AES_256 = 5
"""PyMuPDF's number for this encryption."""


def pdf_of(*pages: str, **options: Any) -> bytes:
    """A PDF with one page for each text, its lines set one below the other."""
    document = pymupdf.open()
    for text in pages:
        page = document.new_page()
        page.insert_text((72, 100), text.split("\n"), fontsize=11)
    data: bytes = document.tobytes(**options)
    return data


class Sheet:
    """A PDF drawn piece by piece; places are in points from the top left."""

    def __init__(self) -> None:
        self.document = pymupdf.open()
        self.page = self.document.new_page(width=595, height=842)

    def turn_over(self) -> Sheet:
        """Begin the next page."""
        self.page = self.document.new_page(width=595, height=842)
        return self

    def write(self, x: float, y: float, *lines: str, size: float = 11, bold: bool = False) -> Sheet:
        """Set lines one below the other from a baseline on."""
        font = "hebo" if bold else "helv"
        for index, line in enumerate(lines):
            self.page.insert_text((x, y + index * size * 1.2), line, fontsize=size, fontname=font)
        return self

    def grid(self, xs: Sequence[float], ys: Sequence[float]) -> Sheet:
        """Draw the borders of a table's cells."""
        for x in xs:
            self.page.draw_line((x, ys[0]), (x, ys[-1]), width=0.5)
        for y in ys:
            self.page.draw_line((xs[0], y), (xs[-1], y), width=0.5)
        return self

    def pdf(self) -> bytes:
        """The PDF so far."""
        data: bytes = self.document.tobytes()
        return data
