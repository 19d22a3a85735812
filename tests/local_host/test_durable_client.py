"""The genuine DurableOrchestrationClient against the host's RPC endpoint."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.durable_functions import DurableOrchestrationClient, OrchestrationRuntimeStatus
from azure.durable_functions.models.utils import http_utils

from local_host.host import Host

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called")
Web = tuple[Host, str]
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def ask(host: Host, conversation: Callable[[Any], Awaitable[Any]]) -> Any:
    """Hold a conversation with a client of its own session."""

    async def hold() -> Any:
        http_utils._client_session = None
        http_utils._session_lock = asyncio.Lock()
        try:
            return await conversation(DurableOrchestrationClient(host.client_binding))
        finally:
            await http_utils._close_session()

    return asyncio.run(hold())


async def _until(client: Any, instance_id: str, *statuses: str) -> Any:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        status = await client.get_status(instance_id)
        if status and status.runtime_status.name in statuses:
            return status
        await asyncio.sleep(0.01)
    raise AssertionError(f"{instance_id} is {status.runtime_status}, not one of {statuses}")


def test_start_event_and_output(web_host: Web) -> None:
    """Client events arrive double-encoded: an object reaches the orchestrator as a string."""

    async def conversation(client: Any) -> Any:
        started = await client.start_new("listens", "my-id", {"a": [1]})
        running = await _until(client, started, "Running")
        await client.raise_event(started, "news", {"b": 2})
        return running, await _until(client, started, "Completed")

    running, ended = ask(web_host[0], conversation)
    assert running.custom_status == "listening"
    assert (ended.instance_id, ended.input_) == ("my-id", '{"a": [1]}')
    assert ended.output == [{"a": [1]}, '{"b": 2}']


def test_what_is_unknown(web_host: Web) -> None:
    """Unknown instances are falsy, unknown orchestrators raise the extension's message."""

    async def conversation(client: Any) -> Any:
        assert not await client.get_status("nobody")
        assert (await client.purge_instance_history("nobody")).instances_deleted == 0
        for call in (
            client.terminate("nobody", "x"),
            client.suspend("nobody", "x"),
            client.raise_event("nobody", "news", 1),
        ):
            with pytest.raises(Exception, match="No instance with ID"):
                await call
        with pytest.raises(Exception, match="The function 'nothing' doesn't exist"):
            await client.start_new("nothing")
        with pytest.raises(Exception, match="not valid"):
            await client.start_new("listens", "@entity")

    ask(web_host[0], conversation)


def test_a_living_instance_is_not_replaced(web_host: Web) -> None:
    """The id of a running instance is refused, that of an ended one starts afresh."""

    async def conversation(client: Any) -> Any:
        await client.start_new("listens", "twice")
        with pytest.raises(Exception, match="already exists"):
            await client.start_new("listens", "twice")
        await client.terminate("twice", "make room")
        ended = await _until(client, "twice", "Terminated")
        await client.start_new("listens", "twice")
        await _until(client, "twice", "Running")
        await client.terminate("twice", "done")
        await client.terminate("twice", "a second time is accepted")
        return ended.output

    assert ask(web_host[0], conversation) == "make room"


def test_suspend_and_resume(web_host: Web) -> None:
    """A suspended instance takes events and acts on them when resumed."""

    async def conversation(client: Any) -> Any:
        started = await client.start_new("listens")
        await _until(client, started, "Running")
        await client.suspend(started, "wait")
        await client.raise_event(started, "news", "x")
        assert (await client.get_status(started)).runtime_status.name == "Suspended"
        await client.resume(started, "go on")
        return (await _until(client, started, "Completed")).output

    assert ask(web_host[0], conversation) == [None, '"x"']


def test_restart_takes_the_same_input(web_host: Web) -> None:
    """Restart answers the check-status document of the new instance."""

    async def conversation(client: Any) -> Any:
        first = await client.start_new("add_up", None, 3)
        await _until(client, first, "Completed")
        again = await client.restart(first)
        assert again["id"] != first
        return (await _until(client, again["id"], "Completed")).output

    assert ask(web_host[0], conversation) == 3


def test_failures_are_shown(web_host: Web) -> None:
    """A failed instance answers 200 with its error; its history can be read."""

    async def conversation(client: Any) -> Any:
        started = await client.start_new("fails")
        await _until(client, started, "Failed")
        return await client.get_status(started, show_history=True, show_history_output=True)

    status = ask(web_host[0], conversation)
    assert status.output == "Orchestrator function 'fails' failed: as asked"
    shown = [(e["EventType"], e.get("FunctionName")) for e in status.historyEvents]
    assert shown == [
        ("ExecutionStarted", "fails"),
        ("TaskCompleted", "same"),
        ("ExecutionCompleted", None),
    ]
    assert status.historyEvents[1]["Result"] == "1"


def test_queries_and_purges(web_host: Web) -> None:
    """Instances are found by status, prefix and time; only ended ones are purged."""

    async def conversation(client: Any) -> None:
        for n in range(3):
            await client.start_new("add_up", f"sum-{n}", n + 1)
            await _until(client, f"sum-{n}", "Completed")
        await client.start_new("listens", "sum-alive")
        completed = [OrchestrationRuntimeStatus.Completed]
        found = await client.get_status_by(LONG_AGO, None, completed, "sum-")
        assert sorted(s.instance_id for s in found) == ["sum-0", "sum-1", "sum-2"]
        assert await client.get_status_by(datetime.now(UTC) + timedelta(hours=1)) == []
        assert "sum-alive" in [s.instance_id for s in await client.get_status_all()]
        assert (await client.purge_instance_history("sum-0")).instances_deleted == 1
        assert not await client.get_status("sum-0")
        await client.purge_instance_history_by(LONG_AGO, None, completed)
        assert await client.get_status_by(LONG_AGO, None, completed) == []
        assert await client.get_status("sum-alive")

    ask(web_host[0], conversation)


def test_pages_of_a_hundred(web_host: Web) -> None:
    """The SDK's get_status_all answers one page; the token leads on to the rest."""

    async def conversation(client: Any) -> Any:
        for n in range(101):
            await client.start_new("listens", f"many-{n:03}")
        url = client._orchestration_bindings.rpc_base_url + "instances/?instanceIdPrefix=many-"
        session = await http_utils._get_session()
        pages: list[list[str]] = []
        token: str | None = None
        while token is not None or not pages:
            headers: dict[str, str] = {"x-ms-continuation-token": token} if token else {}
            async with session.get(url, headers=headers) as answer:
                pages.append([item["instanceId"] for item in await answer.json()])
                token = answer.headers.get("x-ms-continuation-token")
        return len(await client.get_status_all()), pages

    count, pages = ask(web_host[0], conversation)
    assert count == 100
    assert [len(page) for page in pages] == [100, 1]
    assert len({name for page in pages for name in page}) == 101


def test_rewind_is_refused(web_host: Web) -> None:
    """What this host leaves out it says, with 501."""

    async def conversation(client: Any) -> None:
        with pytest.raises(Exception, match="rewind is not part of this host"):
            await client.rewind("anything", "please")

    ask(web_host[0], conversation)
