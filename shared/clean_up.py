"""Erases finished jobs after their retention, leaving a tombstone of times and counts."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from shared.domain import blob_names
from shared.domain.job import Job
from shared.domain.progress import RunOutcome
from shared.domain.stored import decode
from shared.ports import BlobStore
from shared.results import current_run, find_outcome
from shared.services import Services
from shared.user_lock import release_claim, release_user
from shared.watchdog import UpkeepClient
from shared.web.durable import is_finished, runtime_status

ABANDONED_AFTER = timedelta(hours=24)
"""A submission without a request that is older will never be completed."""

DELETES_AT_ONCE = 16
"""A large job leaves a hundred thousand blobs, and a timer has minutes."""

LATE_WRITES = timedelta(hours=3)
"""How long after an erasure a download begun before it may have left something behind."""

log = logging.getLogger("policy_reader.clean_up")


async def purge_expired(client: UpkeepClient, services: Services) -> int:
    """Erase every job whose latest run ended longer ago than the retention; returns how many.

    A job that Durable still carries on is never touched. What a submission that died half way
    had stored goes as well, a day after it was first seen.
    """
    blobs = services.blobs
    purged = 0
    for job_id in await asyncio.to_thread(lambda: list(blobs.folders("jobs/"))):
        try:
            purged += await _purge(client, services, job_id)
        except Exception:  # the timer's border: what is wrong with one job is not the others' fault
            log.exception("job %s could not be erased", job_id[:6])
    return purged


async def _purge(client: UpkeepClient, services: Services, job_id: str) -> bool:
    blobs, now = services.blobs, services.clock()
    stored = await asyncio.to_thread(blobs.find, blob_names.request(job_id))
    if stored is None:
        return await asyncio.to_thread(_sweep, blobs, job_id, now)
    outcome = await asyncio.to_thread(_latest_outcome, blobs, job_id)
    if await asyncio.to_thread(blobs.find, blob_names.tombstone(job_id)) is None:
        retention = timedelta(hours=services.settings.retention_hours)
        if outcome is None or now - datetime.fromisoformat(outcome.finished) < retention:
            return False
        status = await client.get_status(job_id)
        if runtime_status(status) and not is_finished(status):
            return False
    await erase_job(client, services, decode(Job, stored), outcome)
    log.info("job %s erased after its retention", job_id[:6])
    return True


def _latest_outcome(blobs: BlobStore, job_id: str) -> RunOutcome | None:
    return find_outcome(blobs, job_id, current_run(blobs, job_id))


async def erase_job(
    client: UpkeepClient, services: Services, job: Job, outcome: RunOutcome | None
) -> None:
    """Erase all of a job that is not running, and leave the tombstone.

    The tombstone comes first and the request last: half a job is never shown, and an erasure that
    was interrupted is known by having both.
    """
    await asyncio.to_thread(_erase, services.blobs, job, outcome, services.clock())
    await client.purge_instance_history(job.id)
    await asyncio.to_thread(services.blobs.delete, blob_names.request(job.id))


def _erase(blobs: BlobStore, job: Job, outcome: RunOutcome | None, now: datetime) -> None:
    blobs.create(blob_names.tombstone(job.id), _tombstone(job, outcome, now))
    _erase_all_but(blobs, job.id, blob_names.tombstone(job.id), blob_names.request(job.id))
    blobs.delete(blob_names.own_job(job.user, job.id))
    release_user(blobs, job)


def _erase_all_but(blobs: BlobStore, job_id: str, *kept: str) -> None:
    doomed = [name for name in blobs.names(f"jobs/{job_id}/") if name not in kept]
    with ThreadPoolExecutor(DELETES_AT_ONCE) as threads:
        list(threads.map(blobs.delete, doomed))


def _tombstone(job: Job, outcome: RunOutcome | None, now: datetime) -> bytes:
    left: dict[str, object] = {"job": job.id, "created": job.created, "erased": now.isoformat()}
    if outcome is not None:
        left |= {
            "finished": outcome.finished,
            "state": outcome.state.value,
            "documents": outcome.documents,
            "failed": outcome.failed,
            "findings": outcome.findings,
            "quotes": outcome.quotes,
        }
    return json.dumps(left).encode()


def _sweep(blobs: BlobStore, job_id: str, now: datetime) -> bool:
    """What lies in a job's folder though there is no request; True where it was erased."""
    tombstone = blob_names.tombstone(job_id)
    grave = blobs.find(tombstone)
    if grave is None:
        return _sweep_half_submitted(blobs, job_id, now)
    if now - datetime.fromisoformat(json.loads(grave)["erased"]) < LATE_WRITES:
        _erase_all_but(blobs, job_id, tombstone)
    return False


def _sweep_half_submitted(blobs: BlobStore, job_id: str, now: datetime) -> bool:
    # Storage tells no age through its port: the first look is noted, a later one counts from it.
    note = blob_names.half_submitted(job_id)
    seen = blobs.find(note)
    if seen is None:
        blobs.create(note, now.isoformat().encode())
        return False
    if now - datetime.fromisoformat(seen.decode()) < ABANDONED_AFTER:
        return False
    mark = f"/jobs/{job_id}"
    for name in [name for name in blobs.names("users/") if name.endswith(mark)]:
        release_claim(blobs, name.removeprefix("users/").removesuffix(mark), job_id)
        blobs.delete(name)
    _erase_all_but(blobs, job_id, note)
    blobs.delete(note)
    log.info("job %s was submitted by half and is erased", job_id[:6])
    return True
