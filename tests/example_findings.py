"""A small job with findings of every kind, from which tests of the results start."""

from __future__ import annotations

from dataclasses import replace

from shared.domain.findings import (
    DocumentFindings,
    Finding,
    FindingState,
    Quote,
    QuoteBox,
    ReadingCount,
)
from shared.domain.job import Document, DocumentState, Job, Variable
from shared.domain.readings import Usage
from shared.domain.report_source import ReportSource
from shared.domain.results import conclude, sum_up

JOB = Job(
    id="job-1",
    created="2026-03-01T08:00:00+00:00",
    user="u" * 8,
    email="analyst@example.org",
    variables=(
        Variable("v1", "SDG 7", "Ensure access to energy", group="SDGs"),
        Variable("v2", "Net zero", "A net-zero target year"),
    ),
    documents=(
        Document("d1", "CAN LT-LEDS.pdf", 1000, "a" * 64, {"ISO3": "CAN"}),
        Document("d2", "scan.pdf", 2000, "b" * 64),
        Document("d3", "broken.pdf", 3000, "c" * 64),
    ),
)


def make_quote(
    name: str = "q1",
    text: str = "Canada will reach net zero by 2050.",
    focus: tuple[int, int] = (12, 34),
    units: tuple[int, ...] = (10, 11),
    page: int = 14,
) -> Quote:
    """A quote on one page."""
    return Quote(
        id=name,
        text=text,
        focus=focus,
        pdf_pages=(page,),
        printed_pages=(str(page - 6),),
        units=units,
        kind="sentence",
        heading=("3 Energy", "3.1 Power"),
        before="Before it.",
        after="After it.",
        strength="explicit",
        justification="It names the year.",
        labels={"Sector": ["power"]},
        source="text",
        checks=("verbatim",),
        boxes=(QuoteBox(page, (72.0, 101.0, 523.0, 126.0)),),
        focus_boxes=(QuoteBox(page, (120.0, 101.0, 300.0, 126.0)),),
    )


def make_finding(
    document: str,
    variable: str,
    state: FindingState,
    quotes: tuple[Quote, ...] = (),
    reason: str = "",
) -> Finding:
    """A cell over 27 pages, of which three were not read unless it is found or not found."""
    complete = state in {FindingState.FOUND, FindingState.NOT_FOUND}
    missing = () if complete else (3, 4, 9)
    return Finding(
        document=document,
        variable=variable,
        state=state,
        answer=None,
        pages_read=27 - len(missing),
        pages_not_read=missing,
        readings=ReadingCount(9, 9 if complete else 4),
        quotes=quotes,
        reason=reason,
    )


def example_findings() -> tuple[DocumentFindings, ...]:
    """One document read, one partly read, one unreadable."""
    usage = Usage(1000, 200, 50, 0.25, 9)
    found = make_finding("d1", "v1", FindingState.FOUND, (make_quote(), make_quote("q2")))
    absent = make_finding("d1", "v2", FindingState.NOT_FOUND)
    partly = make_finding("d2", "v1", FindingState.PARTLY_READ, reason="3 pages are pictures")
    partly_found = make_finding("d2", "v2", FindingState.PARTLY_READ, (make_quote("q3", page=20),))
    closed = "it needs a password"
    return (
        DocumentFindings(
            *("d1", DocumentState.READ, None, 27, {"text": 27}, (found, absent)),
            *(usage, "stand-in-keywords"),
        ),
        DocumentFindings(
            *("d2", DocumentState.PARTLY_READ, None, 27, {"text": 24, "picture unread": 3}),
            *((partly, partly_found), usage, "stand-in-keywords"),
            page_reasons={3: "a picture", 4: "a picture", 9: "blurred"},
        ),
        DocumentFindings(
            *("d3", DocumentState.UNREADABLE, closed, 0, dict[str, int]()),
            tuple(_unreadable(variable, closed) for variable in ("v1", "v2")),
        ),
    )


def _unreadable(variable: str, reason: str) -> Finding:
    finding = make_finding("d3", variable, FindingState.UNREADABLE, reason=reason)
    return replace(finding, pages_read=0, pages_not_read=(), readings=ReadingCount(0, 0))


def make_source(
    job: Job = JOB, findings: tuple[DocumentFindings, ...] | None = None, public_url: str = ""
) -> ReportSource:
    """What a finished run reports."""
    documents = example_findings() if findings is None else findings
    outcome = conclude(1, sum_up(documents), cancelled=False, finished="2026-03-01T09:00:00+00:00")
    return ReportSource(
        *(job, 1, lambda: iter(documents), outcome, public_url, "2026-03-02 09:00 UTC"),
        versions=(("Python", "3.11"),),
    )
