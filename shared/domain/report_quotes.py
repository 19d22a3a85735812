"""The sheet Quotes: one long row for each quote, to filter, check and code."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.findings import Finding, Quote
from shared.domain.job import Document, Job, Variable
from shared.domain.report import Cell, Choice, Link, Rich, Row, Sheet, continued
from shared.domain.report_source import ReportSource, cells

NAME = "Quotes"
DECISIONS = ("accept", "reject", "correct")
REVIEW = ("Decision", "Coder", "Comment")
NO_LINK = "no link: the service has no public address"
FIRST_ROW = 2
"""The Excel row of the first quote, below the header."""


def attribute_names(job: Job) -> tuple[str, ...]:
    """The attributes any document has, in the order they first appear."""
    return tuple(dict.fromkeys(name for doc in job.documents for name in doc.attributes))


def attribute_cells(job: Job, document: Document) -> tuple[str, ...]:
    """A document's value of each attribute; `not given` where it has none."""
    return tuple(document.attributes.get(name) or "not given" for name in attribute_names(job))


def quotes_sheet(source: ReportSource) -> Sheet:
    """Every quote of the job."""
    attributes = attribute_names(source.job)
    expires = f" (works until {source.expires})" if source.public_url and source.expires else ""
    header = (
        *("Quote id", "Document", *attributes, "Variable", "Group"),
        *("Quote", "Focus", "Text before", "Text after", "Heading"),
        *("PDF page", "Printed page", "Also on pages", "Kind", "Strength", "Labels"),
        *("Justification", "Source", "Checks", f"Highlighted PDF{expires}", *REVIEW),
    )
    widths = (
        *(12, 26, *(12 for _ in attributes), 20, 12),
        *(80, 40, 30, 30, 30, 8, 8, 10, 11, 10, 18, 36, 10, 16, 20, 12, 12, 30),
    )
    return Sheet(
        NAME,
        header,
        (part for row in quote_rows(source) for part in continued(row)),
        widths,
        choices=(Choice(len(header) - len(REVIEW), DECISIONS),),
        frozen=2,
    )


def quote_rows(source: ReportSource) -> Iterator[Row]:
    """One row for each quote, in the order of documents, variables and quotes."""
    for document, found in source.read():
        for variable, finding in cells(source.job, found):
            yield from finding_rows(source, document, variable, finding)


def finding_rows(
    source: ReportSource, document: Document, variable: Variable, finding: Finding
) -> Iterator[Row]:
    """One row for each quote of a cell."""
    attributes = attribute_cells(source.job, document)
    for quote in finding.quotes:
        start, end = quote.focus
        yield (
            *(quote.id, document.name, *attributes, variable.name, variable.group or "none"),
            *(Rich(quote.text, quote.focus), quote.text[start:end] or "the whole quote"),
            quote.before or "nothing: the document begins here",
            quote.after or "nothing: the document ends here",
            *(" › ".join(quote.heading) or "under no heading", pdf_pages(quote)),
            printed_pages(quote),
            ", ".join(map(str, quote.also_on_pages)) or "no other",
            *(quote.kind.replace("_", " "), quote.strength, labels_in_words(quote)),
            justification(source.job, quote),
            *(quote.source, ", ".join(quote.checks) or "none"),
            *(highlighted_link(source, document, quote), None, None, None),
        )


def pdf_pages(quote: Quote) -> Cell:
    """The page as a number, so that it sorts; several as text."""
    if len(quote.pdf_pages) == 1:
        return quote.pdf_pages[0]
    return ", ".join(map(str, quote.pdf_pages))


def printed_pages(quote: Quote) -> str:
    """The page numbers printed on the pages."""
    return ", ".join(page for page in quote.printed_pages if page) or "none printed"


def justification(job: Job, quote: Quote) -> str:
    """The model's reason, marked as its words by the header, or why there is none."""
    return quote.justification or ("none given" if job.justify else "not asked for")


def labels_in_words(quote: Quote) -> str:
    """Every label with its values."""
    pairs = (f"{label}: {', '.join(values)}" for label, values in quote.labels.items())
    return "; ".join(pairs) or "none"


def highlighted_link(source: ReportSource, document: Document, quote: Quote) -> Cell:
    """Where the quote is shown marked on its page."""
    if not source.public_url:
        return NO_LINK
    page = quote.pdf_pages[0] if quote.pdf_pages else 1
    address = f"{source.public_url}/api/jobs/{source.job.id}/documents/{document.id}"
    return Link(f"page {page}", f"{address}/highlighted.pdf#page={page}")
