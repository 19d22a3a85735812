"""Quotes → marks on their pages, made by PyMuPDF in a process of its own."""

from __future__ import annotations

import colorsys
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.errors import DocumentError
from shared.domain.findings import DocumentFindings, Quote, QuoteBox
from shared.domain.job import Job

CHILD_PROGRAM = Path(__file__).with_name("pymupdf_marks_child.py")
KEPT_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR")
"""All that the process may know of its surroundings: no setting, so no secret."""

AUTHOR = "Policy Reader"
_PROBLEMS = {
    10: "it needs a password to be opened: save a copy without a password and upload that",
    11: "it is damaged and cannot be repaired: print it to a new PDF and upload that",
    12: "its quotes lie on pages it does not have: read it again",
}
_UNKNOWN = "marking its quotes took too much time or memory: use the pages given in the workbook"


@dataclass(frozen=True, slots=True)
class MarkLimits:
    """What marking one document may take. `memory_bytes` is address space."""

    memory_bytes: int = 2 * 1024**3
    seconds: int = 120


class PymupdfHighlighter:
    """Marks each quote in its variable's light colour, the focus in a stronger one."""

    def __init__(self, limits: MarkLimits | None = None) -> None:
        self._limits = limits or MarkLimits()

    def highlight(self, pdf: bytes, job: Job, findings: DocumentFindings) -> bytes:
        """The marked PDF; see the port `Highlighter`."""
        order = {
            "memory": self._limits.memory_bytes,
            "seconds": self._limits.seconds,
            "author": AUTHOR,
            "marks": list(_marks(job, findings)),
            "outline": list(_outline(job, findings)),
        }
        return self._run(json.dumps(order).encode("ascii") + b"\n" + pdf)

    def _run(self, data: bytes) -> bytes:
        try:
            ended = subprocess.run(  # noqa: S603 - our own program, no shell
                [sys.executable, str(CHILD_PROGRAM)],
                input=data,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                timeout=self._limits.seconds + 10,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DocumentError(_UNKNOWN) from None
        if ended.returncode != 0 or not ended.stdout:
            raise DocumentError(_PROBLEMS.get(ended.returncode, _UNKNOWN))
        return ended.stdout


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONSAFEPATH": "1"}


def colours(number: int) -> tuple[list[float], list[float]]:
    """A light and a strong colour for the variable of that number (from 0).

    Steps of the golden angle keep the first colours far apart, however many follow.
    """
    hue = (0.14 + number * 0.618034) % 1
    return _readable(hue, 0.55, 0.75), _readable(hue, 0.95, 0.5)


def _readable(hue: float, saturation: float, least_luminance: float) -> list[float]:
    """A colour on which black print stays readable: blues and reds are made paler."""
    while True:
        red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
        if 0.2126 * red + 0.7152 * green + 0.0722 * blue >= least_luminance:
            return [red, green, blue]
        saturation -= 0.02


def _marks(job: Job, findings: DocumentFindings) -> Iterator[dict[str, Any]]:
    number = {variable.id: index for index, variable in enumerate(job.variables)}
    name = {variable.id: variable.name for variable in job.variables}
    for finding in findings.findings:
        light, strong = colours(number[finding.variable])
        for quote in finding.quotes:
            for page, places in _by_page(quote.boxes).items():
                yield {
                    "page": page,
                    "name": quote.id if page == quote.boxes[0].page else f"{quote.id}-{page}",
                    "variable": name[finding.variable],
                    "content": _content(quote),
                    "rects": places,
                    "focus": _by_page(quote.focus_boxes).get(page, []),
                    "light": light,
                    "strong": strong,
                }


def _by_page(boxes: tuple[QuoteBox, ...]) -> dict[int, list[list[float]]]:
    pages: dict[int, list[list[float]]] = {}
    for box in boxes:
        pages.setdefault(box.page, []).append(list(box.rect))
    return pages


def _content(quote: Quote) -> str:
    start, end = quote.focus
    return quote.justification or quote.text[start:end] or quote.text


def _outline(job: Job, findings: DocumentFindings) -> Iterator[dict[str, Any]]:
    """A heading, below it each variable that has quotes, below it the quotes."""
    cells = {finding.variable: finding.quotes for finding in findings.findings}
    found = [(variable, cells.get(variable.id, ())) for variable in job.variables]
    pages = [quote.boxes[0].page for _, quotes in found for quote in quotes if quote.boxes]
    if not pages:
        return
    yield {"level": 1, "title": f"Quotes ({AUTHOR})", "page": min(pages)}
    for variable, quotes in found:
        placed = [quote for quote in quotes if quote.boxes]
        if placed:
            title = f"{variable.name} ({len(placed)})"
            yield {"level": 2, "title": title, "page": placed[0].boxes[0].page}
        for quote in placed:
            page = quote.boxes[0].page
            yield {"level": 3, "title": f"p. {page}: {_short(quote.text)}", "page": page}


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"
