"""`GET /api/jobs/{id}/status`: the Durable status shape, without Durable's own keyed URLs."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import azure.functions as func

from shared.domain.job import Job
from shared.services import Services
from shared.web.durable import DurableClient, InstanceStatus, is_finished, runtime_status
from shared.web.links import job_links
from shared.web.live_status import current_ids, live_status
from shared.web.stored_jobs import StoredJobs, stored_jobs


async def get_status(
    request: func.HttpRequest, client: DurableClient, services: Services
) -> func.HttpResponse:
    """202 until the job is finished, then 200; any Durable client can poll it.

    Raises:
        RequestProblem: 404 unknown, 410 erased.
    """
    jobs = stored_jobs(services)
    job = await asyncio.to_thread(jobs.job, request.route_params["id"])
    status = await client.get_status(job.id)
    custom = await asyncio.to_thread(_custom_status, jobs, job, status)
    finished = is_finished(status)
    body = {
        "name": status.name if status else "run_job",
        "instanceId": job.id,
        # Not known yet, or no more: the job is stored, and the watchdog starts what was lost.
        "runtimeStatus": runtime_status(status) or "Pending",
        "customStatus": custom,
        "output": status.output if status else None,
        # Durable counts from the last generation; the job began when it was submitted.
        "createdTime": _time(datetime.fromisoformat(job.created)),
        "lastUpdatedTime": _time(status.last_updated_time if status else None) or None,
    }
    headers = {"Cache-Control": "no-store"}
    if not finished:
        headers |= {"Retry-After": "2", "Location": job_links(request, job.id)["statusQueryGetUri"]}
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status_code=200 if finished else 202,
        mimetype="application/json",
        headers=headers,
    )


def _custom_status(jobs: StoredJobs, job: Job, status: InstanceStatus) -> dict[str, Any]:
    custom = status.custom_status if status else None
    ids = current_ids(custom)
    run = int(custom.get("run", 1)) if isinstance(custom, dict) else jobs.run(job.id)
    return live_status(job, run, custom, jobs.progress(job.id, ids) if ids else {})


def _time(moment: datetime | None) -> str:
    if moment is None:
        return ""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return f"{aware.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
