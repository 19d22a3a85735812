"""The language worker's part: one event loop and one thread pool on which all app code runs.

The loop is not the HTTP server's: an app that blocks its loop stalls the app, never the host.
"""

import asyncio
import functools
import inspect
import threading
import uuid
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from typing import Any

from azure.functions import Context
from azure.functions.meta import Datum, get_binding_registry

from local_host.app_loader import AppFunction


class WorkerDiedError(Exception):
    """The worker process ended while the function ran."""


class WorkerStoppedError(Exception):
    """The host stops: what ran is abandoned and comes back at the next start."""


class InvocationContext(Context):
    """What a function sees in a parameter named `context`."""

    def __init__(self, invocation_id: str, function_name: str, directory: str) -> None:
        self._invocation_id = invocation_id
        self._function_name = function_name
        self._directory = directory
        self._local = threading.local()

    @property
    def invocation_id(self) -> str:
        """The id of this call."""
        return self._invocation_id

    @property
    def thread_local_storage(self) -> Any:
        """Storage the app may mark its own threads with."""
        return self._local

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._function_name

    @property
    def function_directory(self) -> str:
        """The folder of the app."""
        return self._directory

    @property
    def trace_context(self) -> Any:
        """No tracing here."""
        return None

    @property
    def retry_context(self) -> Any:
        """No host retries here."""
        return None


class Worker:
    """Calls app functions: async ones on its loop, sync ones in its bounded thread pool."""

    def __init__(self, threads: int, client_binding: Callable[[], str], directory: str) -> None:
        self._threads = threads
        self._client_binding = client_binding
        self._directory = directory
        self._pool = self._new_pool()
        self._lock = threading.Lock()
        self._stopped = False
        self._in_flight: dict[Future[Any], str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="worker-loop", daemon=True)
        self._thread.start()

    def invoke(
        self, function: AppFunction, trigger: Datum, after: Callable[[], None] | None = None
    ) -> Future[Any]:
        """Start a call; the future holds the encoded result, or the app's exception.

        `after` runs on the thread of a synchronous function, when it has returned or raised.
        """
        answer: Future[Any] = Future()
        with self._lock:
            if self._stopped:
                answer.set_exception(WorkerStoppedError("The host stops."))
                return answer
            self._in_flight[answer] = function.kind
        inner = asyncio.run_coroutine_threadsafe(self._call(function, trigger, after), self._loop)
        inner.add_done_callback(lambda done: self._deliver(answer, done))
        return answer

    def die(self) -> int:
        """End as a killed process does: every call in flight fails; their threads are zombies."""
        lost = self._detach()
        for future in lost:
            _settle(future, WorkerDiedError("The language worker process exited unexpectedly."))
        return len(lost)

    def restart(self) -> None:
        """End as after a function timeout: new calls are served, those in flight never answer.

        Only orchestrators are told, for the extension runs an episode again.
        """
        for future, kind in self._detach().items():
            if kind == "orchestrationTrigger":
                _settle(future, WorkerDiedError("The language worker process was restarted."))

    def stop(self) -> None:
        """Stop the loop and its thread; calls in flight are abandoned."""
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
        for future in self._detach():
            _settle(future, WorkerStoppedError("The host stops."))
        closing = asyncio.run_coroutine_threadsafe(_close_durable_session(), self._loop)
        try:
            closing.result(timeout=1)
        except TimeoutError:
            return  # the app blocks its loop; the thread is a daemon
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=1)
        if not self._thread.is_alive():
            self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        _cancel_all(self._loop)

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="worker")

    def _detach(self) -> dict[Future[Any], str]:
        with self._lock:
            lost, self._in_flight = self._in_flight, {}
            old, self._pool = self._pool, self._new_pool()
        old.shutdown(wait=False, cancel_futures=True)
        return lost

    def _deliver(self, answer: Future[Any], done: Future[Any]) -> None:
        with self._lock:
            if answer not in self._in_flight:
                return  # a zombie's result
            del self._in_flight[answer]
        _settle(answer, done.exception() if not done.cancelled() else WorkerDiedError(), done)

    async def _call(
        self, function: AppFunction, trigger: Datum, after: Callable[[], None] | None
    ) -> Any:
        registry = get_binding_registry()  # type: ignore[no-untyped-call]  # the SDK's
        converter = registry.get(function.kind)
        name = function.trigger["name"]
        if function.kind == "orchestrationTrigger":
            # The SDK's handle names its own parameter, whatever the binding is called.
            name = next(iter(inspect.signature(function.call).parameters))
        arguments = {name: converter.decode(trigger, trigger_metadata={})}
        for name in function.durable_clients:
            arguments[name] = self._client_binding()
        if function.wants_context:
            arguments["context"] = InvocationContext(
                str(uuid.uuid4()), function.name, self._directory
            )
        if function.is_async:
            result = await function.call(**arguments)
        else:
            call = functools.partial(_call_sync, function, arguments, after)
            result = await self._loop.run_in_executor(self._pool, call)
        return _encode(function, result)


def _call_sync(
    function: AppFunction, arguments: dict[str, Any], after: Callable[[], None] | None
) -> Any:
    try:
        return function.call(**arguments)
    finally:
        if after is not None:
            after()


def _encode(function: AppFunction, result: Any) -> Any:
    registry = get_binding_registry()  # type: ignore[no-untyped-call]  # the SDK's
    if function.kind == "httpTrigger":
        if result is None or not function.returns_http:
            return None
        return registry.get("http").encode(result, expected_type=None)
    if function.kind == "timerTrigger":
        if result is not None:
            raise RuntimeError(
                f"function '{function.name}' without a $return binding returned a non-None value"
            )
        return None
    return registry.get(function.kind).encode(result, expected_type=None)


def _settle(
    future: Future[Any], error: BaseException | None, done: Future[Any] | None = None
) -> None:
    try:
        if error is not None:
            future.set_exception(error)
        elif done is not None:
            future.set_result(done.result())
    except InvalidStateError:
        return  # whoever waited has gone


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))


async def _close_durable_session() -> None:
    """Close the SDK's one HTTP session on the loop that made it, so another loop starts fresh."""
    from azure.durable_functions.models.utils import http_utils

    close: Callable[[], Coroutine[Any, Any, None]] = http_utils._close_session  # noqa: SLF001 - the SDK offers no public way
    await close()
    http_utils._session_lock = asyncio.Lock()  # noqa: SLF001
