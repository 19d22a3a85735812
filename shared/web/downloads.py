"""Results and marked PDFs as downloads; before the end, what is known so far."""

from __future__ import annotations

import asyncio
from pathlib import PurePosixPath

import azure.functions as func

from shared.domain import blob_names
from shared.domain.errors import DocumentError, FieldError, RequestProblem
from shared.domain.findings import DocumentFindings
from shared.domain.job import Document, Job
from shared.domain.stored import decode
from shared.results import results_json, workbook
from shared.services import Services
from shared.web.file_names import attachment
from shared.web.stored_jobs import job_document, stored_jobs

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def get_workbook(request: func.HttpRequest, services: Services) -> func.HttpResponse:
    """`results.xlsx`.

    Raises:
        RequestProblem: 404 unknown, 410 erased.
    """
    job = await asyncio.to_thread(stored_jobs(services).job, request.route_params["id"])
    content = await asyncio.to_thread(workbook, services, job.id)
    return download(content, XLSX, "results.xlsx")


async def get_results(request: func.HttpRequest, services: Services) -> func.HttpResponse:
    """`results.json`.

    Raises:
        RequestProblem: 404 unknown, 410 erased.
    """
    job = await asyncio.to_thread(stored_jobs(services).job, request.route_params["id"])
    content = await asyncio.to_thread(results_json, services.blobs, job.id)
    return download(content, "application/json", "results.json")


async def get_highlighted(request: func.HttpRequest, services: Services) -> func.HttpResponse:
    """A document with its quotes marked; made once, when it is first asked for.

    Raises:
        RequestProblem: 404 unknown or not read yet, 410 erased, 422 it cannot be marked.
    """
    job = await asyncio.to_thread(stored_jobs(services).job, request.route_params["id"])
    document = job_document(job, request.route_params["document_id"])
    content = await asyncio.to_thread(_highlighted, services, job, document)
    stem = PurePosixPath(document.name).stem
    return download(content, "application/pdf", f"{stem} (highlighted).pdf")


def _highlighted(services: Services, job: Job, document: Document) -> bytes:
    blobs, name = services.blobs, blob_names.highlighted(job.id, document.id)
    made = blobs.find(name)
    if made is not None:
        return made
    # Findings are written by a document's last slice: where they are, it is finished.
    findings = blobs.find(blob_names.findings(job.id, document.id))
    pdf = blobs.find(blob_names.pdf(job.id, document.id))
    if findings is None or pdf is None:
        raise _not_there(404, f"“{document.name}” is not read yet; ask again when it is done.")
    try:
        marked = services.highlighter.highlight(pdf, job, decode(DocumentFindings, findings))
    except DocumentError as fault:
        raise _not_there(422, f"“{document.name}” cannot be marked: {fault}") from fault
    blobs.write(name, marked)
    return marked


def _not_there(status: int, message: str) -> RequestProblem:
    return RequestProblem(
        status, "There is no marked PDF.", (FieldError("document", message),), retry_after=None
    )


def download(content: bytes, mimetype: str, name: str) -> func.HttpResponse:
    """A file to be saved, never to be run in this site's name."""
    return func.HttpResponse(
        content,
        mimetype=mimetype,
        headers={
            "Content-Disposition": attachment(name),
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, no-store",
        },
    )
