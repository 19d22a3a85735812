"""Readings → findings with coverage: the shapes of `results.json`, and the fold that makes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.job import DocumentState
from shared.domain.pages import Rect
from shared.domain.readings import Usage


class FindingState(StrEnum):
    """What a cell says; an empty cell is never just empty."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    PARTLY_READ = "partly_read"
    UNREADABLE = "unreadable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class QuoteBox:
    """A rectangle on a page (from 1), in points from its top left as shown."""

    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim passage: whole consecutive units. `focus` is a character span in `text`."""

    id: str
    text: str
    focus: tuple[int, int]
    pdf_pages: tuple[int, ...]
    printed_pages: tuple[str, ...]
    units: tuple[int, int]
    kind: str
    heading: tuple[str, ...]
    before: str
    after: str
    strength: str
    justification: str | None
    labels: dict[str, list[str]]
    source: str
    checks: tuple[str, ...]
    boxes: tuple[QuoteBox, ...]
    also_on_pages: tuple[int, ...] = ()
    focus_boxes: tuple[QuoteBox, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingCount:
    """Readings owed for a cell, and those answered."""

    owed: int
    done: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The cell of one (document, variable). `pages_read + len(pages_not_read)` = all its pages.

    `reason` says why the cell is not complete, in words for the user; empty where it is.
    """

    document: str
    variable: str
    state: FindingState
    answer: str | None
    pages_read: int
    pages_not_read: tuple[int, ...]
    readings: ReadingCount
    quotes: tuple[Quote, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DocumentFindings:
    """All cells of a document, written by its last slice.

    `page_states` counts pages by state; `page_reasons` says of each page that was not read why.
    `model` is the one that really answered, empty where none did.
    """

    document: str
    state: DocumentState
    error: str | None
    pages: int
    page_states: dict[str, int]
    findings: tuple[Finding, ...]
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    page_reasons: dict[int, str] = field(default_factory=dict)
    title: str = ""
