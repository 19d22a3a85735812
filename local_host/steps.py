"""The engine's transactions: claim work, keep an episode, keep an activity's result."""

import json
import sqlite3
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from local_host import history, instances, timestamps
from local_host.episode import Outcome
from local_host.history import Event
from local_host.instances import Instance, Parent, Start
from local_host.replay import Decision

# An episode's status replaces the last one, even by nothing; only the status of an earlier
# generation stays until this one sets its own.
_STATUS = (
    "custom_status = CASE WHEN :custom IS NOT NULL THEN :custom WHEN own_status THEN NULL "
    "ELSE custom_status END, own_status = own_status OR :custom IS NOT NULL"
)


@dataclass(frozen=True)
class TaskRow:
    """An activity message."""

    id: int
    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input: str | None


@dataclass(frozen=True)
class Work:
    """What is due now, and when something is due next."""

    instance_ids: tuple[str, ...]
    tasks: tuple[TaskRow, ...]
    next_due: float | None


@dataclass(frozen=True)
class Claim:
    """All an episode needs; `past` is empty when the caller's cache already holds it."""

    instance: Instance
    history_length: int
    past: tuple[str, ...]
    batch: tuple[Event, ...]
    message_ids: tuple[int, ...]


def due_work(
    db: sqlite3.Connection,
    now: float,
    busy: Collection[str],
    episodes: int,
    claimed: Collection[int],
    activities: int,
) -> Work:
    """What may start now: at most `episodes` instances and `activities` tasks."""
    due = db.execute(
        "SELECT DISTINCT inbox.instance_id FROM inbox JOIN instances ON instances.id = instance_id "
        "WHERE visible_at <= ? AND status IN ('Pending', 'Running') LIMIT ?",
        (now, episodes + len(busy)),
    )
    ready = [i for (i,) in due if i not in busy][:episodes]
    rows = db.execute(
        "SELECT id, instance_id, execution_id, task_id, name, input FROM tasks ORDER BY id LIMIT ?",
        (activities + len(claimed) if activities else 0,),
    )
    tasks = [TaskRow(*row) for row in rows if row[0] not in claimed][:activities]
    (next_due,) = db.execute(
        "SELECT MIN(visible_at) FROM inbox WHERE visible_at > ?", (now,)
    ).fetchone()
    return Work(tuple(ready), tuple(tasks), next_due)


def claim(
    db: sqlite3.Connection, instance_id: str, now: float, cached: tuple[str, int] | None
) -> Claim | None:
    """Read an instance with its due messages; drop messages of executions that are over."""
    instance = instances.find(db, instance_id)
    if instance is None or instance.status not in ("Pending", "Running"):
        return None
    db.execute(
        "DELETE FROM inbox WHERE instance_id = ? AND execution_id <> ?",
        (instance_id, instance.execution_id),
    )
    rows = db.execute(
        "SELECT id, body FROM inbox WHERE instance_id = ? AND visible_at <= ? ORDER BY id",
        (instance_id, now),
    ).fetchall()
    messages = [(number, json.loads(body)) for number, body in rows]
    # A new execution's ExecutionStarted comes before the events it inherits.
    messages.sort(key=lambda m: m[1]["EventType"] != history.EXECUTION_STARTED)
    (length,) = db.execute(
        "SELECT COUNT(*) FROM history WHERE instance_id = ?", (instance_id,)
    ).fetchone()
    if not messages or (length == 0 and messages[0][1]["EventType"] != history.EXECUTION_STARTED):
        return None
    known = cached == (instance.execution_id, length)
    past = () if known else tuple(instances.read_history(db, instance_id))
    batch = tuple(message for _, message in messages)
    return Claim(instance, length, past, batch, tuple(number for number, _ in messages))


