"""Erases finished jobs after their retention, leaving a tombstone of times and counts."""

from __future__ import annotations

import asyncio
import json
import logging
from datetime import datetime, timedelta

from shared.domain import blob_names
from shared.domain.job import Job
from shared.domain.progress import RunOutcome
from shared.domain.stored import decode
from shared.ports import BlobStore
from shared.services import Services
from shared.watchdog import UpkeepClient
from shared.web.durable import is_finished, runtime_status

log = logging.getLogger("policy_reader.clean_up")


async def purge_expired(client: UpkeepClient, services: Services) -> int:
    """Erase every job whose latest run ended longer ago than the retention; returns how many.

    A job that Durable still carries on is never touched.
    """
    blobs = services.blobs
    retention = timedelta(hours=services.settings.retention_hours)
    purged = 0
    for job_id in await asyncio.to_thread(lambda: list(blobs.folders("jobs/"))):
        outcome = await asyncio.to_thread(_outcome, blobs, job_id)
        if outcome is None:
            continue
        if services.clock() - datetime.fromisoformat(outcome.finished) < retention:
            continue
        status = await client.get_status(job_id)
        if runtime_status(status) and not is_finished(status):
            continue
        await asyncio.to_thread(erase_job, blobs, job_id, outcome)
        await client.purge_instance_history(job_id)
        log.info("job %s erased after its retention", job_id[:6])
        purged += 1
    return purged


def _outcome(blobs: BlobStore, job_id: str) -> RunOutcome | None:
    run = blobs.find(blob_names.current_run(job_id))
    if run is None:
        return None
    stored = blobs.find(blob_names.outcome(job_id, int(run)))
    return decode(RunOutcome, stored) if stored else None


def erase_job(blobs: BlobStore, job_id: str, outcome: RunOutcome) -> None:
    """Erase a job's documents, texts and results, and leave the tombstone.

    The tombstone comes first and what names the job as expired last, so that an interrupted
    erasure is taken up again and never shows half a job.
    """
    tombstone = blob_names.tombstone(job_id)
    request = blob_names.request(job_id)
    stored = blobs.find(request)
    if stored is not None:
        job = decode(Job, stored)
        blobs.write(tombstone, _tombstone(job, outcome))
        blobs.delete(blob_names.own_job(job.user, job_id))
    last = (request, blob_names.outcome(job_id, outcome.run), blob_names.current_run(job_id))
    for name in list(blobs.names(f"jobs/{job_id}/")):
        if name not in {tombstone, *last}:
            blobs.delete(name)
    for name in last:
        blobs.delete(name)


def _tombstone(job: Job, outcome: RunOutcome) -> bytes:
    left = {
        "job": job.id,
        "created": job.created,
        "finished": outcome.finished,
        "state": outcome.state.value,
        "documents": outcome.documents,
        "failed": outcome.failed,
        "findings": outcome.findings,
        "quotes": outcome.quotes,
    }
    return json.dumps(left).encode()
