"""Finds runs that nobody is carrying on, and starts them again or ends them.

A run needs an orchestration until its `outcome.json` exists. Where Durable knows of none, or its
instance died or stands still, the run is started again under the same number: everything that was
read is stored, so it goes on where it was. What cannot be kept alive ends as failed, said so.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain import blob_names
from shared.domain.job import Job, JobState
from shared.domain.messages import RunJob, to_json
from shared.domain.progress import DocumentProgress, RunOutcome
from shared.domain.readings import Usage
from shared.domain.stored import decode, encode
from shared.ports import BlobStore
from shared.services import Services
from shared.user_lock import release_user
from shared.web.durable import DurableClient, InstanceStatus, is_finished, runtime_status

UNKNOWN_AFTER = timedelta(minutes=10)
"""A submission may still be storing its documents until then."""

STILL_AFTER = timedelta(minutes=15)
RESTART_LIMIT = 3

log = logging.getLogger("policy_reader.watchdog")


class UpkeepClient(DurableClient, Protocol):
    """The Durable client, as far as upkeep uses it."""

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End an instance; its running activities are not touched."""

    async def purge_instance_history(self, instance_id: str) -> object:
        """Forget a finished instance."""


async def watch_jobs(client: UpkeepClient, services: Services) -> int:
    """Look at every job once; returns how many runs were started again or ended."""
    blobs = services.blobs
    jobs = await asyncio.to_thread(lambda: list(blobs.folders("jobs/")))
    tended = 0
    for job_id in jobs:
        job = await asyncio.to_thread(_unfinished_job, blobs, job_id)
        if job is not None:
            tended += await _tend(client, services, job)
    return tended


def _unfinished_job(blobs: BlobStore, job_id: str) -> Job | None:
    """The job, if it was fully submitted and its latest run has no outcome yet."""
    stored = blobs.find(blob_names.request(job_id))
    if stored is None or blobs.find(blob_names.tombstone(job_id)) is not None:
        return None
    if blobs.find(blob_names.outcome(job_id, _current_run(blobs, job_id))) is not None:
        return None
    return decode(Job, stored)


def _current_run(blobs: BlobStore, job_id: str) -> int:
    return int(blobs.find(blob_names.current_run(job_id)) or b"1")


async def _tend(client: UpkeepClient, services: Services, job: Job) -> int:
    now = services.clock()
    status = await client.get_status(job.id)
    if not runtime_status(status):
        # Perhaps its submission is still storing documents.
        orphaned = now - datetime.fromisoformat(job.created) >= UNKNOWN_AFTER
        return await _restart(client, services, job) if orphaned else 0
    if is_finished(status):
        return await _restart(client, services, job)
    if not await _stands_still(services.blobs, job, status, now):
        return 0
    # Once it is terminated, the next round finds it finished without an outcome.
    log.warning("job %s stands still: terminated, to be started again", job.id[:6])
    await client.terminate(job.id, "no advance")
    return 1


async def _stands_still(blobs: BlobStore, job: Job, status: InstanceStatus, now: datetime) -> bool:
    updated = status.last_updated_time
    if updated is None or now - updated.astimezone(now.tzinfo) < STILL_AFTER:
        return False
    if _stage(status.custom_status) == "emailing":
        return False  # a throttled mail waits in timers for hours, and may
    return not await asyncio.to_thread(_advanced_lately, blobs, job, now)


def _stage(custom_status: object) -> str:
    return str(custom_status.get("stage", "")) if isinstance(custom_status, dict) else ""


def _advanced_lately(blobs: BlobStore, job: Job, now: datetime) -> bool:
    for document in job.documents:
        stored = blobs.find(blob_names.state(job.id, document.id))
        if not stored:
            continue
        updated = decode(DocumentProgress, stored).updated
        if updated and now - datetime.fromisoformat(updated) < STILL_AFTER:
            return True
    return False


async def _restart(client: UpkeepClient, services: Services, job: Job) -> int:
    blobs = services.blobs
    run = await asyncio.to_thread(_current_run, blobs, job.id)
    restarts = await asyncio.to_thread(_count_restart, blobs, job.id, run)
    if restarts > RESTART_LIMIT:
        log.error("job %s could not be kept running: ended as failed", job.id[:6])
        await asyncio.to_thread(_give_up, services, job, run)
        return 1
    log.warning("job %s has no running instance: started again", job.id[:6])
    message = RunJob(
        job=job.id,
        run=run,
        documents=len(job.documents),
        variables=len(job.variables),
        settings=services.settings.for_run(),
    )
    await client.start_new("run_job", job.id, to_json(message))
    return 1


def _count_restart(blobs: BlobStore, job_id: str, run: int) -> int:
    name = blob_names.restarts(job_id, run)
    restarts = int(blobs.find(name) or b"0") + 1
    blobs.write(name, str(restarts).encode())
    return restarts


def _give_up(services: Services, job: Job, run: int) -> None:
    outcome = RunOutcome(
        run=run,
        state=JobState.FAILED,
        finished=services.clock().isoformat(),
        documents=len(job.documents),
        failed=0,
        findings=0,
        quotes=0,
        usage=Usage(),
        model="",
        problem="The job was interrupted too often. What was read is kept.",
    )
    services.blobs.create(blob_names.outcome(job.id, run), encode(outcome))
    release_user(services.blobs, job)
