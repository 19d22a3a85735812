"""The sheet Query and method: what a reader must know to judge the findings, or to repeat them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.domain.job import Job
from shared.domain.report import Row, Sheet, continued
from shared.domain.report_formats import format_in_words
from shared.domain.report_source import (
    STAND_IN_NOTICE,
    ReportSource,
    count,
    has_stand_in,
)
from shared.domain.report_summary import alerts


def method_sheet(source: ReportSource) -> Sheet:
    """Items and their values, the documents with their hashes last."""
    rows = (part for row in _rows(source) for part in continued(row))
    return Sheet(
        "Query and method", ("Item", "Value"), rows, (34, 120), alerts(source), landscape=False
    )


def _rows(source: ReportSource) -> Iterator[Row]:
    job, outcome = source.job, source.outcome
    yield ("Method, to be cited", method_paragraph(source))
    yield ("Query template", job.query)
    yield ("Model asked for", job.model)
    yield ("Model that answered", (outcome.model if outcome else "") or "none answered")
    yield ("Was it a stand-in?", _stand_in_in_words(source))
    yield ("Task", job.task.value)
    yield ("Format", format_in_words(source))
    yield ("Justifications asked for", "yes" if job.justify else "no")
    yield ("Reading", job.reading)
    yield ("Mode", job.mode)
    yield ("Earlier answers used again", "no" if job.fresh else "where everything asked was equal")
    yield from _output_rows(job)
    yield ("Job", job.id)
    yield ("Run", source.run)
    yield ("Submitted", job.created)
    yield ("Finished", outcome.finished if outcome else "not yet")
    yield ("Ended as", outcome.state.value if outcome else "still running")
    if source.expires:
        yield ("Links and stored results last until", source.expires)
    for part, version in source.versions:
        yield (f"Version: {part}", version)
    for document, found in source.read():
        yield (
            f"Document {document.id}: {document.name}",
            (
                f"SHA-256 {document.sha256}; {document.size:,} bytes; "
                f"{count(found.pages, 'page')}; {found.state.value.replace('_', ' ')}"
            ),
        )


def _stand_in_in_words(source: ReportSource) -> str:
    if source.outcome is None or not source.outcome.model:
        return "unknown: no model has answered yet"
    return f"YES. {STAND_IN_NOTICE}" if has_stand_in(source.outcome.model) else "no"


def _output_rows(job: Job) -> Iterator[Row]:
    output = job.output
    if output.labels:
        yield ("Label columns", ", ".join(output.labels))
    for column in output.columns:
        yield (
            f"Column: {column.name}",
            f"{column.type}: {column.instructions or 'no instructions'}",
        )
    if output.instructions:
        yield ("Further instructions", output.instructions)
    if output.language:
        yield ("Language of answers", output.language)


def method_paragraph(source: ReportSource) -> str:
    """How the findings came about, in words fit for a paper's method section."""
    job, outcome = source.job, source.outcome
    when = (outcome.finished if outcome else job.created)[:10]
    was = "was" if len(job.documents) == 1 else "were"
    return (
        f"{count(len(job.documents), 'document')} {was} given to Policy Reader ({when}) to be "
        f"searched for {count(len(job.variables), 'variable')}; {_how_many_read(source)}. "
        "The text found on their pages was cut into numbered units (sentences, list items, table "
        "rows, headings, footnotes, captions); pages without readable text are listed in "
        f"Coverage. {_who_read(source)} "
        "All quotes were cut from the document's text by software, so none was written by a "
        "model; each is given with its PDF page and, where one is printed, its printed page "
        "number. “Not found” is said only where every page was read and every reading answered; "
        "all other gaps are named in Coverage. Whether a quote fits its variable is a machine's "
        "judgement and should be reviewed."
    )


def _how_many_read(source: ReportSource) -> str:
    states = Counter(found.state for found in source.documents())
    parts = (f"{states[state]} {state.value.replace('_', ' ')}" for state in states)
    return f"of these {', '.join(parts)}"


def _who_read(source: ReportSource) -> str:
    models = source.outcome.model if source.outcome else ""
    if not models:
        return "No model has answered yet."
    reader = (
        "A keyword stand-in, no language model," if has_stand_in(models) else "A language model"
    )
    return (
        f"{reader} ({models}) was shown overlapping windows of these units, with the query "
        "template given below, and named passages by the numbers of their units. A document's "
        "windows together hold all of its units; Coverage counts the readings owed and done."
    )
