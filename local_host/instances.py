"""Orchestration instances in the store: their rows, and the steps that change them."""

import json
import sqlite3
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from local_host import history, timestamps
from local_host.history import Event, compact

TERMINAL = frozenset({"Completed", "Failed", "Terminated", "Canceled"})

_COLUMNS = (
    "id, name, version, execution_id, parent_id, parent_execution_id, parent_task_id, "
    "status, input, output, custom_status, created, updated"
)


@dataclass(frozen=True)
class Parent:
    """Who waits for a sub-orchestration."""

    id: str
    execution_id: str
    task_id: int


@dataclass(frozen=True)
class Instance:
    """One row of `instances`; input, output and custom status are JSON texts."""

    id: str
    name: str
    version: str
    execution_id: str
    parent_id: str | None
    parent_execution_id: str | None
    parent_task_id: int | None
    status: str
    input: str | None
    output: str | None
    custom_status: str | None
    created: str
    updated: str

    @property
    def terminal(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.status in TERMINAL

    @property
    def parent(self) -> Parent | None:
        """The waiting parent, if this is a sub-orchestration."""
        if self.parent_id is None:
            return None
        return Parent(self.parent_id, self.parent_execution_id or "", self.parent_task_id or 0)


@dataclass(frozen=True)
class Start:
    """An instance to be created."""

    id: str
    name: str
    stored_input: str | None
    version: str = ""
    parent: Parent | None = None


def find(db: sqlite3.Connection, instance_id: str) -> Instance | None:
    """The instance of this id."""
    row = db.execute(f"SELECT {_COLUMNS} FROM instances WHERE id = ?", (instance_id,)).fetchone()  # noqa: S608 - a constant
    return None if row is None else Instance(*row)


def select(
    db: sqlite3.Connection, where: str, values: Sequence[object], limit: int
) -> list[Instance]:
    """Instances by a condition of this package's own making, in order of creation."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM instances WHERE {where} ORDER BY created, id LIMIT ?",  # noqa: S608 - conditions are ours, values are bound
        (*values, limit),
    )
    return [Instance(*row) for row in rows]


def create(db: sqlite3.Connection, start: Start) -> bool:
    """Create the instance and its first message; False if one of that id is still alive."""
    existing = find(db, start.id)
    if existing is not None and not existing.terminal:
        return False
    erase(db, start.id)
    moment = timestamps.written(timestamps.now())
    parent = start.parent
    execution_id = uuid.uuid4().hex
    db.execute(
        f"INSERT INTO instances ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - a constant
        (
            start.id, start.name, start.version, execution_id,
            parent and parent.id, parent and parent.execution_id, parent and parent.task_id,
            "Pending", start.stored_input, None, None, moment, moment,
        ),
    )  # fmt: skip
    begin_execution(db, start, execution_id)
    return True


def begin_execution(db: sqlite3.Connection, start: Start, execution_id: str) -> None:
    """Put the ExecutionStarted message of a new execution into the inbox."""
    message = history.started(
        timestamps.now(),
        instance_id=start.id,
        execution_id=execution_id,
        name=start.name,
        version=start.version,
        stored_input=start.stored_input,
        parent_id=start.parent.id if start.parent else None,
    )
    deliver(db, start.id, execution_id, message)


def deliver(
    db: sqlite3.Connection,
    instance_id: str,
    execution_id: str | None,
    message: Event,
    visible_at: float = 0.0,
) -> None:
    """Put a message into an instance's inbox; without an execution id it is for any execution."""
    db.execute(
        "INSERT INTO inbox (instance_id, execution_id, visible_at, body) VALUES (?,?,?,?)",
        (instance_id, execution_id, visible_at, compact(message)),
    )


def deliver_if_current(
    db: sqlite3.Connection,
    instance_id: str,
    execution_id: str,
    message: Event,
    visible_at: float = 0.0,
) -> bool:
    """Deliver unless that execution is over: its results are nobody's any more."""
    instance = find(db, instance_id)
    if instance is None or instance.terminal or instance.execution_id != execution_id:
        return False
    deliver(db, instance_id, execution_id, message, visible_at)
    return True


def finish(db: sqlite3.Connection, instance: Instance, status: str, output: str | None) -> None:
    """End the instance, forget its messages, tell its parent."""
    db.execute(
        "UPDATE instances SET status = ?, output = ?, updated = ? WHERE id = ?",
        (status, output, timestamps.written(timestamps.now()), instance.id),
    )
    db.execute("DELETE FROM inbox WHERE instance_id = ?", (instance.id,))
    if instance.parent is not None:
        report_to(db, instance.parent, instance.name, status, output)


def report_to(
    db: sqlite3.Connection, parent: Parent, name: str, status: str, output: str | None
) -> None:
    """Tell a parent how its sub-orchestration ended."""
    moment = timestamps.now()
    if status == "Completed":
        message = history.event(
            history.SUB_COMPLETED, moment, TaskScheduledId=parent.task_id, Result=output
        )
    else:
        reason = json.loads(output) if output else status
        message = history.event(
            history.SUB_FAILED,
            moment,
            TaskScheduledId=parent.task_id,
            Reason=f"The sub-orchestrator function '{name}' failed: \"{reason}\". "
            "See the function execution logs for additional details.",
            Details=None,
        )
    deliver_if_current(db, parent.id, parent.execution_id, message)


def append_history(db: sqlite3.Connection, instance_id: str, events: Sequence[Event]) -> None:
    """Append events, as later episodes will see them."""
    (last,) = db.execute(
        "SELECT COALESCE(MAX(seq), -1) FROM history WHERE instance_id = ?", (instance_id,)
    ).fetchone()
    db.executemany(
        "INSERT INTO history (instance_id, seq, body) VALUES (?,?,?)",
        [
            (instance_id, last + 1 + n, compact(history.played(event)))
            for n, event in enumerate(events)
        ],
    )


def read_history(db: sqlite3.Connection, instance_id: str) -> list[str]:
    """The history's events as JSON texts, oldest first."""
    rows = db.execute("SELECT body FROM history WHERE instance_id = ? ORDER BY seq", (instance_id,))
    return [body for (body,) in rows]


def erase(db: sqlite3.Connection, instance_id: str) -> None:
    """Forget an instance: row, history and messages."""
    db.execute("DELETE FROM instances WHERE id = ?", (instance_id,))
    db.execute("DELETE FROM history WHERE instance_id = ?", (instance_id,))
    db.execute("DELETE FROM inbox WHERE instance_id = ?", (instance_id,))


def seconds(moment: datetime) -> float:
    """A moment as the store compares them."""
    return moment.timestamp()
