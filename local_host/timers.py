"""Timer triggers: fires them on schedule, and remembers across restarts when they last ran."""

import asyncio
import json
import logging
import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from azure.functions.meta import Datum

from local_host import timestamps
from local_host.app_loader import AppError, AppFunction
from local_host.ncrontab import Schedule, read_schedule
from local_host.store import Store
from local_host.worker import Worker

_LOG = logging.getLogger("Function.Timer")
_MONITORED_FROM = timedelta(minutes=1)


class TimerTrigger:
    """One timer function: runs one call at a time."""

    def __init__(
        self, function: AppFunction, settings: Mapping[str, str], worker: Worker, store: Store
    ) -> None:
        self._function = function
        self._schedule = _schedule(function, settings)
        self._worker = worker
        self._store = store
        self._monitored = self._is_monitored()

    async def run(self) -> None:
        """Fire until cancelled."""
        last, due = await asyncio.to_thread(self._store.run, self._read)
        now = timestamps.now()
        if due is not None and due < now:
            await self._fire(last, due, past_due=True)
        elif self._function.trigger.get("runOnStartup"):
            await self._fire(last, now, past_due=False)
        due = self._schedule.after(timestamps.now())
        while True:
            await _sleep_until(due)
            await self._fire(last, due, past_due=False)
            last, due = due, self._schedule.after(max(due, timestamps.now()))

    async def _fire(self, last: datetime | None, due: datetime, *, past_due: bool) -> None:
        name = self._function.name
        next_due = self._schedule.after(max(due, timestamps.now()))
        status = {
            "Last": timestamps.written(last) if last else "0001-01-01T00:00:00",
            "LastUpdated": timestamps.written(timestamps.now()),
            "Next": timestamps.written(next_due),
        }
        info = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status if self._monitored else None,
            "IsPastDue": past_due,
        }
        _LOG.info("Executing 'Functions.%s' (timer%s)", name, ", past due" if past_due else "")
        trigger = Datum(json.dumps(info), "json")
        try:
            await asyncio.wrap_future(self._worker.invoke(self._function, trigger))
        except Exception:  # noqa: BLE001 - the app's own failure
            _LOG.exception("Executed 'Functions.%s' (Failed)", name)
        if self._monitored:
            kept = {"last": timestamps.written(due), "next": timestamps.written(next_due)}
            await asyncio.to_thread(self._store.run, lambda db: self._keep(db, kept))

    def _is_monitored(self) -> bool:
        """Whether missed runs are caught up: not below a minute, and not if the app says so."""
        if self._function.trigger.get("useMonitor") is False:
            return False
        first = self._schedule.after(timestamps.now())
        return self._schedule.after(first) - first >= _MONITORED_FROM

    def _read(self, db: sqlite3.Connection) -> tuple[datetime | None, datetime | None]:
        row = db.execute(
            "SELECT body FROM schedules WHERE name = ?", (self._function.name,)
        ).fetchone()
        if row is None:
            if self._monitored:
                next_due = timestamps.written(self._schedule.after(timestamps.now()))
                self._keep(db, {"next": next_due})
            return None, None
        kept: dict[str, Any] = json.loads(row[0])
        last = timestamps.read(kept["last"]) if "last" in kept else None
        return last, timestamps.read(kept["next"])

    def _keep(self, db: sqlite3.Connection, kept: Mapping[str, str]) -> None:
        db.execute(
            "INSERT OR REPLACE INTO schedules (name, body) VALUES (?, ?)",
            (self._function.name, json.dumps(kept)),
        )


def _schedule(function: AppFunction, settings: Mapping[str, str]) -> Schedule:
    text = str(function.trigger["schedule"])
    if text.startswith("%") and text.endswith("%"):
        name = text.strip("%")
        if name not in settings:
            raise AppError(f"function '{function.name}': set the app setting {name} (schedule)")
        text = settings[name]
    try:
        return read_schedule(text)
    except ValueError as error:
        raise AppError(f"function '{function.name}': {error}") from error


async def _sleep_until(moment: datetime) -> None:
    while (left := (moment - timestamps.now()).total_seconds()) > 0:
        await asyncio.sleep(min(left, 60.0))
