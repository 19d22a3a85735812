"""The program that marks quotes on a PDF, so that a hostile PDF takes down a process, no worker.

Reads one line of JSON, `{"memory", "seconds", "author", "marks", "outline"}`, and then the PDF
from its standard input; writes the marked PDF to its standard output. Exit codes say what is
wrong. Nothing of this project is imported here.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

import pymupdf

PASSWORD, DAMAGED, NO_SUCH_PAGE = 10, 11, 12
NO_ENCRYPTION = 1
"""`pymupdf.PDF_ENCRYPT_NONE`, which is set at run time only."""

LIGHT, STRONG = 0.45, 0.75


class Refused(Exception):
    """The PDF cannot be marked; carries the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def main() -> int:
    """Mark the PDF on standard input."""
    # MuPDF writes its complaints to the standard output, which is for the PDF alone.
    out = os.dup(1)
    os.dup2(2, 1)
    order = json.loads(sys.stdin.buffer.readline())
    _limit(order["memory"], order["seconds"])
    try:
        marked = mark(sys.stdin.buffer.read(), order)
    except Refused as refused:
        return refused.code
    with os.fdopen(out, "wb") as stream:
        stream.write(marked)
    return 0


def _limit(memory: int, seconds: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(seconds)


def mark(pdf: bytes, order: dict[str, Any]) -> bytes:
    """The PDF with its marks and an outline entry for each variable, openable by anyone."""
    if b"%PDF-" not in pdf[:1024]:
        raise Refused(DAMAGED)
    try:
        document = pymupdf.open(stream=pdf, filetype="pdf")
    except (pymupdf.FileDataError, pymupdf.EmptyFileError, RuntimeError):
        raise Refused(DAMAGED) from None
    if document.needs_pass:
        raise Refused(PASSWORD)
    for number in sorted({entry["page"] for entry in order["marks"]}):
        if not 1 <= number <= document.page_count:
            raise Refused(NO_SUCH_PAGE)
        page = document[number - 1]
        for entry in order["marks"]:
            if entry["page"] == number:
                _mark_quote(document, page, entry, order["author"])
    _add_outline(document, order["outline"])
    marked: bytes = document.tobytes(deflate=True, encryption=NO_ENCRYPTION)
    return marked


def _mark_quote(document: Any, page: Any, entry: dict[str, Any], author: str) -> None:
    if entry["rects"]:
        quote = _highlight(page, entry["rects"], entry["light"], LIGHT)
        quote.set_info(title=entry["variable"], subject=author, content=entry["content"])
        quote.update()
        _name(document, quote, entry["name"])
    if entry["focus"]:
        focus = _highlight(page, entry["focus"], entry["strong"], STRONG)
        focus.set_info(title=entry["variable"], subject=f"{author}: focus", content="")
        focus.update()
        _name(document, focus, entry["name"] + "-focus")


def _highlight(page: Any, rects: list[list[float]], colour: list[float], opacity: float) -> Any:
    # Places are given as the page is shown; annotations are kept as it lies before its rotation.
    turn = page.derotation_matrix
    quads = [pymupdf.Rect(rect).quad.transform(turn) for rect in rects]
    annotation = page.add_highlight_annot(quads=quads)
    annotation.set_colors(stroke=colour)
    annotation.set_opacity(opacity)
    annotation.update()
    return annotation


def _name(document: Any, annotation: Any, name: str) -> None:
    document.xref_set_key(annotation.xref, "NM", pymupdf.get_pdf_str(name))


def _add_outline(document: Any, outline: list[dict[str, Any]]) -> None:
    """After the document's own outline: a heading, below it each variable, below it its quotes."""
    if not outline:
        return
    entries = [*document.get_toc(simple=False)]
    for entry in outline:
        target = {"kind": pymupdf.LINK_GOTO, "page": entry["page"] - 1}
        entries.append([entry["level"], entry["title"], entry["page"], target])
    try:
        document.set_toc(entries)
    except (ValueError, RuntimeError):
        # The document's own outline skips levels or leads nowhere; the marks matter more.
        return


if __name__ == "__main__":
    sys.exit(main())
