"""Upkeep through the genuine Durable client: what it asks of a client is what there is."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest
from azure.durable_functions.models.utils import http_utils

from local_host.app_loader import index_app
from local_host.host import Host, HostOptions
from shared.clean_up import purge_expired
from shared.watchdog import watch_jobs
from tests.upkeep import House

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """A host whose `run_job` goes on until it is told to end."""
    app = df.DFApp()

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def run_job(context: df.DurableOrchestrationContext) -> Generator[Any, Any, Any]:
        yield context.wait_for_external_event("end")
        return context.get_input()

    host = Host(index_app(app), HostOptions(state=tmp_path))
    host.start()
    yield host
    host.stop()


async def _until(client: Any, job: str, status: str) -> Any:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        known = await client.get_status(job)
        if known and known.runtime_status.name == status:
            return known
        await asyncio.sleep(0.02)
    raise AssertionError(f"{job} is not {status}: {known.to_json()}")


async def _life_of(house: House, job: str, client: Any) -> Any:
    """A job that is found, stands still, is started again, ends and is erased."""
    services = house.site.services
    house.site.passes(minutes=11)
    await watch_jobs(client, services)
    await _until(client, job, "Running")
    for _ in range(5):
        house.site.passes(minutes=5)
        if await watch_jobs(client, services):
            break
    await _until(client, job, "Terminated")
    await watch_jobs(client, services)
    await _until(client, job, "Running")
    await client.raise_event(job, "end", {})
    ended = await _until(client, job, "Completed")
    house.end(job)
    house.site.passes(hours=25)
    assert await purge_expired(client, services) == 1
    assert not await client.get_status(job)
    assert await purge_expired(client, services) == 0
    return ended.output


def test_a_job_is_carried_on_and_erased_through_the_genuine_client(host: Host) -> None:
    """Start, status, terminate and purge go over the wire, and mean what the fake says."""
    house = House()
    house.site.now = datetime.now(UTC)
    job = house.submit()

    async def hold() -> Any:
        http_utils._client_session = None
        http_utils._session_lock = asyncio.Lock()
        try:
            return await _life_of(house, job, df.DurableOrchestrationClient(host.client_binding))
        finally:
            await http_utils._close_session()

    message = asyncio.run(hold())
    assert (message["job"], message["run"], message["documents"]) == (job, 1, 2)
    assert "example.org" not in json.dumps(message)
