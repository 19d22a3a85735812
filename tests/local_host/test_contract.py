"""What the Durable extension promises, and what it does badly, seen through the genuine SDK."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_host.app_loader import index_app
from tests.local_host.apps.contract_app import Stage, make_app
from tests.local_host.engine import Engine

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Engine, Stage]]:
    """An engine with the contract's app."""
    app, stage = make_app()
    engine = Engine(index_app(app), tmp_path / "durable.sqlite3")
    yield engine, stage
    for gate in stage.gates.values():
        gate.set()
    engine.close()


@pytest.fixture
def engine(world: tuple[Engine, Stage]) -> Engine:
    """The engine alone."""
    return world[0]


def test_fan_out_keeps_the_order_of_its_results(engine: Engine) -> None:
    """task_all answers in the order of its tasks, whatever order they end in."""
    values = [{"a": [n, None, "é😀"]} for n in range(30)]
    assert engine.output("all_of", values) == values


def test_an_empty_fan_out_completes(engine: Engine) -> None:
    """An empty task_all adds no work and does not hang; the SDK gives None, not a list."""
    assert engine.output("all_of", []) is None


def test_failure_of_an_activity_carries_its_text(engine: Engine) -> None:
    """The orchestrator sees the extension's wording, with two blanks before the type."""
    text = engine.output("catches")
    assert "Activity function 'flaky' failed:  RuntimeError: attempt 1 of always" in text


def test_sub_orchestrations_answer_and_fail(engine: Engine) -> None:
    """A child's output, or its failure, reaches the parent; the child has its own instance."""
    result, error = engine.output("parent")
    assert result == [1, 2]
    assert "The sub-orchestrator function 'calls_nobody' failed" in error
    assert engine.management.find("the child").status == "Completed"


def test_unknown_activity_fails_the_orchestration(engine: Engine) -> None:
    """Calling an activity the app does not have names it in the output."""
    found = engine.run("calls_nobody")
    assert found.status == "Failed"
    assert "The function 'nobody' doesn't exist" in str(found.output)


def test_output_that_is_no_json_fails(engine: Engine) -> None:
    """An orchestrator's output must be plain JSON."""
    found = engine.run("returns_a_set")
    assert found.status == "Failed"
    assert "not JSON serializable" in str(found.output)


def test_generations_start_afresh(engine: Engine) -> None:
    """Continue-as-new restarts the history, keeps the id and the custom status."""
    found = engine.run("generations", {"left": 3, "total": 0})
    assert json.loads(found.output or "") == 6
    assert json.loads(found.custom_status or "") == "from the first generation"
    scheduled = [e for e in engine.history(found.id) if e["EventType"] == 4]
    assert len(scheduled) == 1, "history of an earlier generation was kept"


def test_an_event_after_continue_as_new_is_kept(engine: Engine) -> None:
    """Events that come one by one each reach one generation."""
    started = engine.start("drains", [])
    for item in ("a", "b", "stop"):
        seen = engine.management.find(started).execution_id
        engine.wait(started, lambda found: found.status == "Running")
        engine.raise_event(started, "item", item)
        engine.wait(started, lambda found, seen=seen: found.terminal or found.execution_id != seen)  # type: ignore[misc]
    assert json.loads(engine.wait(started).output or "") == ["a", "b"]


def test_custom_status_over_the_limit_fails(engine: Engine) -> None:
    """From 17,408 bytes of UTF-16 the status fails the instance."""
    found = engine.run("status", {"first": "x" * 8702, "second": "y"})
    assert found.status == "Failed"
    assert "must not exceed 16 KB. The current payload size is 17 KB." in str(found.output)


def test_custom_status_at_the_limit_is_kept(engine: Engine) -> None:
    """One character less is taken."""
    started = engine.start("status", {"first": "-", "second": "é" * 8701})
    kept = engine.wait(started, lambda found: "é" in (found.custom_status or ""))
    assert kept.status == "Running"


def test_falsy_custom_status_becomes_null(engine: Engine) -> None:
    """The SDK leaves out a falsy status, and the extension then stores null."""
    started = engine.start("status", {"first": "set", "second": {}})
    engine.wait(started, lambda _: any(e["EventType"] == 5 for e in engine.history(started)))
    found = engine.management.find(started)
    assert (found.status, found.custom_status) == ("Running", None)


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_early_events_are_told_twice(world: tuple[Engine, Stage]) -> None:
    """Of two early events of one name the SDK keeps the last, for both waits."""
    engine, stage = world
    started = engine.start("two_events")
    engine.wait(started, lambda _: stage.calls["held before the wait"] == 1)
    engine.raise_event(started, "news", 1)
    engine.raise_event(started, "news", 2)
    stage.gate("before the wait").set()
    assert json.loads(engine.wait(started).output or "") == [2, 2]


