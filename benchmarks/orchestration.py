"""Orchestration time and history size for 50 to 400 documents with an instant model.

Documents of one page and one variable: what grows here is orchestration and storage, not reading.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path

from benchmarks.documents import write_pdf, write_variables
from benchmarks.table import show
from local_host.client import Client
from local_host.stack import Stack, StackOptions

SIZES = (50, 100, 200, 400)


def main() -> None:
    """One job a size; prints seconds, growth at each doubling, and the history it leaves."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pdf = write_pdf(folder / "one.pdf", 1, seed=1)
        variables = write_variables(folder / "variables.csv", 1)
        with Stack(StackOptions(folder / "stack"), say=lambda _: None) as stack:
            _run(stack, pdf, variables, 8)  # the first job pays for imports
            before = 0.0
            for size in SIZES:
                job, took = _run(stack, pdf, variables, size)
                growth = f"{took / before:.2f}" if before else ""
                rows.append([size, f"{took:.1f}", growth, *_history(stack.folder, job)])
                before = took
    show(
        "Jobs with an instant model",
        ["documents", "s", "x (target <= 2.2)", "events in the last generation", "bytes"],
        rows,
    )


def _run(stack: Stack, pdf: Path, variables: Path, documents: int) -> tuple[str, float]:
    client = Client(stack.url, stack.check)
    files = {f"{number}.pdf": pdf for number in range(documents)}
    began = time.monotonic()
    job = client.submit(files, variables, f"{documents}@example.org")
    for _ in client.watch(job, every_seconds=0.2):
        pass
    return job.id, time.monotonic() - began


def _history(folder: Path, job: str) -> tuple[int, int]:
    (database,) = (folder / "durable").glob("*.sqlite3")
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT * FROM history WHERE instance_id = ?", (job,)).fetchall()
    return len(rows), sum(len(str(row[-1])) for row in rows)


if __name__ == "__main__":
    main()
