"""Readings → findings with coverage: the shapes of `results.json`, and the fold that makes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.coverage import VariableCoverage, cover, explain, page_reasons
from shared.domain.job import Document, DocumentState, Job, Task, Variable
from shared.domain.models import is_stand_in
from shared.domain.pages import PageState
from shared.domain.plan import Owed
from shared.domain.quotes import Quote, QuoteBox, QuoteSlicer
from shared.domain.readings import Reading, Usage
from shared.domain.units import DocumentText

__all__ = [
    "DocumentFindings",
    "Finding",
    "FindingState",
    "Quote",
    "QuoteBox",
    "ReadingCount",
    "fold_findings",
    "unread_document",
]

PICTURE_PAGES_SHARE = 0.1
"""Up to this part of its pages may be pictures without text in a document that counts as read."""


class FindingState(StrEnum):
    """What a cell says; an empty cell is never just empty."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    PARTLY_READ = "partly_read"
    UNREADABLE = "unreadable"
    FAILED = "failed"


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


def fold_findings(
    job: Job,
    document: Document,
    text: DocumentText,
    owed: Sequence[Owed],
    known: Mapping[str, Reading],
    *,
    cancelled: bool,
    error: str | None,
) -> DocumentFindings:
    """All cells of a document from what is stored, whatever order it came in.

    `error` says why reading stopped for good before all that was owed; `cancelled` that the user
    stopped it.
    """
    stop = _Stop(cancelled, error or "")
    covered = cover(job, text, owed, known)
    slicer = QuoteSlicer(document.id, text)
    findings = tuple(
        _finding(job, text, variable, covered[variable.id], slicer, stop)
        for variable in job.variables
    )
    state = _document_state(text, tuple(covered.values()), stop)
    return DocumentFindings(
        document=document.id,
        state=state,
        error=_document_error(state, text, findings, stop),
        pages=len(text.pages),
        page_states=dict(Counter(str(page.state) for page in text.pages)),
        findings=findings,
        usage=total_usage(known),
        model=answering_model(known),
        page_reasons=page_reasons(text),
        title=text.title,
    )


def unread_document(
    job: Job, document: Document, state: DocumentState, error: str, pages: int = 0
) -> DocumentFindings:
    """The cells of a document that never opened, or was never reached; `error` says why."""
    states = {
        DocumentState.UNREADABLE: FindingState.UNREADABLE,
        DocumentState.FAILED: FindingState.FAILED,
    }
    unread = tuple(range(1, pages + 1))
    findings = tuple(
        Finding(
            document=document.id,
            variable=variable.id,
            state=states.get(state, FindingState.PARTLY_READ),
            answer=None,
            pages_read=0,
            pages_not_read=unread,
            readings=ReadingCount(0, 0),
            quotes=(),
            reason=error,
        )
        for variable in job.variables
    )
    return DocumentFindings(
        document=document.id,
        state=state,
        error=error,
        pages=pages,
        page_states={str(PageState.FAILED): pages} if pages else {},
        findings=findings,
        page_reasons=dict.fromkeys(unread, error),
    )


def total_usage(known: Mapping[str, Reading]) -> Usage:
    """What all answers cost together, in whatever order they came."""
    return sum((known[key].answer.usage for key in sorted(known)), start=Usage())


def answering_model(known: Mapping[str, Reading]) -> str:
    """The model that really answered; where several did, all of them, a stand-in first."""
    models = {reading.answer.model for reading in known.values() if reading.answer.usage.calls}
    return ", ".join(sorted(models, key=lambda model: (not is_stand_in(model), model)))


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why reading ended before all that was owed, if it did."""

    cancelled: bool
    error: str

    @property
    def reason(self) -> str:
        return self.error or ("the job was cancelled" if self.cancelled else "")


def _finding(
    job: Job,
    text: DocumentText,
    variable: Variable,
    covered: VariableCoverage,
    slicer: QuoteSlicer,
    stop: _Stop,
) -> Finding:
    entries = [cell.entry for cell in covered.cells if cell.entry is not None]
    passages = [passage for entry in entries for passage in entry.passages]
    quotes = slicer.slice(variable.id, passages, justify=job.justify)
    state = FindingState.FOUND if quotes else _empty_cell_state(text, covered, stop)
    no_text = f"no text was found on {_all_pages(text)}"
    return Finding(
        document=slicer.document,
        variable=variable.id,
        state=state,
        answer=_answer(job, [entry.answer for entry in entries]),
        pages_read=len(text.pages) - len(covered.pages_not_read),
        pages_not_read=covered.pages_not_read,
        readings=ReadingCount(covered.owed, covered.done),
        quotes=quotes,
        reason=explain(covered, text.pages, stop.reason) if text.units else stop.reason or no_text,
    )


def _answer(job: Job, answers: Sequence[str]) -> str | None:
    """The answers of all windows, one a line; None where none was asked for, or none was given."""
    if job.task is Task.QUOTES:
        return None
    return "\n".join(dict.fromkeys(answer for answer in answers if answer)) or None


def _empty_cell_state(text: DocumentText, covered: VariableCoverage, stop: _Stop) -> FindingState:
    """What a cell without quotes says: absence only where every page and reading is accounted."""
    if not text.units:
        if stop.error:
            return FindingState.FAILED
        return FindingState.PARTLY_READ if stop.cancelled else FindingState.UNREADABLE
    if covered.done == covered.owed:
        if not covered.pages_not_read:
            return FindingState.NOT_FOUND
        if len(covered.pages_not_read) == len(text.pages):
            return FindingState.UNREADABLE
    elif not covered.done and (covered.failures or stop.error):
        return FindingState.FAILED
    return FindingState.PARTLY_READ


def _document_state(
    text: DocumentText,
    covered: Sequence[VariableCoverage],
    stop: _Stop,
) -> DocumentState:
    all_pages = _text_was_read(text)
    settled = all(each.settled == each.owed for each in covered)
    answered = all(each.done == each.owed for each in covered)
    if text.units and all_pages and answered:
        return DocumentState.READ
    if stop.cancelled and (not settled or not all_pages):
        return DocumentState.CANCELLED
    if not text.units:
        return DocumentState.FAILED if stop.error else DocumentState.UNREADABLE
    if not any(each.done for each in covered):
        return DocumentState.FAILED
    return DocumentState.PARTLY_READ


def _text_was_read(text: DocumentText) -> bool:
    """Whether all text was read: a few pages of pictures do not make a document partly read.

    The cells still tell such pages apart: nothing is said to be absent from them.
    """
    unread = [page for page in text.pages if not page.state.was_read]
    pictures = all(page.state is PageState.PICTURE_UNREAD for page in unread)
    return pictures and len(unread) <= PICTURE_PAGES_SHARE * len(text.pages)


def _document_error(
    state: DocumentState, text: DocumentText, findings: Sequence[Finding], stop: _Stop
) -> str | None:
    if state is DocumentState.READ:
        return None
    if state is DocumentState.UNREADABLE and not stop.reason:
        return f"No text was found on {_all_pages(text)}."
    if state is DocumentState.FAILED and not stop.reason:
        return next((finding.reason for finding in findings if finding.reason), None)
    return stop.reason or None


def _all_pages(text: DocumentText) -> str:
    pages = len(text.pages)
    return "its only page" if pages == 1 else f"any of its {pages:,} pages"
