"""`./dev test` and `./dev bench`: every check and test in one go, and the benchmarks."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local_host.pythons import find_python
from local_host.set_up import ensure_venv
from local_host.stand_ins import without_real_services
from local_host.surroundings import ROOT, surround

BIN = Path(sys.executable).parent
RUNTIME_PYTHON = "3.13"
"""The first Python for which Microsoft publishes its worker as a library."""


@dataclass(frozen=True)
class Step:
    """A check: its name and the command that fails where it finds something."""

    name: str
    command: tuple[str | Path, ...]


STEPS = (
    Step("ruff format", (BIN / "ruff", "format", "--check", ".", "dev")),
    Step("ruff check", (BIN / "ruff", "check", ".", "dev")),
    Step("mypy", (BIN / "mypy",)),
    Step("lint-imports", (BIN / "lint-imports",)),
)

AZURITE = Step("Azurite", (sys.executable, "-m", "local_host.azurite_install"))


def run_checks(pytest_arguments: Sequence[str]) -> int:
    """Run every check, then the tests; return 1 where anything failed, naming it."""
    failed = [step.name for step in STEPS if not _passes(step)]
    # Tests, and the programs they start, find no way out: what they run on is installed before.
    if not _passes(AZURITE):
        print("\nFailed: Azurite, without which no test of the app can run.", flush=True)
        return 1
    if not check_real_worker():
        failed.append("Microsoft's worker")
    _announce("pytest")
    passed, closing_line = run_pytest(pytest_arguments)
    if not passed:
        failed.append("pytest")
    if failed:
        print(f"\nFailed: {', '.join(failed)}.\n{closing_line}", flush=True)
    return 1 if failed else 0


def run_pytest(arguments: Sequence[str]) -> tuple[bool, str]:
    """Run the tests, showing what they say; return their closing line, to stand last."""
    colour = "yes" if sys.stdout.isatty() else "no"
    closing_line = ""
    with subprocess.Popen(
        [sys.executable, "-m", "pytest", f"--color={colour}", *arguments],
        cwd=ROOT,
        env=surround(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout  # noqa: S101 - asked for above
        while piece := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
            lines = piece.decode("utf-8", "replace").strip().splitlines()
            closing_line = lines[-1] if lines else closing_line
    return process.returncode == 0, closing_line


def check_real_worker() -> bool:
    """Let Microsoft's own worker index and call the app, where a Python 3.13 is found."""
    _announce("Microsoft's worker (azure-functions-runtime)")
    script = ROOT / "tests" / "worker_313" / "check_worker.py"
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    base = sys.executable if running == RUNTIME_PYTHON else find_python((RUNTIME_PYTHON,))
    if not base:
        print(f"SKIPPED: no Python {RUNTIME_PYTHON} on this machine, which the worker needs.")
        return True
    base = str(Path(base).resolve())
    python = ensure_venv(ROOT, ".venv313", "requirements-runtime-check.lock", base)
    return subprocess.run([python, script], cwd=ROOT, env=surround(), check=False).returncode == 0


def run_benchmarks(name: str) -> int:
    """Run the benchmark of this name, or all; each prints its table."""
    known = find_benchmarks(ROOT / "benchmarks")
    if name and name not in known:
        print(f"./dev: no benchmark {name}; there are {', '.join(known) or 'none yet'}.")
        return 2
    failed = []
    for chosen in [name] if name else known:
        _announce(chosen)
        module = [sys.executable, "-m", f"benchmarks.{chosen}"]
        unpaid = surround(without_real_services(os.environ))  # a benchmark spends no money
        if subprocess.run(module, cwd=ROOT, env=unpaid, check=False).returncode:
            failed.append(chosen)
    if failed:
        print(f"Failed: {', '.join(failed)}.")
    return 1 if failed else 0


def find_benchmarks(folder: Path) -> list[str]:
    """Return the names of the modules that can be run; the others are what they share."""
    return sorted(path.stem for path in folder.glob("*.py") if "__main__" in path.read_text())


def _passes(step: Step) -> bool:
    _announce(step.name)
    done = subprocess.run(step.command, cwd=ROOT, env=surround(), check=False)
    return done.returncode == 0


def _announce(name: str) -> None:
    print(f"== {name}", flush=True)
