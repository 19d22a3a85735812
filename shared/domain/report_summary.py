"""The sheet Summary: documents × variables, each cell a count or an account of absence."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.findings import DocumentFindings, Finding
from shared.domain.job import Document, OutputFormat, Variable
from shared.domain.report import ROW_LIMIT, Filled, Link, Plain, Row, Sheet, row_count
from shared.domain.report_quotes import (
    FIRST_ROW,
    NAME,
    attribute_cells,
    attribute_names,
    finding_rows,
)
from shared.domain.report_source import (
    STAND_IN_NOTICE,
    ReportSource,
    cells,
    count,
    fill_of,
    has_stand_in,
    in_words,
)

LEGEND = (
    "A number counts quotes and leads to them. Green: found. Grey: read in full, not found. "
    "Yellow: partly read, so there may be more. Purple: unreadable. Red: failed. "
    "Coverage says which pages, and why."
)


def summary_sheet(source: ReportSource) -> Sheet:
    """The matrix, with what must be known first above it."""
    job = source.job
    header = ("Document", "State", "Pages", *attribute_names(job), *map(_title, job.variables))
    return Sheet(
        "Summary",
        header,
        _rows(source),
        (36, 22, 7, *(12 for _ in attribute_names(job)), *(18 for _ in job.variables)),
        alerts=alerts(source),
        notes=(_heading(source), LEGEND),
    )


def alerts(source: ReportSource) -> tuple[str, ...]:
    """What nobody may overlook."""
    found = []
    if has_stand_in(source.outcome.model if source.outcome else ""):
        found.append(STAND_IN_NOTICE)
    if source.outcome is None:
        found.append("This job is still running: here is what is known so far.")
    elif source.outcome.state != "completed":
        found.append(f"This job was not completed: it is {source.outcome.state.value}.")
    return tuple(found)


def _heading(source: ReportSource) -> str:
    job, outcome = source.job, source.outcome
    extent = f"{count(len(job.documents), 'document')} × {count(len(job.variables), 'variable')}"
    ended = f", finished {outcome.finished}" if outcome else ""
    return f"Policy Reader: {extent}. Job {job.id}, run {source.run}{ended}."


def _title(variable: Variable) -> str:
    return f"{variable.group}: {variable.name}" if variable.group else variable.name


def _rows(source: ReportSource) -> Iterator[Row]:
    place = FIRST_ROW
    for document, found in source.read():
        row: list[Plain | Filled] = [
            document.name,
            _state(found),
            found.pages or "unknown",
            *attribute_cells(source.job, document),
        ]
        by_variable = {variable.id: finding for variable, finding in cells(source.job, found)}
        for variable in source.job.variables:
            finding = by_variable.get(variable.id)
            if finding is None:
                row.append("not read")
                continue
            row.append(_cell(source, finding, place))
            place += _rows_on_quotes(source, document, variable, finding)
        yield tuple(row)


def _state(found: DocumentFindings) -> str:
    state = found.state.value.replace("_", " ")
    return f"{state}: {found.error}" if found.error else state


def _cell(source: ReportSource, finding: Finding, place: int) -> Filled:
    return Filled(_value(source, finding, place), fill_of(finding))


def _value(source: ReportSource, finding: Finding, place: int) -> Plain:
    if source.job.output.format is OutputFormat.TEXT and finding.answer:
        return finding.answer
    quotes = len(finding.quotes)
    if not quotes or place > ROW_LIMIT:
        return in_words(finding)
    return Link(quotes, f"#'{NAME}'!A{place}")


def _rows_on_quotes(
    source: ReportSource, document: Document, variable: Variable, finding: Finding
) -> int:
    return sum(map(row_count, finding_rows(source, document, variable, finding)))
