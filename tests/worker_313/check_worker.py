"""Microsoft's own worker library indexes this app and calls it. Python 3.13; `./dev test` runs it.

It adds what the local host cannot know by itself: the real worker's checks of parameters and
annotations, its contexts and its thread pool. Blob Storage is Azurite; nothing else is needed.
"""

# ruff: noqa: T201 - a script that says what it found
# mypy: disable-error-code="import-not-found, import-untyped"
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
os.chdir(ROOT)

from azure_functions_runtime import handle_event, native_invocation  # noqa: E402
from azure_functions_runtime.bindings.datumdef import Datum  # noqa: E402
from azure_functions_runtime.bindings.meta import load_binding_registry  # noqa: E402
from azure_functions_runtime.utils.threadpool import start_threadpool_executor  # noqa: E402

from local_host.azurite import start_azurite  # noqa: E402

PROTOS = SimpleNamespace(  # what indexing takes from the worker's protobuf module
    BindingInfo=type("BindingInfo", (SimpleNamespace,), {"inout": 2, "out": 1, "undefined": 0}),
    RpcFunctionMetadata=SimpleNamespace,
)

JOB = "worker-check-0000000000"
STARTED = "2026-01-01T00:00:00.000000Z"


def main() -> int:
    """Index, call each kind of function, and say what went wrong."""
    with tempfile.TemporaryDirectory() as folder, start_azurite(Path(folder)) as azurite:
        os.environ["AzureWebJobsStorage"] = azurite.connection_string  # noqa: SIM112 - its name
        os.environ.update(OPENAI_API_KEY="unused", OPENAI_BASE_URL="http://127.0.0.1:9/v1")
        functions = index()
        print(f"indexed {len(functions)} functions: {', '.join(sorted(functions))}")
        checks: tuple[Callable[[dict[str, str]], None], ...] = (
            check_page,
            check_unknown_job,
            check_activity,
            check_orchestrator,
        )
        failures = [failure for check in checks if (failure := attempt(check, functions))]
    return 1 if failures else 0


def index() -> dict[str, str]:
    """Let the worker load the app; return the id of each function by its name."""
    handle_event.protos = PROTOS
    load_binding_registry()
    start_threadpool_executor()
    metadata = handle_event.index_functions(str(ROOT / "function_app.py"), str(ROOT))
    return {function.name: function.function_id for function in metadata}


def attempt(check: Callable[[dict[str, str]], None], functions: dict[str, str]) -> str:
    """Run one check; return what is wrong, empty where nothing is."""
    began = time.monotonic()
    try:
        check(functions)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other checks run too
        print(f"FAILED {check.__doc__} {type(error).__name__}: {error}")
        return str(error)
    print(f"ok     {check.__doc__} ({time.monotonic() - began:.1f} s)")
    return ""


def call(function_id: str, *inputs: tuple[str, Datum]) -> Any:
    """Call a function as the worker does; return its answer's value."""
    done, answer, _, error, trace = asyncio.run(
        native_invocation.invocation_request_native("check", function_id, list(inputs), {})
    )
    if not done:
        raise AssertionError(f"{error}\n{trace}")
    return answer.value


def check_page(functions: dict[str, str]) -> None:
    """The HTTP function of the page answers 200 with HTML."""
    answer = call(functions["get_page"], ("req", http_get("http://127.0.0.1/")))
    expect(answer["status_code"].value, "200")
    expect(answer["body"].value[:15].lower(), b"<!doctype html>")


def check_unknown_job(functions: dict[str, str]) -> None:
    """The results of a job that does not exist are a 404 problem, through real storage."""
    request = http_get(f"http://127.0.0.1/api/jobs/{JOB}/results.json", {"id": JOB})
    answer = call(functions["get_results"], ("req", request))
    expect(answer["status_code"].value, "404")
    expect(json.loads(answer["body"].value)["status"], 404)


def check_activity(functions: dict[str, str]) -> None:
    """The activity look_at_run answers for a job nobody knows: not to go on."""
    message = Datum(json.dumps({"job": JOB, "run": 1}), "string")
    answer = json.loads(call(functions["look_at_run"], ("message", message)))
    expect(set(answer), {"current", "cancelled"})


def check_orchestrator(functions: dict[str, str]) -> None:
    """The first episode of run_job asks for look_at_run, and is not done."""
    run = json.dumps({"job": JOB, "run": 1, "documents": 2, "variables": 3, "settings": {}})
    event = {"EventId": -1, "IsPlayed": False, "Timestamp": STARTED}
    started = {"EventType": 0, "Name": "run_job", "Version": "", "Input": json.dumps(run)}
    context = {
        "history": [{"EventType": 12, **event}, {**started, **event}],
        "input": run,
        "instanceId": JOB,
        "isReplaying": False,
        "parentInstanceId": None,
        "upperSchemaVersion": 1,
        "upperSchemaVersionNew": 2,
        "longRunningTimerIntervalDuration": "3.00:00:00",
        "maximumShortTimerDuration": "6.00:00:00",
    }
    answer = call(functions["run_job"], ("context", Datum(json.dumps(context), "string")))
    state = json.loads(answer)
    expect(state["isDone"], False)
    expect([action["functionName"] for action in state["actions"][0]], ["look_at_run"])


def http_get(url: str, route: dict[str, str] | None = None) -> Datum:
    """Return a GET request as the host hands it to the worker."""
    return Datum(
        {
            "method": Datum("GET", "string"),
            "url": Datum(url, "string"),
            "headers": {},
            "query": {},
            "params": {name: Datum(value, "string") for name, value in (route or {}).items()},
            "body": Datum(b"", "bytes"),
        },
        "http",
    )


def expect(found: object, wanted: object) -> None:
    """Raise where they differ."""
    if found != wanted:
        raise AssertionError(f"{found!r}, expected {wanted!r}")


if __name__ == "__main__":
    sys.exit(main())
