"""SQLite behind one writer thread: every operation is a transaction, kept once it has answered."""

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Operation = Callable[[sqlite3.Connection], T]

_BATCH = 64
_SCHEMA = """
CREATE TABLE IF NOT EXISTS instances (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, execution_id TEXT NOT NULL,
  parent_id TEXT, parent_execution_id TEXT, parent_task_id INTEGER,
  status TEXT NOT NULL, input TEXT, output TEXT, custom_status TEXT,
  created TEXT NOT NULL, updated TEXT NOT NULL, own_status INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS instances_created ON instances(created, id);
CREATE TABLE IF NOT EXISTS history (
  instance_id TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (instance_id, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT,
  visible_at REAL NOT NULL, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS inbox_due ON inbox(visible_at, instance_id);
CREATE INDEX IF NOT EXISTS inbox_instance ON inbox(instance_id, visible_at);
CREATE TABLE IF NOT EXISTS tasks (
  id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, execution_id TEXT NOT NULL,
  task_id INTEGER NOT NULL, name TEXT NOT NULL, input TEXT, attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS schedules (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS host (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class StoreClosedError(Exception):
    """The store was closed, or crashed, before the operation was kept."""


class Store:
    """The state of one host. Operations asked for at once share a transaction's fsync.

    `before_commit` is called before each commit; if it raises, the store is as dead as after a
    power cut: the transaction is lost and nothing more is kept.
    """

    def __init__(self, path: Path, before_commit: Callable[[], None] | None = None) -> None:
        self._before_commit = before_commit
        self._queue: queue.SimpleQueue[tuple[Operation[Any], Future[Any]] | None]
        self._queue = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._open = True
        path.parent.mkdir(parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._work, args=(path,), name="store", daemon=True)
        self._thread.start()

    def run(self, operation: Operation[T]) -> T:
        """Run and keep `operation`; return what it returned, or raise what it raised."""
        return self.submit(operation).result()

    def submit(self, operation: Operation[T]) -> Future[T]:
        """As `run`, without waiting."""
        future: Future[T] = Future()
        with self._gate:
            if not self._open:
                future.set_exception(StoreClosedError("the store is closed"))
            else:
                self._queue.put((operation, future))
        return future

    def close(self) -> None:
        """Finish what was asked for, then close the file."""
        with self._gate:
            if self._open:
                self._queue.put(None)
            self._open = False
        self._thread.join(timeout=5)

    def _work(self, path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            while (batch := self._take()) is not None:
                if not self._transact(connection, batch):
                    return
        finally:
            connection.close()
            self._refuse_the_rest()

    def _take(self) -> list[tuple[Operation[Any], Future[Any]]] | None:
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < _BATCH:
                item = self._queue.get_nowait()
                if item is None:
                    self._queue.put(None)
                    break
                batch.append(item)
        return batch

    def _transact(
        self, connection: sqlite3.Connection, batch: list[tuple[Operation[Any], Future[Any]]]
    ) -> bool:
        connection.execute("BEGIN IMMEDIATE")
        answers = [(future, *_attempt(connection, operation)) for operation, future in batch]
        try:
            if self._before_commit is not None:
                self._before_commit()
            connection.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - a failed commit is a crash, whatever its cause
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            for _, future in batch:
                future.set_exception(StoreClosedError(f"the store crashed: {error}"))
            return False
        for future, value, failure in answers:
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(value)
        return True

    def _refuse_the_rest(self) -> None:
        with self._gate:
            self._open = False
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._queue.get_nowait()
                if item is not None:
                    item[1].set_exception(StoreClosedError("the store is closed"))


def _attempt(
    connection: sqlite3.Connection, operation: Operation[Any]
) -> tuple[Any, Exception | None]:
    """Run one operation so that its failure undoes only its own work."""
    connection.execute("SAVEPOINT one")
    try:
        value = operation(connection)
    except Exception as error:  # noqa: BLE001 - handed to whoever asked
        connection.execute("ROLLBACK TO one")
        connection.execute("RELEASE one")
        return None, error
    connection.execute("RELEASE one")
    return value, None
