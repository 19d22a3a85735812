"""What clients may do with instances: start, ask, signal, stop, forget."""

import base64
import json
import re
import sqlite3
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_host import history, instances, timestamps
from local_host.history import compact
from local_host.instances import TERMINAL, Instance, Start
from local_host.store import Store

_BAD_ID = re.compile(r"^@|[/\\#?\x00-\x1f\x7f-\x9f]")
_PAGE = 100


class RefusedError(Exception):
    """The request cannot be done; `status` is the HTTP status the extension answers."""

    def __init__(self, status: int, message: str = "") -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Query:
    """Which instances: any that meets all that is given."""

    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: frozenset[str] = frozenset()
    prefix: str = ""
    top: int = _PAGE
    token: str | None = None


class Management:
    """The management operations of the extension, over one store."""

    def __init__(self, store: Store, orchestrators: Collection[str]) -> None:
        self._store = store
        self._orchestrators = orchestrators

    def start(
        self, name: str, instance_id: str | None, stored_input: str | None, version: str = ""
    ) -> str:
        """Start an instance; one of the same id must have ended."""
        if name.lower() not in self._orchestrators:
            raise RefusedError(
                400,
                f"The function '{name}' doesn't exist, is disabled, or is not an orchestrator "
                f"function. Additional info: the app has {', '.join(sorted(self._orchestrators))}.",
            )
        chosen = instance_id or uuid.uuid4().hex
        if len(chosen) > 100 or _BAD_ID.search(chosen):
            raise RefusedError(400, f"The instance id '{chosen}' is not valid; use letters, digits")
        begin = Start(chosen, name, stored_input, version)
        if not self._store.run(lambda db: instances.create(db, begin)):
            raise RefusedError(500, f"An Orchestration instance '{chosen}' already exists.")
        return chosen

    def find(self, instance_id: str) -> Instance:
        """The instance, or a refusal with 404."""
        found = self._store.run(lambda db: instances.find(db, instance_id))
        if found is None:
            raise RefusedError(404)
        return found

    def status(
        self, instance_id: str, *, show_input: bool, show_history: bool, show_output: bool
    ) -> dict[str, Any]:
        """The Durable status document."""
        found = self.find(instance_id)
        document = document_of(found, show_input=show_input)
        if show_history:
            texts = self._store.run(lambda db: instances.read_history(db, instance_id))
            document["historyEvents"] = _shown([json.loads(t) for t in texts], show_output)
        return document

    def select(self, query: Query) -> tuple[list[Instance], str | None]:
        """A page of instances in order of creation, and the token of the next page."""
        where, values = _conditions(query)
        found = self._store.run(lambda db: instances.select(db, where, values, query.top + 1))
        if len(found) <= query.top:
            return found, None
        page = found[: query.top]
        mark = json.dumps([page[-1].created, page[-1].id])
        return page, base64.urlsafe_b64encode(mark.encode()).decode()

    def raise_event(self, instance_id: str, name: str, stored: str) -> None:
        """Hand an external event to a living instance; `stored` is JSON text."""

        def operation(db: sqlite3.Connection) -> None:
            _alive(db, instance_id)
            message = history.event(history.EVENT_RAISED, timestamps.now(), Name=name, Input=stored)
            instances.deliver(db, instance_id, None, message)

        self._store.run(operation)

    def terminate(self, instance_id: str, reason: str) -> None:
        """End an instance; its activities and sub-orchestrations run on."""

        def operation(db: sqlite3.Connection) -> None:
            instance = _alive(db, instance_id)
            if instances.read_history(db, instance_id):
                moment = timestamps.now()
                end = history.event(history.EXECUTION_TERMINATED, moment, Input=reason)
                instances.append_history(db, instance_id, [end])
            instances.finish(db, instance, "Terminated", compact(reason))

        self._store.run(operation)

    def suspend(self, instance_id: str) -> None:
        """Hold an instance: messages arrive but wait."""
        self._set_status(instance_id, suspended=True)

    def resume(self, instance_id: str) -> None:
        """Let a suspended instance go on."""
        self._set_status(instance_id, suspended=False)

    def restart(self, instance_id: str, *, with_new_id: bool) -> str:
        """Start again with the same input."""
        found = self._store.run(lambda db: instances.find(db, instance_id))
        if found is None:
            raise RefusedError(
                400, f"An orchestration with the instanceId {instance_id} was not found."
            )
        return self.start(found.name, None if with_new_id else found.id, found.input, found.version)

    def purge(self, instance_id: str) -> int:
        """Forget one instance."""
        self.find(instance_id)
        self._store.run(lambda db: instances.erase(db, instance_id))
        return 1

    def purge_by(self, query: Query) -> int:
        """Forget ended instances; 404 when there is none."""
        if query.created_from is None:
            raise RefusedError(400, "Please provide value for 'createdTimeFrom' parameter.")
        where, values = _conditions(query)

        def operation(db: sqlite3.Connection) -> int:
            found = [i for i in instances.select(db, where, values, -1) if i.terminal]
            for instance in found:
                instances.erase(db, instance.id)
            return len(found)

        deleted = self._store.run(operation)
        if not deleted:
            raise RefusedError(404)
        return deleted

    def _set_status(self, instance_id: str, *, suspended: bool) -> None:
        def operation(db: sqlite3.Connection) -> None:
            instance = _alive(db, instance_id)
            if suspended:
                status = "Suspended"
            elif instance.status != "Suspended":
                return
            else:
                status = "Running" if instances.read_history(db, instance_id) else "Pending"
            moment = timestamps.written(timestamps.now())
            db.execute(
                "UPDATE instances SET status = ?, updated = ? WHERE id = ?",
                (status, moment, instance_id),
            )

        self._store.run(operation)


