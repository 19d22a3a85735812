"""`GET /api/health`: whether storage and Durable answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

import azure.functions as func

from shared.domain.errors import FieldError, RequestProblem
from shared.services import Services
from shared.web.durable import DurableClient

PATIENCE_SECONDS = 5.0
NOBODY = "0" * 32


async def get_health(client: DurableClient, services: Services) -> func.HttpResponse:
    """200 when both answer.

    Raises:
        RequestProblem: 503, naming what does not.
    """
    storage, durable = await asyncio.gather(
        _answers(asyncio.to_thread(services.blobs.check)), _answers(client.get_status(NOBODY))
    )
    faults = []
    if not storage:
        message = "Blob Storage does not answer; check AzureWebJobsStorage and the account."
        faults.append(FieldError("storage", message))
    if not durable:
        message = "The Durable extension does not answer; look at the host's log."
        faults.append(FieldError("durable", message))
    if faults:
        raise RequestProblem(503, "Not healthy.", tuple(faults), retry_after=10)
    body = json.dumps({"status": "ok", "storage": "ok", "durable": "ok"})
    return func.HttpResponse(
        body, mimetype="application/json", headers={"Cache-Control": "no-store"}
    )


async def _answers(question: Awaitable[object]) -> bool:
    try:
        await asyncio.wait_for(question, PATIENCE_SECONDS)
    except Exception:  # noqa: BLE001  whatever it is, it did not answer
        return False
    return True
