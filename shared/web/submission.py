"""A sound request → a running job: claim the user, store, start; or leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

import azure.functions as func

from shared.domain import blob_names
from shared.domain.errors import FieldError, RequestProblem, StorageError
from shared.domain.job import Job
from shared.domain.messages import RunJob, to_json
from shared.domain.stored import encode
from shared.ports import BlobStore
from shared.services import Services
from shared.settings import Settings
from shared.user_lock import release_user
from shared.web.access import user_of
from shared.web.durable import DurableClient, is_finished
from shared.web.job_request import JobRequest, job_request
from shared.web.links import job_links, origin

WRITES_AT_ONCE = 4
UNKNOWN_AFTER = timedelta(minutes=10)
"""A claim of a job that Durable never heard of: its submission may still be storing until then."""

log = logging.getLogger("policy_reader.web")


async def submit(
    request: func.HttpRequest, client: DurableClient, services: Services
) -> func.HttpResponse:
    """`POST /api/jobs`: 202 with the job's links, once all of it is stored and started.

    Raises:
        RequestProblem: it is wrong, or this user has a job running.
    """
    asked = await asyncio.to_thread(job_request, request)
    settings, blobs = services.settings, services.blobs
    user = user_of(request, settings, asked.form.email)
    job = asked.job(secrets.token_hex(16), services.clock(), user, settings.model)
    try:
        await _claim(client, blobs, job, origin(request))
    except StorageError:
        # The claim may be stored though nobody was told.
        await asyncio.to_thread(release_user, blobs, job)
        raise
    try:
        await asyncio.to_thread(_store, blobs, job, asked)
        await _start(client, job, settings)
    except BaseException:
        # Also when the host takes the request away: whoever comes next must find the user free.
        await asyncio.shield(asyncio.to_thread(_undo, blobs, job))
        raise
    log.info(
        "job %s: %d documents, %d variables", job.id[:6], len(job.documents), len(job.variables)
    )
    links = job_links(request, job.id)
    return func.HttpResponse(
        json.dumps(links),
        status_code=202,
        mimetype="application/json",
        headers={
            "Location": links["statusQueryGetUri"],
            "Retry-After": "2",
            "Cache-Control": "no-store",
        },
    )


async def _claim(client: DurableClient, blobs: BlobStore, job: Job, site: str) -> None:
    name = blob_names.running(job.user)
    claim = json.dumps({"job": job.id, "since": job.created}).encode()
    for _ in range(3):
        if await asyncio.to_thread(blobs.create, name, claim):
            return
        held = await asyncio.to_thread(blobs.find_version, name)
        if held is None:
            continue
        data, version = held
        if (holder := _holder(data)) is not None:
            if holder[0] == job.id:
                return  # Stored at the first try: its answer was lost, and the SDK tried again.
            await _refuse_while_alive(client, blobs, *holder, job, site)
        if await asyncio.to_thread(blobs.replace, name, claim, version):
            return
    raise _has_a_job(site, None)


def _holder(data: bytes) -> tuple[str, datetime] | None:
    """Which job holds the claim and since when; None where it was given up."""
    try:
        held = json.loads(data or b"{}")
        return str(held["job"]), datetime.fromisoformat(held["since"])
    except (ValueError, KeyError, TypeError):
        return None


async def _refuse_while_alive(
    client: DurableClient, blobs: BlobStore, held_by: str, since: datetime, job: Job, site: str
) -> None:
    status = await client.get_status(held_by)
    if status:
        if not is_finished(status):
            raise _has_a_job(site, held_by)
        return
    left = since + UNKNOWN_AFTER - datetime.fromisoformat(job.created)
    if left <= timedelta(0):
        return
    if await asyncio.to_thread(blobs.find, blob_names.request(held_by)) is None:
        raise _is_submitting(left)
    raise _has_a_job(site, held_by)


def _store(blobs: BlobStore, job: Job, asked: JobRequest) -> None:
    writes: list[Callable[[], object]] = [
        partial(_write_pdf, blobs, blob_names.pdf(job.id, document.id), upload.content)
        for document, upload in zip(job.documents, asked.uploads, strict=True)
    ]
    writes.append(partial(blobs.write, blob_names.current_run(job.id), b"1"))
    writes.append(partial(blobs.write, blob_names.own_job(job.user, job.id), job.created.encode()))
    with ThreadPoolExecutor(WRITES_AT_ONCE) as threads:
        for done in [threads.submit(write) for write in writes]:
            done.result()
    # The request comes last: where it is, everything is.
    blobs.write(blob_names.request(job.id), encode(job))


def _write_pdf(blobs: BlobStore, name: str, content: bytes | memoryview) -> None:
    blobs.write(name, bytes(content))


async def _start(client: DurableClient, job: Job, settings: Settings) -> None:
    message = RunJob(
        job=job.id,
        run=1,
        documents=len(job.documents),
        variables=len(job.variables),
        settings=settings.for_run(),
    )
    try:
        await client.start_new("run_job", instance_id=job.id, client_input=to_json(message))
    except Exception:
        # An answer may be lost on the way back: what did start must keep its documents.
        if not await client.get_status(job.id):
            raise
        log.warning("job %s started, though its start was answered with an error", job.id[:6])


def _undo(blobs: BlobStore, job: Job) -> None:
    blobs.delete(blob_names.request(job.id))
    for name in list(blobs.names(f"jobs/{job.id}/")):
        blobs.delete(name)
    blobs.delete(blob_names.own_job(job.user, job.id))
    release_user(blobs, job)


def _has_a_job(site: str, job: str | None) -> RequestProblem:
    message = "You have a job running; wait for its email, or cancel it, then submit this one."
    return RequestProblem(
        409,
        "One job at a time.",
        (FieldError("email", message),),
        extra={"job": f"{site}/jobs/{job}", "id": job} if job else {},
        retry_after=None if job else 2,
    )


def _is_submitting(left: timedelta) -> RequestProblem:
    """Of a job that is not stored there is no page to be sent to, and no email to wait for."""
    seconds = math.ceil(left.total_seconds())
    message = (
        "An earlier submission of yours is still being stored, or broke off on the way; "
        f"submit again in {math.ceil(seconds / 60)} min."
    )
    return RequestProblem(
        409, "One job at a time.", (FieldError("email", message),), retry_after=seconds
    )
