"""PDF → pages, with PyMuPDF in a process of its own: what kills it costs a page, not the worker."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO

from shared.adapters.pymupdf_processes import Child, ChildGone, ChildServer, Limits
from shared.domain.errors import DocumentError
from shared.domain.garbage import no_collection
from shared.domain.pages import Line, Page, PageState, Rect, Word
from shared.domain.trust import judge

VERSION = "pymupdf-1"
"""Change it whenever the same PDF may give other pages."""

HEADER_WITHIN = 1024
"""Readers accept `%PDF-` within the first kilobyte, so we do."""

_PROBLEMS = {
    "password": "it needs a password to be opened: save a copy without a password and upload that",
    "no pages": "it has no pages: upload a PDF that has some",
    "too many pages": "it has {detail} pages, more than can be read here: split it into parts",
    "damaged": "it is damaged and cannot be repaired: open it in a PDF reader, print it to a new "
    "PDF and upload that",
}


class PymupdfTextExtractor:
    """Reads the text layer of PDFs. Safe to use from many threads at once."""

    version = VERSION

    def __init__(self, limits: Limits | None = None, server: ChildServer | None = None) -> None:
        self._limits = limits or Limits()
        self._server = server or ChildServer()

    @contextmanager
    def open(self, pdf: bytes) -> Iterator[OpenedPdf]:
        """Open a PDF; its process ends with the context.

        Raises:
            DocumentError: not a PDF, a password is needed, damaged beyond repair, too many pages.
        """
        if b"%PDF-" not in pdf[:HEADER_WITHIN]:
            raise DocumentError(_not_a_pdf(pdf))
        with tempfile.TemporaryFile() as file, no_collection():
            file.write(pdf)
            file.flush()
            opened = OpenedPdf(file, self._server, self._limits)
            try:
                yield opened
            finally:
                opened.close()

    def close(self) -> None:
        """End the process that is kept for the next document."""
        self._server.close()


class OpenedPdf:
    """A PDF that its child could open."""

    def __init__(self, file: BinaryIO, server: ChildServer, limits: Limits) -> None:
        self._file = file
        self._server = server
        self._limits = limits
        self._deaths = 0
        self._fresh: Child | None = None
        header: dict[str, Any] = {"error": "damaged"}
        self._fresh, header = self._start()
        self.page_count: int = header["pages"]
        self.title: str = " ".join(str(header["title"]).split())

    def _start(self) -> tuple[Child, dict[str, Any]]:
        child = self._server.child(self._file, self._limits)
        try:
            header = child.receive(self._limits.opening_seconds)
        except ChildGone:
            header = {"error": "damaged"}
        if "error" in header:
            child.close()
            text = _PROBLEMS.get(str(header["error"]), _PROBLEMS["damaged"])
            raise DocumentError(text.format(detail=header.get("detail", "")))
        return child, header

    def pages(self, first: int = 1) -> Iterator[Page]:
        """The pages from `first` on, each as soon as it is known; failed ones have a reason."""
        number = first
        while number <= self.page_count:
            if self._deaths >= self._limits.deaths:
                yield _failed(number, f"not tried: reading crashed on {self._deaths} other pages")
                number += 1
                continue
            for page in self._pages_of_one_child(number):
                yield page
                number = page.number + 1

    def _pages_of_one_child(self, first: int) -> Iterator[Page]:
        """Pages until the child dies, the page of its death included."""
        number = first
        child: Child | None = None
        started = time.monotonic()
        try:
            child, self._fresh = self._fresh or self._start()[0], None
            child.ask_from(first)
            while number <= self.page_count:
                started = time.monotonic()
                page = _page(child.receive(self._limits.page_seconds), number)
                yield page
                number += 1
        except ChildGone as gone:
            self._deaths += 1
            slow = gone.timed_out or time.monotonic() - started >= 0.9 * self._limits.page_seconds
            yield _failed(number, self._why(slow=slow))
        except DocumentError:
            self._deaths = self._limits.deaths  # it opened once, and does so no more
        finally:
            if child is not None:
                child.close()

    def _why(self, *, slow: bool) -> str:
        if slow:
            return f"reading it took longer than {self._limits.page_seconds:g} seconds"
        return "reading it crashed the PDF library or took too much memory"

    def close(self) -> None:
        """Let go of a child that was never asked."""
        if self._fresh is not None:
            self._fresh.close()
            self._fresh = None


def _not_a_pdf(data: bytes) -> str:
    if not data:
        return "it is empty: upload it again"
    if data.startswith(b"PK"):
        return "it is not a PDF but a Word, Excel or ZIP file: save it as PDF and upload that"
    return "it is not a PDF: upload the document as PDF"


def _failed(number: int, reason: str) -> Page:
    return Page(number, 0.0, 0.0, PageState.FAILED, reason)


def _page(frame: dict[str, Any], number: int) -> Page:
    """The page a frame describes.

    Raises:
        ChildGone: the frame is not one that our program sends.
    """
    if "failed" in frame:
        return _failed(number, str(frame["failed"]))
    try:
        return _read_page(frame, number)
    except (KeyError, TypeError, ValueError, IndexError):
        raise ChildGone(timed_out=False) from None


def _read_page(frame: dict[str, Any], number: int) -> Page:
    sides = frame.get("sides", [])
    rects = iter(list(zip(*[iter(sides)] * 4, strict=True)))
    lines = [_line(rects, *line) for line in frame["lines"]]
    rules = tuple(rects)
    if len(rules) != frame["rules"]:
        raise ValueError("a page's rectangles are not as many as its words and rules")
    width, height = frame["size"]
    hidden = sum(
        [len(line.words) for line, sent in zip(lines, frame["lines"], strict=True) if sent[3]]
    )
    state, reason = judge(lines, frame["images"], hidden)
    return Page(
        number,
        width,
        height,
        state,
        reason,
        tuple(lines),
        frame["label"],
        frame["images"],
        rules,
    )


def _line(
    rects: Iterator[Rect],
    block: int,
    size: float,
    bold: int,
    _hidden: int,
    angle: int,
    raised: list[int],
    text: str,
) -> Line:
    texts = text.split(" ")
    places = list(islice(rects, len(texts)))
    words = tuple(map(Word, texts, places))
    lefts, tops, rights, bottoms = zip(*places, strict=True)
    box = (min(lefts), min(tops), max(rights), max(bottoms))
    return Line(words, box, block, size, bool(bold), tuple(raised), angle)
