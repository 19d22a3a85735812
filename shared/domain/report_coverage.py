"""The sheets Coverage, Variables and Metrics: what stands behind every cell, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.domain.findings import DocumentFindings, Finding, FindingState
from shared.domain.job import Document, Variable
from shared.domain.models import model_facts
from shared.domain.readings import Usage
from shared.domain.report import Filled, Row, Sheet, continued
from shared.domain.report_source import (
    ReportSource,
    cells,
    fill_of,
    in_words,
    models_in,
    page_ranges,
    state_in_words,
)


def coverage_sheet(source: ReportSource) -> Sheet:
    """One row for each document and variable."""
    header = (
        *("Document", "Variable", "Group", "State", "In words", "Quotes", "Pages", "Pages read"),
        *("Pages not read, and why", "Readings owed", "Readings done", "Reason"),
    )
    rows = (
        part
        for document, found in source.read()
        for variable, finding in cells(source.job, found)
        for part in continued(_coverage_row(document, found, variable, finding))
    )
    return Sheet("Coverage", header, rows, (30, 24, 14, 14, 44, 8, 8, 8, 50, 9, 9, 40), frozen=2)


def _coverage_row(
    document: Document, found: DocumentFindings, variable: Variable, finding: Finding
) -> Row:
    return (
        *(document.name, variable.name, variable.group or "none"),
        Filled(state_in_words(finding), fill_of(finding)),
        *(in_words(finding), len(finding.quotes), found.pages or "unknown", finding.pages_read),
        pages_not_read(finding.pages_not_read, found.page_reasons) if found.pages else "all",
        *(finding.readings.owed, finding.readings.done, finding.reason or "none: complete"),
    )


def pages_not_read(pages: tuple[int, ...], reasons: dict[int, str]) -> str:
    """The pages grouped by what kept them from being read."""
    if not pages:
        return "none"
    by_reason: dict[str, list[int]] = {}
    for page in pages:
        by_reason.setdefault(reasons.get(page) or "no reading of it was completed", []).append(page)
    return "; ".join(f"{page_ranges(group)}: {why}" for why, group in by_reason.items())


def variables_sheet(source: ReportSource) -> Sheet:
    """What was looked for, and how often it was found."""
    header = (
        *("Id", "Variable", "Description", "Context", "Group", "Allowed labels", "Quotes"),
        *("Documents with quotes", "Not found", "Partly or not read", "Unreadable", "Failed"),
    )
    widths = (6, 26, 70, 40, 14, 30, 8, 11, 9, 9, 11, 8)
    return Sheet("Variables", header, _variable_rows(source), widths, frozen=2)


def _variable_rows(source: ReportSource) -> Iterator[Row]:
    quotes: Counter[str] = Counter()
    states: Counter[tuple[str, FindingState | None]] = Counter()
    for _, found in source.read():
        for variable, finding in cells(source.job, found):
            quotes[variable.id] += len(finding.quotes)
            # None counts documents with quotes, however well those were read.
            states[variable.id, None if finding.quotes else finding.state] += 1
    for variable in source.job.variables:
        absent = (
            *(FindingState.NOT_FOUND, FindingState.PARTLY_READ),
            *(FindingState.UNREADABLE, FindingState.FAILED),
        )
        yield from continued(
            (
                *(variable.id, variable.name, variable.description, variable.context or "none"),
                *(variable.group or "none", _labels(variable), quotes[variable.id]),
                *(states[variable.id, state] for state in (None, *absent)),
            )
        )


def _labels(variable: Variable) -> str:
    pairs = (f"{label}: {', '.join(values)}" for label, values in variable.labels.items())
    return "; ".join(pairs) or "none given"


def metrics_sheet(source: ReportSource) -> Sheet:
    """Pages, readings, tokens and money, by document and in all."""
    header = (
        *("Document", "State", "Pages", "Quotes", "Model calls", "Tokens in", "of these cached"),
        *("Tokens out", "Cost (US$)", "Model that answered"),
    )
    return Sheet("Metrics", header, _metric_rows(source), (36, 14, 8, 8, 8, 12, 12, 12, 11, 30))


def _metric_rows(source: ReportSource) -> Iterator[Row]:
    usage, pages, quotes = Usage(), 0, 0
    for document, found in source.read():
        own = sum(len(finding.quotes) for finding in found.findings)
        state = found.state.value.replace("_", " ")
        yield _metric_row(document.name, state, (found.pages, own), found.usage, found.model)
        usage, pages, quotes = usage + found.usage, pages + found.pages, quotes + own
    models = source.outcome.model if source.outcome else ""
    yield _metric_row("All documents", "total", (pages, quotes), usage, models)


def _metric_row(name: str, state: str, counts: tuple[int, int], usage: Usage, model: str) -> Row:
    tokens = (usage.calls, usage.input, usage.cached, usage.output)
    return (name, state, *counts, *tokens, _cost(usage, model), model or "none answered")


def _cost(usage: Usage, models: str) -> float | str:
    """Money as a number, unless some of it is not known: then in words, never as 0."""
    if all(model_facts(model).known for model in models_in(models)):
        return round(usage.cost, 6)
    known = f"at least {usage.cost:.4f}; " if usage.cost else ""
    return f"{known}no price is known for this model"
