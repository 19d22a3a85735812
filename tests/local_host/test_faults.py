"""What hurts in production hurts here: dying workers, lost machines, repeats, timeouts."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from local_host.app_loader import index_app
from local_host.faults import Fault
from local_host.host_config import HostConfig
from tests.local_host.apps.contract_app import Stage, make_app
from tests.local_host.engine import Engine

pytestmark = [
    pytest.mark.filterwarnings("ignore:azure.functions df_loads was called"),
    pytest.mark.filterwarnings("ignore:Potential duplicate Task completion"),
]
Worlds = Callable[..., tuple[Engine, Stage]]


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Worlds]:
    """Makes engines over one store, one life after the other."""
    made: list[tuple[Engine, Stage]] = []

    def make(
        faults: Sequence[Fault] = (), timeout: float | None = None, at_once: int = 10
    ) -> tuple[Engine, Stage]:
        app, stage = make_app()
        config = HostConfig(function_timeout=timeout, max_activities=at_once)
        engine = Engine(index_app(app), tmp_path / "durable.sqlite3", config=config, faults=faults)
        made.append((engine, stage))
        return engine, stage

    yield make
    for engine, stage in made:
        for gate in stage.gates.values():
            gate.set()
        engine.close()


def test_a_dying_worker_fails_its_neighbours(worlds: Worlds) -> None:
    """Every running activity fails; the zombies' results are nobody's."""
    engine, stage = worlds()
    started = engine.start("hold", ["a", "b"])
    engine.wait(started, lambda _: stage.running == 2)
    assert engine.dispatcher.kill_worker() == 2
    found = engine.wait(started)
    assert found.status == "Failed"
    assert "language worker process exited" in str(found.output)
    assert stage.running == 2, "the zombies should still be running"


def test_the_worker_dies_on_request(worlds: Worlds) -> None:
    """The fault kills the worker a moment after the activity starts."""
    engine, _ = worlds([Fault("worker_death", "held", 1, 0.05)])
    assert engine.run("hold", ["a", "b"]).status == "Failed"


def test_a_lost_machines_work_runs_again(worlds: Worlds) -> None:
    """The message comes back while the first run still goes on; only the second result counts."""
    engine, stage = worlds([Fault("lost_machine", "held", 1, 0.1)])
    started = engine.start("hold", ["a"])
    engine.wait(started, lambda _: stage.running == 2)
    stage.gate("a").set()
    assert engine.wait(started).status == "Completed"
    assert (stage.calls["held a"], stage.most_at_once) == (2, 2)


def test_repeated_and_unordered_results(worlds: Worlds) -> None:
    """Results delivered twice and out of order change nothing."""
    faults = [Fault("duplicate_completion", None, -1, 0.02)]
    faults.append(Fault("delayed_completion", None, -1, 0.1))
    engine, stage = worlds(faults)
    values = list(range(20))
    assert engine.output("all_of", values) == values
    assert stage.calls["echo"] == 20


def test_a_failing_host_reports_a_failure(worlds: Worlds) -> None:
    """The activity is not run and the orchestrator sees TaskFailed."""
    engine, stage = worlds([Fault("host_failure", "echo", 1, 0.0)])
    assert engine.run("all_of", [1]).status == "Failed"
    assert stage.calls["echo"] == 0


def test_a_timeout_restarts_the_worker(worlds: Worlds) -> None:
    """The activity that is too slow fails; its neighbour answers no more and times out itself."""
    engine, stage = worlds(timeout=0.3)
    late = engine.start("hold", ["early"])
    engine.wait(late, lambda _: stage.running == 1)
    time.sleep(0.15)
    neighbour = engine.start("hold", ["neighbour"])
    assert "FunctionTimeoutException" in str(engine.wait(late).output)
    stage.gate("neighbour").set()
    assert "FunctionTimeoutException" in str(engine.wait(neighbour).output)
    assert engine.output("all_of", [1]) == [1], "the worker does not serve after its restart"


def test_no_more_at_once_than_allowed(worlds: Worlds) -> None:
    """MaxConcurrentActivityFunctions holds."""
    engine, stage = worlds(at_once=3)
    assert len(engine.output("window", {"seconds": [0.02] * 9, "size": 9})) == 9
    assert stage.most_at_once <= 3


def test_unfinished_work_comes_back(worlds: Worlds) -> None:
    """What ran when the host ended runs again at its next start, and its results count once."""
    engine, stage = worlds()
    started = engine.start("hold", ["a", "b"])
    stage.gate("a").set()
    engine.wait(started, lambda _: stage.calls["held b"] == 1 and stage.running == 1)
    engine.close()
    engine, second = worlds()
    second.gate("a").set()
    second.gate("b").set()
    assert json.loads(engine.wait(started).output or "") == ["a 1", "b 1"]
    assert second.calls["held b"] == 1
