"""`GET /api/jobs/{id}`: the job for people and pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import azure.functions as func

from shared.domain.job import Document, DocumentState, Job, JobState, Stage
from shared.domain.progress import DocumentProgress, RunOutcome
from shared.domain.readings import Usage
from shared.services import Services
from shared.web.durable import DurableClient, InstanceStatus, is_finished, runtime_status
from shared.web.links import job_links, origin
from shared.web.live_status import current_ids, live_status, queued
from shared.web.stored_jobs import DocumentSummary, StoredJobs, stored_jobs

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of a job at one moment."""

    job: Job
    run: int
    status: InstanceStatus
    cancelled: bool
    outcome: RunOutcome | None
    custom: Json
    current: frozenset[str]
    progress: Mapping[str, DocumentProgress]
    summaries: Mapping[str, DocumentSummary]

    @property
    def ended(self) -> bool:
        """Whether no document will be read any more."""
        return self.outcome is not None or is_finished(self.status)


async def get_job(
    request: func.HttpRequest, client: DurableClient, services: Services
) -> func.HttpResponse:
    """Its state, every document, links, and what it has cost so far.

    Raises:
        RequestProblem: 404 unknown, 410 erased.
    """
    jobs = stored_jobs(services)
    job = await asyncio.to_thread(jobs.job, request.route_params["id"])
    status = await client.get_status(job.id)
    known = await asyncio.to_thread(look, jobs, job, status)
    return func.HttpResponse(
        json.dumps(_view(known, request), ensure_ascii=False),
        mimetype="application/json",
        headers={"Cache-Control": "no-store"},
    )


def look(jobs: StoredJobs, job: Job, status: InstanceStatus) -> Known:
    """Bring together what Durable and storage know."""
    run = jobs.run(job.id)
    outcome = jobs.outcome(job.id, run)
    custom = status.custom_status if status else None
    ids = [] if outcome else current_ids(custom)
    summaries = jobs.summaries(job.id, run, ended=outcome is not None)
    # The progress of those that wait for the model between slices is remembered, not asked for.
    progress = jobs.progress(job.id, ids)
    return Known(
        job=job,
        run=run,
        status=status,
        cancelled=jobs.is_cancelled(job.id, run),
        outcome=outcome,
        custom=live_status(job, run, custom, progress) if status else queued(job, run),
        current=frozenset(ids),
        progress={each: p for each, p in progress.items() if p.run == run},
        summaries=summaries,
    )


def job_state(known: Known) -> JobState:
    """Where the job stands, for people."""
    if known.outcome is not None:
        return known.outcome.state
    if is_finished(known.status):
        return JobState.CANCELLED if known.cancelled else JobState.FAILED
    pending = runtime_status(known.status) in {"", "Pending"}
    return JobState.PENDING if pending else JobState.RUNNING


def _view(known: Known, request: func.HttpRequest) -> Json:
    documents = [_document(known, document) for document in known.job.documents]
    model = known.outcome.model if known.outcome else ""
    model = model or next((s.model for s in known.summaries.values() if s.model), "")
    return {
        "id": known.job.id,
        "state": job_state(known).value,
        "stage": _stage(known),
        "message": _message(known, documents),
        "run": known.run,
        "created": known.job.created,
        "finished": known.outcome.finished if known.outcome else None,
        "documents": documents,
        "variables": [
            {"id": each.id, "name": each.name, "group": each.group} for each in known.job.variables
        ],
        "variables_done": sum(each["variables_done"] for each in documents),
        "variables_total": len(documents) * len(known.job.variables),
        "model": model or known.job.model,
        "model_is_stand_in": model.startswith("stand-in"),
        "usage": asdict(_usage(known)),
        "quotes": known.outcome.quotes if known.outcome else None,
        "problem": _problem(known),
        "email": _email(known),
        "links": _links(known, request),
    }


def _document(known: Known, document: Document) -> Json:
    summary = known.summaries.get(document.id)
    progress = known.progress.get(document.id)
    state, error = _document_state(known, document, summary)
    counts = (0, 0, 0)
    if summary is not None:
        counts = (summary.pages, summary.pages_read, summary.variables_done)
    elif progress is not None:
        counts = (progress.pages_total, progress.pages_done, progress.variables_done)
    return {
        "id": document.id,
        "name": document.name,
        "state": state,
        "pages": counts[0],
        "pages_done": counts[1],
        "variables_done": counts[2],
        "variables_total": len(known.job.variables),
        "error": error,
    }


def _document_state(
    known: Known, document: Document, summary: DocumentSummary | None
) -> tuple[str, str | None]:
    if summary is not None:
        return summary.state.value, summary.error
    if known.ended and known.cancelled:
        return DocumentState.CANCELLED.value, "The job was cancelled before this was read."
    if known.ended:
        return DocumentState.FAILED.value, "The job ended before this was read; submit it again."
    if document.id in known.current:
        return "reading", None
    progress = known.progress.get(document.id)
    if progress is not None and progress.waiting_since:
        return "waiting", "Waiting for the language model, which is busy; it is asked again."
    return "waiting", None


def _stage(known: Known) -> str:
    if is_finished(known.status):
        return Stage.DONE.value
    if known.cancelled and known.outcome is None:
        return Stage.CANCELLING.value
    return str(known.custom.get("stage", Stage.QUEUED.value))


def _message(known: Known, documents: list[Json]) -> str:
    if known.outcome is None and not is_finished(known.status):
        if known.cancelled:
            return "Stopping. What is known is kept."
        return str(known.custom.get("message", ""))
    states = [each["state"] for each in documents]
    total, read = len(states), states.count(DocumentState.READ.value)
    partly = states.count(DocumentState.PARTLY_READ.value)
    said = f"{read} of {total} {'document was' if total == 1 else 'documents were'} read"
    said += f", {partly} in part." if partly else "."
    return {
        JobState.CANCELLED: f"{said} What is known is kept.",
        JobState.FAILED: "The documents and the reasons are below.",
    }.get(job_state(known), said)


def _problem(known: Known) -> str:
    output = known.status.output if known.status else None
    said = str(output.get("problem") or "") if isinstance(output, dict) else ""
    return said or (known.outcome.problem if known.outcome else "")


def _email(known: Known) -> Json:
    """What became of the mail; its address is shown only in part, for the id lets anyone read."""
    output = known.status.output if known.status else None
    state = str(output.get("email") or "") if isinstance(output, dict) else ""
    name, _, domain = known.job.email.partition("@")
    return {"to": f"{name[:1]}…@{domain}", "state": state or "waiting"}


def _usage(known: Known) -> Usage:
    if known.outcome is not None:
        return known.outcome.usage
    total = Usage()
    for document in known.job.documents:
        counted = known.summaries.get(document.id) or known.progress.get(document.id)
        total = total + counted.usage if counted else total
    return total


def _links(known: Known, request: func.HttpRequest) -> Json:
    links = job_links(request, known.job.id)
    api = f"{origin(request)}/api/jobs/{known.job.id}"
    return {
        "status": links["statusQueryGetUri"],
        "cancel": links["cancelPostUri"],
        "page": links["pageUri"],
        "results.xlsx": f"{api}/results.xlsx",
        "results.json": f"{api}/results.json",
        "highlighted": {
            each: f"{api}/documents/{each}/highlighted.pdf"
            for each, summary in known.summaries.items()
            if summary.has_quotes
        },
    }
