"""The sheets of the format the user chose."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.findings import DocumentFindings, Finding, Quote
from shared.domain.job import Document, OutputFormat, Variable
from shared.domain.report import Cell, Filled, Rich, Row, Sheet, continued
from shared.domain.report_quotes import justification, pdf_pages, printed_pages
from shared.domain.report_source import (
    ReportSource,
    cells,
    coverage_in_words,
    fill_of,
    in_words,
)
from shared.domain.report_spans import Span, join_spans
from shared.domain.sheet_names import sheet_names

SHEETS_PER_DOCUMENT_LIMIT = 30
"""With more documents than this, one sheet for all is easier to use than a sheet each."""

LIST_HEADER = (
    *("Variable", "Group", "No.", "Quote or why there is none"),
    *("PDF page", "Printed page", "Justification"),
)
LIST_WIDTHS = (24, 14, 6, 90, 9, 9, 40)
NO_QUOTE = "no quote"


def format_sheets(source: ReportSource, taken: tuple[str, ...]) -> tuple[Sheet, ...]:
    """The sheets of the chosen format; `taken` are the names of all other sheets."""
    match source.job.output.format:
        case OutputFormat.LIST:
            return _list_sheets(source, taken)
        case OutputFormat.TEXT:
            return (_text_sheet(source),)
        case OutputFormat.BY_QUOTE:
            return (_by_quote_sheet(source, ()),)
        case OutputFormat.BY_QUOTE_LABELLED:
            return (_by_quote_sheet(source, source.job.output.labels[:2]),)
        case OutputFormat.CUSTOM:
            return ()


def format_in_words(source: ReportSource) -> str:
    """What the chosen format came to, for the sheet Query and method."""
    chosen = source.job.output.format
    if chosen is OutputFormat.CUSTOM:
        return "custom: columns of your own are not filled yet; the sheet Quotes holds everything"
    if chosen is OutputFormat.LIST and _one_list(source):
        return f"list: one sheet, since there are over {SHEETS_PER_DOCUMENT_LIMIT} documents"
    return chosen.value


def _one_list(source: ReportSource) -> bool:
    return len(source.job.documents) > SHEETS_PER_DOCUMENT_LIMIT


def _list_sheets(source: ReportSource, taken: tuple[str, ...]) -> tuple[Sheet, ...]:
    if _one_list(source):
        rows = (
            (document.name, *row)
            for document, found in source.read()
            for row in _list_rows(source, found)
        )
        return (_sheet("List", ("Document", *LIST_HEADER), rows, (30, *LIST_WIDTHS)),)
    names = sheet_names((_stem(document) for document in source.job.documents), taken)
    return tuple(_document_sheet(source, name, number) for number, name in enumerate(names))


def _stem(document: Document) -> str:
    name = document.name.replace("\\", "/").rstrip("/").rpartition("/")[2] or document.name
    return name[:-4] if name.lower().endswith(".pdf") else name


def _document_sheet(source: ReportSource, name: str, number: int) -> Sheet:
    document = source.job.documents[number]

    def rows() -> Iterator[Row]:
        for other, found in source.read():
            if other.id == document.id:
                yield from _list_rows(source, found)

    return _sheet(name, LIST_HEADER, rows(), LIST_WIDTHS, (f"Document: {document.name}",))


def _list_rows(source: ReportSource, found: DocumentFindings) -> Iterator[Row]:
    for variable, finding in cells(source.job, found):
        group = variable.group or "none"
        for number, quote in enumerate(finding.quotes, 1):
            yield (
                *(variable.name, group, number, Rich(quote.text, quote.focus)),
                *(pdf_pages(quote), printed_pages(quote), justification(source.job, quote)),
            )
        if not finding.quotes:
            why = Filled(coverage_in_words(finding), fill_of(finding))
            yield (variable.name, group, 0, why, NO_QUOTE, NO_QUOTE, NO_QUOTE)


def _text_sheet(source: ReportSource) -> Sheet:
    header = ("Document", "Variable", "Group", "Answer or why there is none", "PDF pages", "Cell")
    rows = (
        _text_row(document, variable, finding)
        for document, found in source.read()
        for variable, finding in cells(source.job, found)
    )
    return _sheet("Text", header, rows, (30, 24, 14, 90, 14, 30))


def _text_row(document: Document, variable: Variable, finding: Finding) -> Row:
    pages = sorted({page for quote in finding.quotes for page in quote.pdf_pages})
    return (
        *(document.name, variable.name, variable.group or "none"),
        finding.answer or Filled(_no_answer(finding), fill_of(finding)),
        *(", ".join(map(str, pages)) or "none cited", in_words(finding)),
    )


def _no_answer(finding: Finding) -> str:
    return "no answer given; see the quotes" if finding.quotes else coverage_in_words(finding)


def _by_quote_sheet(source: ReportSource, labels: tuple[str, ...]) -> Sheet:
    name = "By quote, labelled" if labels else "By quote"
    header = ("Document", "Quote", "PDF page", "Printed page", "Variables", "How many", *labels)
    rows = (
        row
        for document, found in source.read()
        for row in _by_quote_rows(source, document, found, labels)
    )
    widths = (30, 90, 9, 9, 40, 9, *(24 for _ in labels))
    notes = ("A document or variable without a row has no quote: Coverage says why.",)
    return _sheet(name, header, rows, widths, notes)


def _by_quote_rows(
    source: ReportSource, document: Document, found: DocumentFindings, labels: tuple[str, ...]
) -> Iterator[Row]:
    pairs = [
        (variable, quote)
        for variable, finding in cells(source.job, found)
        for quote in finding.quotes
    ]
    for span in join_spans(pairs):
        yield (
            *(document.name, span.quote.text, pdf_pages(span.quote), printed_pages(span.quote)),
            *("; ".join(variable.name for variable in span.variables), len(span.variables)),
            *(_label_cell(span, label) for label in labels),
        )


def _label_cell(span: Span, label: str) -> Cell:
    """The values of a label; with its variable where several variables share the quote."""
    several = len(span.variables) > 1
    values: list[str] = []
    for variable, quote in span.quotes:
        values.extend(_label_words(variable, quote, label, several=several))
    return "; ".join(dict.fromkeys(values)) or "no label"


def _label_words(variable: Variable, quote: Quote, label: str, *, several: bool) -> list[str]:
    words = quote.labels.get(label, [])
    return [f"{variable.name}: {word}" if several else word for word in words]


def _sheet(
    name: str,
    header: tuple[str, ...],
    rows: Iterator[Row],
    widths: tuple[int, ...],
    notes: tuple[str, ...] = (),
) -> Sheet:
    whole = (part for row in rows for part in continued(row))
    return Sheet(name, header, whole, widths, notes=notes)
