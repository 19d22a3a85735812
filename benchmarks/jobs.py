"""A whole job against the ideal bound: 20 documents x 10 variables, 1 s for each model call.

Ideal is the time the model calls alone would take at the calls allowed at once; everything else
(upload, text, storage, orchestration, workbook, email) is what the ratio shows.
"""

from __future__ import annotations

import json
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.documents import write_pdf, write_variables
from benchmarks.table import show
from local_host.client import Client
from local_host.stack import Stack, StackOptions

DOCUMENTS, PAGES, VARIABLES, LATENCY, AT_ONCE = 20, 60, 10, 1.0, 8


def main() -> None:
    """Run the job once and print its time against the bound."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = {
            f"{number}.pdf": write_pdf(folder / f"{number}.pdf", PAGES, seed=number)
            for number in range(DOCUMENTS)
        }
        variables = write_variables(folder / "variables.csv", VARIABLES)
        settings = {"MODEL_CALLS_AT_ONCE": str(AT_ONCE)}
        options = StackOptions(folder / "stack", model_latency=LATENCY, settings=settings)
        with Stack(options, say=lambda _: None) as stack:
            _run(stack, {"0.pdf": files["0.pdf"]}, variables)  # the first job pays for imports
            before = _stats(stack.url_of("model"))["calls"]
            took = _run(stack, files, variables)
            stats = _stats(stack.url_of("model"))
            stats["calls"] -= before
    ideal = stats["calls"] * LATENCY / AT_ONCE
    show(
        f"{DOCUMENTS} documents x {VARIABLES} variables, {PAGES} pages each, "
        f"{LATENCY:.0f} s a model call, {AT_ONCE} calls at once",
        ["model calls", "most at once", "ideal s", "took s", "ratio (target 1.3)"],
        [
            [
                stats["calls"],
                stats["max_in_flight"],
                f"{ideal:.1f}",
                f"{took:.1f}",
                f"{took / ideal:.2f}",
            ]
        ],
    )


def _run(stack: Stack, files: dict[str, Path], variables: Path) -> float:
    """Seconds from the submission to the finished workbook."""
    began = time.monotonic()
    client = Client(stack.url, stack.check)
    job = client.submit(files, variables, f"{len(files)}@example.org")
    for status in client.watch(job, every_seconds=0.2):
        if status.progress.get("stage") in ("emailing", "done") or status.finished:
            return time.monotonic() - began
    raise SystemExit("the job never ended")


def _stats(url: str) -> dict[str, int]:
    with urllib.request.urlopen(f"{url}/_control/stats") as answer:
        stats: dict[str, int] = json.load(answer)
    return stats


if __name__ == "__main__":
    main()
