"""Tells a run that stands still from one that waits, or that nothing could carry on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.document_reading import MODEL_PATIENCE
from shared.domain import blob_names
from shared.domain.job import Job
from shared.domain.progress import DocumentProgress, DocumentStage
from shared.domain.stored import decode, encode
from shared.ports import BlobStore
from shared.web.durable import InstanceStatus, runtime_status

STILL_AFTER = timedelta(minutes=15)

GAP = timedelta(minutes=12)
"""Longer than two rounds of the watchdog: meanwhile the app was not running."""

WATCH = "watchdog.json"


@dataclass(frozen=True, slots=True)
class Watch:
    """`watchdog.json`: since when there was a look each round, and the last one (ISO 8601)."""

    since: str
    last: str


def watching_since(blobs: BlobStore, now: datetime) -> datetime:
    """Since when runs have been watched without a gap; this look is noted.

    After the app was down every run seems to stand still, because nothing could move.
    """
    since = now
    stored = blobs.find(WATCH)
    if stored:
        watch = decode(Watch, stored)
        if now - datetime.fromisoformat(watch.last) < GAP:
            since = datetime.fromisoformat(watch.since)
    blobs.write(WATCH, encode(Watch(since.isoformat(), now.isoformat())))
    return since


def stands_still(
    blobs: BlobStore, job: Job, status: InstanceStatus, now: datetime, watched: datetime
) -> bool:
    """Whether neither the orchestration nor a document has moved for too long.

    A mail that waits, an instance that an operator suspended, and a document that waits for the
    model as long as it may, are left alone.
    """
    updated = status.last_updated_time
    if updated is None or runtime_status(status) == "Suspended":
        return False
    if now - max(_aware(updated), watched) < STILL_AFTER:
        return False
    if _stage(status.custom_status) == "emailing":
        return False
    return not any(_is_alive(progress, now) for progress in _progress(blobs, job))


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stage(custom_status: object) -> str:
    return str(custom_status.get("stage", "")) if isinstance(custom_status, dict) else ""


def _progress(blobs: BlobStore, job: Job) -> Iterator[DocumentProgress]:
    for document in job.documents:
        stored = blobs.find(blob_names.state(job.id, document.id))
        if stored:  # a lease creates the blob empty
            yield decode(DocumentProgress, stored)


def _is_alive(progress: DocumentProgress, now: datetime) -> bool:
    if progress.updated and now - datetime.fromisoformat(progress.updated) < STILL_AFTER:
        return True
    if progress.stage is DocumentStage.DONE or not progress.waiting_since:
        return False
    # A model over its daily quota asks to wait for hours, in one durable timer.
    return now - datetime.fromisoformat(progress.waiting_since) < MODEL_PATIENCE