def keep_episode(db: sqlite3.Connection, taken: Claim, outcome: Outcome) -> bool:
    """Keep an episode whole; False if the instance ended, or was replaced, in the meantime."""
    current = instances.find(db, taken.instance.id)
    if current is None or current.terminal or current.execution_id != taken.instance.execution_id:
        return False
    used = [(number,) for n, number in enumerate(taken.message_ids) if n not in outcome.carried]
    db.executemany("DELETE FROM inbox WHERE id = ?", used)
    if outcome.continues_as_new:
        _begin_generation(db, current, outcome)
        return True
    instances.append_history(db, current.id, outcome.events)
    for decision in outcome.decisions:
        _dispatch(db, current, decision)
    status = "Suspended" if current.status == "Suspended" else "Running"
    db.execute(
        f"UPDATE instances SET {_STATUS}, status = :status, updated = :now WHERE id = :id",  # noqa: S608 - a constant
        {"custom": outcome.custom_status, "status": status, "now": _now(), "id": current.id},
    )
    if outcome.status is not None:
        instances.finish(db, current, outcome.status, outcome.output)
    return True


def keep_result(
    db: sqlite3.Connection, task: TaskRow, message: Event, visible_at: Sequence[float]
) -> bool:
    """Keep an activity's result (once for each time given) and drop its message.

    False if the message had been dropped before.
    """
    if db.execute("DELETE FROM tasks WHERE id = ?", (task.id,)).rowcount == 0:
        return False
    for moment in visible_at:
        instances.deliver_if_current(db, task.instance_id, task.execution_id, message, moment)
    return True


def as_stored(events: Sequence[Event]) -> tuple[list[str], list[Event]]:
    """Events as the next episode reads them back: as JSON texts, and parsed."""
    seen = [history.played(event) for event in events]
    return [history.compact(event) for event in seen], seen


def _dispatch(db: sqlite3.Connection, instance: Instance, decision: Decision) -> None:
    if decision.kind == history.TASK_SCHEDULED:
        db.execute(
            "INSERT INTO tasks (instance_id, execution_id, task_id, name, input) "
            "VALUES (?,?,?,?,?)",
            (instance.id, instance.execution_id, decision.id, decision.name, decision.input),
        )
    elif decision.kind == history.TIMER_CREATED:
        fire_at = decision.fire_at or timestamps.now()
        message = history.event(
            history.TIMER_FIRED, fire_at, TimerId=decision.id, FireAt=timestamps.written(fire_at)
        )
        instances.deliver(
            db, instance.id, instance.execution_id, message, instances.seconds(fire_at)
        )
    else:
        _start_child(db, instance, decision)


def _start_child(db: sqlite3.Connection, instance: Instance, decision: Decision) -> None:
    parent = Parent(instance.id, instance.execution_id, decision.id)
    stored = history.compact(decision.input)
    child = Start(
        decision.child_id or uuid.uuid4().hex,
        decision.name,
        stored,
        decision.version or "",
        parent,
    )
    if not instances.create(db, child):
        problem = f"an instance with id '{child.id}' is already running; give another id"
        instances.report_to(db, parent, child.name, "Failed", history.compact(problem))


def _begin_generation(db: sqlite3.Connection, instance: Instance, outcome: Outcome) -> None:
    """Start the next execution of an instance with an empty history; its creation time is now."""
    execution_id = uuid.uuid4().hex
    db.execute("DELETE FROM history WHERE instance_id = ?", (instance.id,))
    db.execute(
        "DELETE FROM inbox WHERE instance_id = ? AND execution_id IS NOT NULL", (instance.id,)
    )
    db.execute(
        f"UPDATE instances SET {_STATUS}, execution_id = :execution, input = :input, "  # noqa: S608 - a constant
        "created = :now, updated = :now WHERE id = :id",
        {
            "custom": outcome.custom_status,
            "execution": execution_id,
            "input": outcome.next_input,
            "now": _now(),
            "id": instance.id,
        },
    )
    db.execute("UPDATE instances SET own_status = 0 WHERE id = ?", (instance.id,))
    start = Start(instance.id, instance.name, outcome.next_input, instance.version, instance.parent)
    instances.begin_execution(db, start, execution_id)


def _now() -> str:
    return timestamps.written(timestamps.now())
