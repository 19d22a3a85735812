"""`POST /api/jobs/{id}/cancel`: running work stops within seconds, what is known is kept."""

from __future__ import annotations

import asyncio
import json
import logging

import azure.functions as func

from shared.domain import blob_names
from shared.services import Services
from shared.web.access import require_owner
from shared.web.durable import DurableClient, is_finished
from shared.web.links import job_links
from shared.web.stored_jobs import stored_jobs

log = logging.getLogger("policy_reader.web")


async def cancel(
    request: func.HttpRequest, client: DurableClient, services: Services
) -> func.HttpResponse:
    """202, also where there is nothing left to stop: its state says which.

    Raises:
        RequestProblem: 404 unknown, 410 erased, 403 another user's.
    """
    jobs = stored_jobs(services)
    job = await asyncio.to_thread(jobs.job, request.route_params["id"])
    require_owner(request, services.settings, job)
    run = await asyncio.to_thread(jobs.run, job.id)
    outcome = await asyncio.to_thread(jobs.outcome, job.id, run)
    state = outcome.state.value if outcome else "cancelling"
    if outcome is None:
        marker = services.clock().isoformat().encode()
        await asyncio.to_thread(services.blobs.create, blob_names.cancelled(job.id, run), marker)
        await _wake(client, job.id, run)
    links = job_links(request, job.id)
    return func.HttpResponse(
        json.dumps({"id": job.id, "state": state, "statusQueryGetUri": links["statusQueryGetUri"]}),
        status_code=202,
        mimetype="application/json",
        headers={
            "Location": links["statusQueryGetUri"],
            "Retry-After": "2",
            "Cache-Control": "no-store",
        },
    )


async def _wake(client: DurableClient, job_id: str, run: int) -> None:
    """Tell `run_job` to look at the marker; the marker counts even where this is lost."""
    try:
        if not is_finished(await client.get_status(job_id)):
            await client.raise_event(job_id, "cancel", {"run": run})
    except Exception:
        log.exception("job %s: its cancel marker is set, its orchestrator not woken", job_id[:6])
