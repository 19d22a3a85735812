"""Orchestrators for each case of the durable contract."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

Steps = Generator[Any, Any, Any]


class Stage:
    """What the activities of one app have seen, and the gates that hold them."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.running = 0
        self.most_at_once = 0
        self.gates: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def gate(self, name: str) -> threading.Event:
        """The gate an activity waits at."""
        with self._lock:
            return self.gates.setdefault(name, threading.Event())

    def enter(self, name: str) -> int:
        """Count a call; answers which one it is, from 1."""
        with self._lock:
            self.calls[name] += 1
            self.running += 1
            self.most_at_once = max(self.most_at_once, self.running)
            return self.calls[name]

    def leave(self) -> None:
        """Count a return."""
        with self._lock:
            self.running -= 1


def make_app() -> tuple[Any, Stage]:
    """A fresh app with its stage."""
    app, stage = df.DFApp(), Stage()
    _activities(app, stage)
    _orchestrators(app)
    _failures_and_families(app)
    _events_and_timers(app)
    _retries(app)
    return app, stage


def _activities(app: Any, stage: Stage) -> None:
    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    def echo(value: Any) -> Any:
        stage.enter("echo")
        stage.leave()
        return value

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    def held(value: str) -> str:
        count = stage.enter(f"held {value}")
        try:
            stage.gate(value).wait(timeout=15)
        finally:
            stage.leave()
        return f"{value} {count}"

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    def slow(value: float) -> float:
        stage.enter("slow")
        time.sleep(value)
        stage.leave()
        return value

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    async def flaky(value: dict[str, Any]) -> str:
        count = stage.enter(str(value["name"]))
        await asyncio.sleep(value.get("delay", 0))
        stage.leave()
        if count <= value["fails"]:
            raise RuntimeError(f"attempt {count} of {value['name']}")
        return str(value["name"])


def _orchestrators(app: Any) -> None:
    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def all_of(context: Any) -> Steps:
        values = context.get_input()
        return (yield context.task_all([context.call_activity("echo", v) for v in values]))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def hold(context: Any) -> Steps:
        names = context.get_input()
        return (yield context.task_all([context.call_activity("held", n) for n in names]))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def catches(context: Any) -> Steps:
        try:
            yield context.call_activity("flaky", {"name": "always", "fails": 99})
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return str(error)

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def window(context: Any) -> Steps:
        waiting, size = list(context.get_input()["seconds"]), context.get_input()["size"]
        pending: list[Any] = []
        results: list[Any] = []
        while waiting or pending:
            new: list[Any] = []
            while waiting and len(pending) + len(new) < size:
                new.append(context.call_activity("slow", waiting.pop(0)))
            pending += new
            if new and context.get_input().get("open"):
                # Done at once for the extension and for the SDK, so that neither waits for `new`.
                timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
                timer.cancel()
                yield context.task_any([context.task_all([]), *new, timer])
            first = yield context.task_any(pending)
            pending.remove(first)
            results.append(first.result)
        return results

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def status(context: Any) -> Steps:
        context.set_custom_status(context.get_input()["first"])
        yield context.call_activity("echo", 1)
        context.set_custom_status(context.get_input()["second"])
        yield context.wait_for_external_event("go")
        return "done"


def _failures_and_families(app: Any) -> None:
    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def calls_nobody(context: Any) -> Steps:
        yield context.call_activity("nobody", 1)

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def returns_a_set(context: Any) -> Steps:
        yield context.call_activity("echo", 1)
        return {1}

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def parent(context: Any) -> Steps:
        child = yield context.call_sub_orchestrator("all_of", [1, 2], "the child")
        try:
            yield context.call_sub_orchestrator("calls_nobody")
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return [child, str(error)]

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def generations(context: Any) -> Steps:
        state = context.get_input()
        if state["left"] == 3:
            context.set_custom_status("from the first generation")
        total = state["total"] + (yield context.call_activity("echo", state["left"]))
        if state["left"] == 0:
            return total
        context.continue_as_new({"left": state["left"] - 1, "total": total})
        return None


def _events_and_timers(app: Any) -> None:
    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def two_events(context: Any) -> Steps:
        yield context.call_activity("held", "before the wait")
        first = yield context.wait_for_external_event("news")
        second = yield context.wait_for_external_event("news")
        return [first, second]

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def one_event(context: Any) -> Steps:
        return (yield context.wait_for_external_event("news"))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def race(context: Any) -> Steps:
        timer = context.create_timer(
            context.current_utc_datetime + timedelta(seconds=context.get_input()["seconds"])
        )
        work = context.call_activity("echo", "work")
        winner = yield context.task_any([work, timer])
        if winner is work and context.get_input()["cancel"]:
            timer.cancel()
        return "work" if winner is work else "timer"

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def long_timer(context: Any) -> Steps:
        yield context.create_timer(context.current_utc_datetime + timedelta(days=7))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def sleeps(context: Any) -> Steps:
        seconds = context.get_input()
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=seconds))
        return "awake"

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def drains(context: Any) -> Steps:
        """Take one event a generation; the events that come later must reach the next one."""
        taken = context.get_input()
        event = yield context.wait_for_external_event("item")
        if event == "stop":
            return taken
        context.continue_as_new([*taken, event])
        return None


def _retries(app: Any) -> None:
    def retrying(context: Any, name: str, fails: int, attempts: int = 3) -> Any:
        return context.call_activity_with_retry(
            "flaky", df.RetryOptions(20, attempts), {"name": name, "fails": fails}
        )

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def retry_one(context: Any) -> Steps:
        return (yield retrying(context, "one", context.get_input()))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def retry_all(context: Any) -> Steps:
        tasks = [retrying(context, f"r{n}", n) for n in range(3)]
        return (yield context.task_all(tasks))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def defect_a(context: Any) -> Steps:
        """#603 (a): a retry happens after another task finished; then one more is scheduled."""
        late = context.call_activity_with_retry(
            "flaky", df.RetryOptions(20, 3), {"name": "a", "fails": 1, "delay": 0.1}
        )
        pending = [late, context.call_activity("echo", 1)]
        for more in (0, 1, 0):
            first = yield context.task_any(pending)
            pending.remove(first)
            pending += [context.call_activity("echo", "more")] * more
        return "done"

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def defect_b(context: Any) -> Steps:
        """#603 (b): a failed task_all is caught while a sibling still retries."""
        try:
            yield context.task_all(
                [retrying(context, "lost", 9, 1), retrying(context, "sibling", 5, 9)]
            )
        except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
            return (yield context.call_activity("echo", "after"))
