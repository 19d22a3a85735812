"""Blobs → results: what a job's documents came to, as JSON and as a workbook."""

from __future__ import annotations

import io
import platform
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from shared.domain import blob_names, results
from shared.domain.findings import DocumentFindings, unread_document
from shared.domain.job import Document, DocumentState, Job
from shared.domain.progress import RunOutcome
from shared.domain.report_assembly import build_report
from shared.domain.report_source import Documents, ReportSource
from shared.domain.stored import decode, encode
from shared.ports import BlobStore
from shared.services import Services

NOT_YET = "This document has not been read yet."
CANCELLED = "The job was cancelled before this document was read."
NEVER_REACHED = "The job ended before this document was read; a retry reads it."
PARTS = ("pymupdf", "sentencex", "openai", "xlsxwriter")


class StoredFindings:
    """The findings of a job's documents, each blob read once and kept compressed.

    A thousand documents are walked several times for a workbook; held decoded they would not fit
    a small worker, and read each time they would cost minutes.
    """

    def __init__(self, blobs: BlobStore, job: Job, missing: tuple[DocumentState, str]) -> None:
        self._blobs = blobs
        self._job = job
        self._missing = missing
        self._kept: dict[str, bytes] = {}

    def __call__(self) -> Iterator[DocumentFindings]:
        """All documents, in the job's order; those without findings as not read."""
        for document in self._job.documents:
            if document.id not in self._kept:
                self._kept[document.id] = zlib.compress(self._load(document), 1)
            yield decode(DocumentFindings, zlib.decompress(self._kept[document.id]))

    def _load(self, document: Document) -> bytes:
        stored = self._blobs.find(blob_names.findings(self._job.id, document.id))
        if stored is not None:
            return stored
        return encode(unread_document(self._job, document, *self._missing))


def load_job(blobs: BlobStore, job_id: str) -> Job:
    """The job as it was submitted.

    Raises:
        BlobMissing: there is no such job, or it was deleted.
    """
    return decode(Job, blobs.read(blob_names.request(job_id)))


def current_run(blobs: BlobStore, job_id: str) -> int:
    """The number of the job's latest run; 1 before any is known."""
    return int(blobs.find(blob_names.current_run(job_id)) or b"1")


def find_outcome(blobs: BlobStore, job_id: str, run: int) -> RunOutcome | None:
    """How a run ended, or None while it goes on."""
    stored = blobs.find(blob_names.outcome(job_id, run))
    return None if stored is None else decode(RunOutcome, stored)


def stored_findings(
    blobs: BlobStore, job: Job, *, cancelled: bool, finished: bool
) -> StoredFindings:
    """The findings as stored; `cancelled` and `finished` say why some may be missing."""
    missing = (DocumentState.CANCELLED, NOT_YET)
    if cancelled:
        missing = (DocumentState.CANCELLED, CANCELLED)
    elif finished:
        missing = (DocumentState.FAILED, NEVER_REACHED)
    return StoredFindings(blobs, job, missing)


def results_json(blobs: BlobStore, job_id: str) -> bytes:
    """`results.json`: of the finished run, or what is known so far.

    Raises:
        BlobMissing: there is no such job.
    """
    run = current_run(blobs, job_id)
    outcome = find_outcome(blobs, job_id, run)
    if outcome is not None and (stored := blobs.find(blob_names.results(job_id))) is not None:
        return stored
    return gathered(results.results_json(_bare_source(blobs, job_id, run, outcome)))


def gathered(parts: Iterable[bytes]) -> bytes:
    """The parts as one, without holding them twice."""
    buffer = io.BytesIO()
    buffer.writelines(parts)
    return buffer.getvalue()


def workbook(services: Services, job_id: str) -> bytes:
    """`results.xlsx`: of the finished run, or what is known so far.

    Raises:
        BlobMissing: there is no such job.
    """
    blobs = services.blobs
    run = current_run(blobs, job_id)
    outcome = find_outcome(blobs, job_id, run)
    if outcome is not None and (stored := blobs.find(blob_names.workbook(job_id))) is not None:
        return stored
    bare = _bare_source(blobs, job_id, run, outcome)
    source = report_source(services, bare.job, run, outcome, bare.documents)
    return services.workbook.write(build_report(source))


def _bare_source(
    blobs: BlobStore, job_id: str, run: int, outcome: RunOutcome | None
) -> ReportSource:
    job = load_job(blobs, job_id)
    cancelled = blobs.find(blob_names.cancelled(job_id, run)) is not None
    documents = stored_findings(blobs, job, cancelled=cancelled, finished=outcome is not None)
    return ReportSource(job, run, documents, outcome)


def report_source(
    services: Services,
    job: Job,
    run: int,
    outcome: RunOutcome | None,
    documents: Documents,
) -> ReportSource:
    """A source with what the service knows: its address, its versions, when links end."""
    return ReportSource(
        job,
        run,
        documents,
        outcome,
        services.settings.public_url,
        expiry(outcome, services.settings.retention_hours),
        (*versions(), ("text extraction", services.extractor.version)),
    )


def expiry(outcome: RunOutcome | None, retention_hours: float) -> str:
    """Until when the results are kept, for people; empty while the run goes on."""
    if outcome is None:
        return ""
    end = datetime.fromisoformat(outcome.finished) + timedelta(hours=retention_hours)
    return f"{end.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def versions() -> tuple[tuple[str, str], ...]:
    """The software that findings depend on."""
    return (("Python", platform.python_version()), *((part, _version(part)) for part in PARTS))


def _version(part: str) -> str:
    try:
        return version(part)
    except PackageNotFoundError:
        return "unknown"
