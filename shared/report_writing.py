"""The end of a run: results into blobs, the outcome, the user free again."""

from __future__ import annotations

import logging

from shared.domain import blob_names, results
from shared.domain.errors import BlobMissing
from shared.domain.job import Job, JobState
from shared.domain.messages import ReportResult, WriteReport
from shared.domain.progress import RunOutcome
from shared.domain.report_assembly import build_report
from shared.domain.report_source import ReportSource
from shared.domain.stored import encode
from shared.ports import BlobStore
from shared.results import (
    current_run,
    find_outcome,
    gathered,
    load_job,
    report_source,
    stored_findings,
)
from shared.services import Services
from shared.user_lock import release_user

NO_WORKBOOK = "The workbook could not be made; results.json holds everything that was found."

log = logging.getLogger("policy_reader.report")


def write_results(services: Services, asked: WriteReport) -> ReportResult:
    """Write `results.json`, then `results.xlsx`, then the run's outcome; release the user.

    A run that ended before keeps its outcome, and one that is no longer the job's latest changes
    nothing. Whatever keeps the workbook from being made does not cost the JSON.
    """
    blobs = services.blobs
    try:
        job = load_job(blobs, asked.job)
    except BlobMissing:
        return _nothing("The job was deleted.")
    if current_run(blobs, asked.job) != asked.run:
        return _nothing("A later run has taken over.")
    outcome = find_outcome(blobs, asked.job, asked.run)
    if outcome is None:
        outcome = _write(services, job, asked)
    release_user(blobs, job)
    return _result(outcome)


def _write(services: Services, job: Job, asked: WriteReport) -> RunOutcome:
    blobs = services.blobs
    documents = stored_findings(blobs, job, cancelled=asked.cancelled, finished=True)
    outcome = results.conclude(
        asked.run,
        results.sum_up(documents()),
        cancelled=asked.cancelled,
        finished=services.clock().isoformat(timespec="seconds"),
    )
    source = report_source(services, job, asked.run, outcome, documents)
    if asked.run > 1:
        _forget_earlier(blobs, job)
    blobs.write(blob_names.results(job.id), gathered(results.results_json(source)))
    workbook = _workbook(services, source)
    if workbook is None:
        outcome = results.with_problem(outcome, NO_WORKBOOK)
        source = report_source(services, job, asked.run, outcome, documents)
        blobs.write(blob_names.results(job.id), gathered(results.results_json(source)))
    else:
        blobs.write(blob_names.workbook(job.id), workbook)
    blobs.write(blob_names.outcome(job.id, asked.run), encode(outcome))
    log.info(
        "job %s run %d: %s, %d documents, %d failed, %d quotes",
        *(job.id[:6], outcome.run, outcome.state.value),
        *(outcome.documents, outcome.failed, outcome.quotes),
    )
    return outcome


def _forget_earlier(blobs: BlobStore, job: Job) -> None:
    """What an earlier run left must not be taken for the results of this one."""
    blobs.delete(blob_names.workbook(job.id))
    for document in job.documents:
        blobs.delete(blob_names.highlighted(job.id, document.id))


def _workbook(services: Services, source: ReportSource) -> bytes | None:
    try:
        return services.workbook.write(build_report(source))
    except Exception:  # the activity's border: no fault in a workbook may cost the JSON
        log.exception("job %s: no workbook", source.job.id[:6])
        return None


def _result(outcome: RunOutcome) -> ReportResult:
    return ReportResult(
        state=outcome.state.value,
        documents=outcome.documents,
        failed=outcome.failed,
        findings=outcome.findings,
        quotes=outcome.quotes,
        tokens=outcome.usage.input + outcome.usage.output,
        cost=outcome.usage.cost,
        problem=outcome.problem,
    )


def _nothing(problem: str) -> ReportResult:
    return ReportResult(JobState.CANCELLED.value, 0, 0, 0, 0, 0, 0.0, problem)
