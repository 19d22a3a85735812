"""Finds runs that nobody is carrying on, and starts them again or ends them.

A run needs an orchestration until its `outcome.json` exists and its mail is settled. Where Durable
knows of none, or its instance died or stands still, the run is started again under the same
number: everything that was read is stored, so it goes on where it was. What cannot be kept alive
ends as failed, and its user is told.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from shared.domain import blob_names, results
from shared.domain.job import Job, JobState
from shared.domain.messages import RunJob, SendEmail, to_json
from shared.domain.progress import RunOutcome
from shared.domain.stored import decode, encode
from shared.mailing import MailMark, send_once
from shared.ports import BlobStore
from shared.results import current_run, find_outcome, stored_findings
from shared.services import Services
from shared.standstill import stands_still, watching_since
from shared.user_lock import release_user
from shared.web.durable import DurableClient, InstanceStatus, is_finished, runtime_status

UNKNOWN_AFTER = timedelta(minutes=10)
"""A submission may be starting its job until then."""

RESTART_LIMIT = 3
MAIL = "finished"
INTERRUPTED = "The job was interrupted too often and was ended. What was read is kept."

log = logging.getLogger("policy_reader.watchdog")


class UpkeepClient(DurableClient, Protocol):
    """The Durable client, as far as upkeep uses it."""

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End an instance; its running activities are not touched."""

    async def purge_instance_history(self, instance_id: str) -> object:
        """Forget a finished instance."""


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A job's latest run that still owes something: its end, or after that its mail."""

    job: Job
    number: int
    ended: bool


async def watch_jobs(client: UpkeepClient, services: Services) -> int:
    """Look at every job once; returns how many runs needed something done."""
    blobs = services.blobs
    watched = await asyncio.to_thread(watching_since, blobs, services.clock())
    tended = 0
    for job_id in await asyncio.to_thread(lambda: list(blobs.folders("jobs/"))):
        try:
            run = await asyncio.to_thread(_open_run, services, job_id)
            if run is not None:
                tended += await _tend(client, services, run, watched)
        except Exception:  # the timer's border: what is wrong with one job is not the others' fault
            log.exception("job %s could not be looked after", job_id[:6])
    return tended


def _open_run(services: Services, job_id: str) -> OpenRun | None:
    """The latest run, if its job was fully submitted and it still owes something."""
    blobs = services.blobs
    stored = blobs.find(blob_names.request(job_id))
    if stored is None or blobs.find(blob_names.tombstone(job_id)) is not None:
        return None
    number = current_run(blobs, job_id)
    outcome = find_outcome(blobs, job_id, number)
    if outcome is not None and not _owes_mail(services, job_id, outcome):
        return None
    return OpenRun(decode(Job, stored), number, outcome is not None)


def _owes_mail(services: Services, job_id: str, outcome: RunOutcome) -> bool:
    patience = timedelta(seconds=services.settings.for_run().email_patience_seconds)
    if services.clock() - datetime.fromisoformat(outcome.finished) > patience:
        return False
    mark = services.blobs.find(blob_names.email(job_id, outcome.run, MAIL))
    return mark is None or decode(MailMark, mark).state not in {"sent", "failed"}


async def _tend(client: UpkeepClient, services: Services, run: OpenRun, watched: datetime) -> int:
    status = await client.get_status(run.job.id)
    if runtime_status(status) and not is_finished(status):
        return 0 if run.ended else await _end_standstill(client, services, run, status, watched)
    # It may have come to its end between the look at storage and the look at Durable.
    latest = await asyncio.to_thread(_open_run, services, run.job.id)
    if latest is None or latest.number != run.number:
        return 0
    if latest.ended:
        await asyncio.to_thread(_tell, services, run)
        return 1
    age = services.clock() - datetime.fromisoformat(run.job.created)
    if not runtime_status(status) and age < UNKNOWN_AFTER:
        return 0
    return await _restart(client, services, run)


async def _end_standstill(
    client: UpkeepClient,
    services: Services,
    run: OpenRun,
    status: InstanceStatus,
    watched: datetime,
) -> int:
    now = services.clock()
    if not await asyncio.to_thread(stands_still, services.blobs, run.job, status, now, watched):
        return 0
    # Once it is terminated, the next round finds it finished without an outcome.
    log.warning("job %s stands still: terminated, to be started again", run.job.id[:6])
    await client.terminate(run.job.id, "no advance")
    return 1


async def _restart(client: UpkeepClient, services: Services, run: OpenRun) -> int:
    job = run.job
    restarts = await asyncio.to_thread(_count_restart, services.blobs, run)
    if restarts > RESTART_LIMIT:
        log.error("job %s could not be kept running: ended as failed", job.id[:6])
        await asyncio.to_thread(_give_up, services, run)
        return 1
    log.warning("job %s has no running instance: started again", job.id[:6])
    message = RunJob(
        job=job.id,
        run=run.number,
        documents=len(job.documents),
        variables=len(job.variables),
        settings=services.settings.for_run(),
    )
    await client.start_new("run_job", job.id, to_json(message))
    return 1


def _count_restart(blobs: BlobStore, run: OpenRun) -> int:
    name = blob_names.restarts(run.job.id, run.number)
    restarts = int(blobs.find(name) or b"0") + 1
    blobs.write(name, str(restarts).encode())
    return restarts


def _give_up(services: Services, run: OpenRun) -> None:
    blobs, job = services.blobs, run.job
    cancelled = blobs.find(blob_names.cancelled(job.id, run.number)) is not None
    outcome = results.conclude(
        run.number,
        results.sum_up(stored_findings(blobs, job, cancelled=cancelled, finished=True)()),
        cancelled=cancelled,
        finished=services.clock().isoformat(timespec="seconds"),
        problem=INTERRUPTED,
    )
    if not cancelled:
        outcome = replace(outcome, state=JobState.FAILED)
    blobs.create(blob_names.outcome(job.id, run.number), encode(outcome))
    release_user(blobs, job)
    _tell(services, run)


def _tell(services: Services, run: OpenRun) -> None:
    """Send the mail that no orchestration will send; where it must wait, a later round sends it."""
    result = send_once(services, SendEmail(run.job.id, run.number, MAIL))
    log.info("job %s run %d: its mail is %s", run.job.id[:6], run.number, result.state)