def test_uncancelled_timer_keeps_the_instance_running(engine: Engine) -> None:
    """A finished orchestrator stays Running until its last timer fires."""
    started = engine.start("race", {"seconds": 0.6, "cancel": False})
    engine.wait(started, lambda _: any(e["EventType"] == 5 for e in engine.history(started)))
    assert engine.management.find(started).status == "Running"
    assert engine.wait(started).output == '"work"'


def test_cancelled_timer_does_not(engine: Engine) -> None:
    """A cancelled timer of an hour keeps nobody waiting."""
    assert engine.output("race", {"seconds": 3600, "cancel": True}) == "work"


def test_a_timer_wins_its_race(engine: Engine) -> None:
    """A timer in the past fires at once."""
    assert engine.output("sleeps", 0.05) == "awake"


def test_a_long_timer_is_cut(engine: Engine) -> None:
    """A timer of seven days is created as one of three days first."""
    started = engine.start("long_timer")
    engine.wait(started, lambda _: any(e["EventType"] == 10 for e in engine.history(started)))
    (created,) = [e for e in engine.history(started) if e["EventType"] == 10]
    days = (
        time.mktime(time.strptime(created["FireAt"][:19], "%Y-%m-%dT%H:%M:%S"))
        - time.mktime(time.strptime(created["Timestamp"][:19], "%Y-%m-%dT%H:%M:%S"))
    ) / 86400
    assert round(days, 2) == 3


def test_retries_until_success(world: tuple[Engine, Stage]) -> None:
    """A retried activity is called again after a timer."""
    engine, stage = world
    assert engine.output("retry_one", 2) == "one"
    assert stage.calls["one"] == 3


def test_retries_run_out_with_one_more_timer(engine: Engine) -> None:
    """After the last attempt there is still a timer, and then the failure."""
    found = engine.run("retry_one", 99)
    assert found.status == "Failed"
    kinds = [e["EventType"] for e in engine.history(found.id)]
    assert (kinds.count(4), kinds.count(10)) == (3, 3)


def test_retries_under_task_all(engine: Engine) -> None:
    """Retries side by side agree as long as nothing else is scheduled meanwhile."""
    assert engine.output("retry_all") == ["r0", "r1", "r2"]


@pytest.mark.parametrize("name", ["defect_a", "defect_b"])
@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")
def test_the_known_defect_is_loud(engine: Engine, name: str) -> None:
    """azure-functions-durable-python #603 fails the instance instead of hanging or lying."""
    found = engine.run(name)
    assert found.status == "Failed", found.output
    assert "Non-Deterministic workflow detected" in str(found.output)


def test_a_window_waits_for_what_it_scheduled_last(world: tuple[Engine, Stage]) -> None:
    """The extension starts an action only after the one before it is done.

    A window of two under task_any: the third task is started when the first ends, the fourth only
    when the third ends, although the second ended long before.
    """
    engine, _ = world
    output = engine.output("window", {"seconds": [0.01, 0.05, 0.5, 0.02], "size": 2})
    assert output == [0.01, 0.05, 0.5, 0.02]


def test_a_window_opened_by_a_cancelled_timer_keeps_filled(engine: Engine) -> None:
    """With something in each task_any that is done at once, the fourth task need not wait."""
    value = {"seconds": [0.01, 0.05, 0.5, 0.02], "size": 2, "open": True}
    assert engine.output("window", value) == [0.01, 0.05, 0.02, 0.5]


def test_terminate_leaves_activities_running(world: tuple[Engine, Stage]) -> None:
    """A terminated instance ends at once; its activity runs on and its result is nobody's."""
    engine, stage = world
    started = engine.start("hold", ["x"])
    engine.wait(started, lambda _: stage.running == 1)
    engine.management.terminate(started, "enough")
    found = engine.management.find(started)
    assert (found.status, found.output, stage.running) == ("Terminated", '"enough"', 1)
    stage.gate("x").set()
    engine.wait(started, lambda _: stage.running == 0)
    assert engine.management.find(started).status == "Terminated"


def test_suspended_instances_hold_their_messages(world: tuple[Engine, Stage]) -> None:
    """Results arrive while an instance is suspended, and count when it is resumed."""
    engine, stage = world
    started = engine.start("hold", ["x"])
    engine.wait(started, lambda _: stage.running == 1)
    engine.management.suspend(started)
    stage.gate("x").set()
    engine.wait(started, lambda _: stage.running == 0)
    time.sleep(0.05)
    assert engine.management.find(started).status == "Suspended"
    engine.management.resume(started)
    engine.dispatcher.wake()
    assert engine.wait(started).output == '["x 1"]'