def document_of(instance: Instance, *, show_input: bool) -> dict[str, Any]:
    """An instance as status answers show it."""
    return {
        "name": instance.name,
        "instanceId": instance.id,
        "runtimeStatus": instance.status,
        "input": _value(instance.input) if show_input else None,
        "customStatus": _value(instance.custom_status),
        "output": _value(instance.output),
        "createdTime": timestamps.shown(timestamps.read(instance.created)),
        "lastUpdatedTime": timestamps.shown(timestamps.read(instance.updated)),
    }


def _alive(db: sqlite3.Connection, instance_id: str) -> Instance:
    instance = instances.find(db, instance_id)
    if instance is None:
        raise RefusedError(404)
    if instance.status in TERMINAL:
        raise RefusedError(410)
    return instance


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _conditions(query: Query) -> tuple[str, list[object]]:
    parts: list[str] = ["1"]
    values: list[object] = []
    if query.created_from is not None:
        parts.append("created >= ?")
        values.append(timestamps.written(query.created_from))
    if query.created_to is not None:
        parts.append("created <= ?")
        values.append(timestamps.written(query.created_to))
    if query.statuses:
        parts.append(f"status IN ({','.join('?' * len(query.statuses))})")
        values.extend(sorted(query.statuses))
    if query.prefix:
        parts.append("substr(id, 1, ?) = ?")
        values.extend([len(query.prefix), query.prefix])
    if query.token:
        parts.append("(created, id) > (?, ?)")
        values.extend(_mark(query.token))
    return " AND ".join(parts), values


def _mark(token: str) -> list[str]:
    try:
        created, instance_id = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise RefusedError(400, "the continuation token is not one of ours") from error
    return [str(created), str(instance_id)]


def _shown(events: list[dict[str, Any]], show_output: bool) -> list[dict[str, Any]]:
    """History as `showHistory` shows it: outcomes joined with what was scheduled."""
    hidden = {history.ORCHESTRATOR_STARTED, history.ORCHESTRATOR_COMPLETED}
    scheduled = {e["EventId"]: e for e in events if e["EventId"] >= 0}
    shown = []
    for event in events:
        if event["EventType"] in hidden or event["EventId"] >= 0:
            continue
        cause = scheduled.get(event.get("TaskScheduledId", event.get("TimerId", -1)), {})
        shown.append(_shown_event(event, cause, show_output))
    return shown


def _shown_event(
    event: Mapping[str, Any], cause: Mapping[str, Any], show_output: bool
) -> dict[str, Any]:
    left_out = {"EventId", "IsPlayed", "EventType", "TaskScheduledId", "TimerId"}
    left_out |= set() if show_output else {"Result", "Input"}
    kept = {key: value for key, value in event.items() if key not in left_out}
    row = {"EventType": history.NAMES.get(event["EventType"], str(event["EventType"])), **kept}
    if cause:
        row["ScheduledTime"] = cause["Timestamp"]
        if "Name" in cause:
            row["FunctionName"] = cause["Name"]
    if event["EventType"] == history.EXECUTION_STARTED:
        row["FunctionName"] = row.pop("Name", None)
    return row
