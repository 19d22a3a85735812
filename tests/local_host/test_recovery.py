"""Random orchestrations come to the same result whether or not the host is killed on the way."""

import itertools
import json
import threading
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import azure.durable_functions as df
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local_host.app_loader import LoadedApp, index_app
from local_host.management import RefusedError
from local_host.store import StoreClosedError
from tests.local_host.engine import Engine

pytestmark = [
    pytest.mark.filterwarnings("ignore:azure.functions df_loads was called"),
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]

Step = list[Any]
_events = itertools.count()


def _app() -> LoadedApp:
    app = df.DFApp()

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    def double(value: int) -> int:
        return value * 2

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    async def fail(value: int) -> int:
        raise RuntimeError(f"no {value}")

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def interpret(context: Any) -> Generator[Any, Any, Any]:
        state = context.get_input()
        results, steps = state["results"], state["steps"]
        for place, (kind, argument) in enumerate(steps):
            if kind == "again":
                context.continue_as_new({"steps": steps[place + 1 :], "results": results})
                return None
            results.append((yield from _step(context, kind, argument)))
        return results

    return index_app(app)


def _step(context: Any, kind: str, argument: Any) -> Generator[Any, Any, Any]:
    """One step of a random orchestration; its result does not depend on who is first."""
    result: Any
    if kind == "one":
        result = yield context.call_activity("double", argument)
    elif kind == "all":
        result = yield context.task_all([context.call_activity("double", n) for n in argument])
    elif kind == "any":
        tasks = [context.call_activity("double", n) for n in argument]
        yield context.task_any(tasks)
        result = yield context.task_all(tasks)
    elif kind == "window":
        result = yield from _window(context, argument)
    elif kind == "timer":
        yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=argument))
        result = "rang"
    elif kind == "race":
        timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        task = context.call_activity("double", argument)
        yield context.task_any([timer, task])
        timer.cancel()
        result = task.result
    elif kind == "event":
        result = yield context.wait_for_external_event(argument)
    elif kind == "fail":
        try:
            result = yield context.call_activity_with_retry(
                "fail", df.RetryOptions(5, argument), argument
            )
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            result = str(error).splitlines()[0].strip()
    else:
        result = yield context.call_sub_orchestrator(
            "interpret", {"steps": argument, "results": []}
        )
    return result


def _window(context: Any, values: list[int]) -> Generator[Any, Any, Any]:
    waiting, pending, done = list(values), list[Any](), list[int]()
    while waiting or pending:
        while waiting and len(pending) < 3:
            pending.append(context.call_activity("double", waiting.pop(0)))
        first = yield context.task_any(pending)
        pending.remove(first)
        done.append(first.result)
    return sorted(done)


def _expected(steps: list[Step]) -> list[Any]:
    results: list[Any] = []
    for kind, argument in steps:
        if kind in ("one", "race"):
            results.append(argument * 2)
        elif kind in ("all", "any", "window"):
            doubled = [n * 2 for n in argument]
            results.append(sorted(doubled) if kind == "window" else doubled)
        elif kind == "timer":
            results.append("rang")
        elif kind == "event":
            results.append(f"heard {argument}")
        elif kind == "fail":
            results.append(f"Activity function 'fail' failed:  RuntimeError: no {argument}")
        elif kind == "sub":
            results.append(_expected(argument))
    return results


_numbers = st.lists(st.integers(-9, 9), min_size=1, max_size=5)
_simple = st.one_of(
    st.tuples(st.just("one"), st.integers(-9, 9)),
    st.tuples(st.sampled_from(["all", "any", "window"]), _numbers),
    st.tuples(st.just("timer"), st.integers(0, 30)),
    st.tuples(st.just("race"), st.integers(-9, 9)),
    st.tuples(st.just("fail"), st.integers(1, 3)),
).map(list)
_again = st.just(["again", None])
_sub = st.tuples(st.just("sub"), st.lists(st.one_of(_simple, _again), min_size=1, max_size=3)).map(
    list
)
_event = st.builds(lambda: ["event", f"e{next(_events)}"])
_programs = st.lists(st.one_of(_simple, _simple, _sub, _event, _again), min_size=1, max_size=6)


class Power:
    """Cuts the store's power after a number of commits."""

    def __init__(self, commits: int) -> None:
        self.left = commits
        self.cut = threading.Event()

    def before_commit(self) -> None:
        """Count a commit, or refuse it for ever."""
        self.left -= 1
        if self.left <= 0:
            self.cut.set()
            raise ConnectionError("the power is cut")


def _run(app: LoadedApp, steps: list[Step], kills: list[int], folder: Path) -> Any:
    """Run a program through as many lives as it takes; each of `kills` ends one life."""
    waiting_for = [argument for kind, argument in steps if kind == "event"]
    for kill in [*kills, 0]:
        power = Power(kill)
        engine = Engine(
            app, folder / "durable.sqlite3", before_commit=power.before_commit if kill else None
        )
        try:
            _begin(engine, steps, waiting_for)
            return engine.wait("it", lambda found: found.terminal, seconds=15)
        except StoreClosedError:
            assert power.cut.is_set(), "the store closed by itself"
        finally:
            engine.close()
    raise AssertionError("the last life has no kill")


def _begin(engine: Engine, steps: list[Step], events: list[str]) -> None:
    """Start and tell the events, unless an earlier life already kept that."""
    try:
        engine.management.find("it")
    except RefusedError:
        engine.start("interpret", {"steps": steps, "results": []}, "it")
    while events:
        try:
            engine.raise_event("it", events[0], f"heard {events[0]}")
        except RefusedError:
            return
        events.pop(0)


@given(steps=_programs, kills=st.lists(st.integers(1, 25), max_size=5))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_kills_change_nothing(steps: list[Step], kills: list[int]) -> None:
    """Whatever commits are lost, and however often, the output is what the program means."""
    # An event that is told before a generation that does not wait for it is lost with it.
    first_again = next((n for n, s in enumerate(steps) if s[0] == "again"), len(steps))
    steps = [s for n, s in enumerate(steps) if s[0] != "event" or n < first_again]
    with TemporaryDirectory() as folder:
        found = _run(_APP, steps, kills, Path(folder))
    assert found.status == "Completed", found
    assert json.loads(found.output) == _expected(steps)


_APP = _app()
