"""`results.json`: its shape, a contract with those who read it, and the fold that makes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from shared.domain.findings import DocumentFindings, Finding
from shared.domain.job import Document, DocumentState, JobState
from shared.domain.progress import RunOutcome
from shared.domain.readings import Usage
from shared.domain.report_source import ReportSource, has_stand_in, models_in
from shared.domain.stored import encode


@dataclass(frozen=True, slots=True)
class JobResult:
    """The job as a whole. `finished` is None while its run goes on; times are ISO 8601 in UTC."""

    id: str
    state: JobState
    run: int
    model: str
    model_is_stand_in: bool
    created: str
    finished: str | None
    usage: Usage
    query: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class VariableResult:
    """What was looked for."""

    id: str
    name: str
    group: str
    description: str = ""
    context: str = ""


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """What became of one document; `page_reasons` says of each page not read why."""

    id: str
    name: str
    sha256: str
    pages: int
    state: DocumentState
    error: str | None
    page_states: dict[str, int]
    attributes: dict[str, str]
    page_reasons: dict[int, str] = field(default_factory=dict)
    title: str = ""
    model: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class Results:
    """The whole of `results.json`."""

    job: JobResult
    variables: tuple[VariableResult, ...]
    documents: tuple[DocumentResult, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run came to, summed over its documents."""

    documents: int = 0
    failed: int = 0
    findings: int = 0
    quotes: int = 0
    usage: Usage = field(default_factory=Usage)
    model: str = ""


def sum_up(documents: Iterable[DocumentFindings]) -> Totals:
    """Counts, usage, and the models that answered. `failed` includes unreadable documents."""
    totals, models = Totals(), dict[str, None]()
    for found in documents:
        models |= dict.fromkeys(models_in(found.model))
        totals = Totals(
            totals.documents + 1,
            totals.failed + (found.state in {DocumentState.FAILED, DocumentState.UNREADABLE}),
            totals.findings + len(found.findings),
            totals.quotes + sum(len(finding.quotes) for finding in found.findings),
            totals.usage + found.usage,
            ", ".join(models),
        )
    return totals


def final_state(totals: Totals, *, cancelled: bool) -> JobState:
    """How a run ends: failed only where nothing at all could be read."""
    if cancelled:
        return JobState.CANCELLED
    return JobState.FAILED if totals.failed == totals.documents else JobState.COMPLETED


def conclude(
    run: int, totals: Totals, *, cancelled: bool, finished: str, problem: str = ""
) -> RunOutcome:
    """The outcome of a run."""
    return RunOutcome(
        run=run,
        state=final_state(totals, cancelled=cancelled),
        finished=finished,
        documents=totals.documents,
        failed=totals.failed,
        findings=totals.findings,
        quotes=totals.quotes,
        usage=totals.usage,
        model=totals.model,
        problem=problem,
    )


def with_problem(outcome: RunOutcome, problem: str) -> RunOutcome:
    """The outcome, saying what is missing."""
    return replace(outcome, problem=problem)


def results_json(source: ReportSource) -> Iterator[bytes]:
    """`results.json` piece by piece, so that no more than one document's findings are held."""
    job = source.job
    totals = sum_up(source.documents())
    yield b'{"job":' + encode(_job_result(source, totals)) + b',"variables":['
    yield b",".join(
        encode(VariableResult(v.id, v.name, v.group, v.description, v.context))
        for v in job.variables
    )
    yield b'],"documents":['
    yield from _joined(encode(_document_result(*pair)) for pair in source.read())
    yield b'],"findings":['
    yield from _joined(
        encode(finding) for found in source.documents() for finding in found.findings
    )
    yield b"]}"


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    for number, part in enumerate(parts):
        yield b"," + part if number else part


def _job_result(source: ReportSource, totals: Totals) -> JobResult:
    job, outcome = source.job, source.outcome
    return JobResult(
        id=job.id,
        state=outcome.state if outcome else JobState.RUNNING,
        run=source.run,
        model=totals.model or job.model,
        model_is_stand_in=has_stand_in(totals.model),
        created=job.created,
        finished=outcome.finished if outcome else None,
        usage=totals.usage,
        query=job.query,
        problem=outcome.problem if outcome else "",
    )


def _document_result(document: Document, found: DocumentFindings) -> DocumentResult:
    return DocumentResult(
        id=document.id,
        name=document.name,
        sha256=document.sha256,
        pages=found.pages,
        state=found.state,
        error=found.error,
        page_states=found.page_states,
        attributes=document.attributes,
        page_reasons=found.page_reasons,
        title=found.title,
        model=found.model,
        usage=found.usage,
    )
