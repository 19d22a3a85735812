"""Make the virtual environment once, and know when it must be made again. Standard library only."""

import fcntl
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from local_host.pythons import find_python
from local_host.surroundings import surround

STAMP = "policy-reader-stamp.json"


def ensure_environment(root: str | Path) -> str:
    """Return the Python of `.venv`, made or made again where it is missing, stale or broken."""
    return str(
        ensure_venv(
            Path(root),
            name=".venv",
            lock="requirements-dev.lock",
            base=getattr(sys, "_base_executable", sys.executable),
        )
    )


def ensure_venv(root: Path, name: str, lock: str, base: str) -> Path:
    """Return the Python of the environment `name`, holding what `lock` says."""
    venv, python = root / name, root / name / "bin" / "python"
    if is_current(venv, root / lock):
        return python
    with one_at_a_time(root / ".local" / f"set-up{name}.lock"):
        if not is_current(venv, root / lock):  # another start may have made it while we waited
            _make(root, venv, root / lock, base)
    return python


def is_current(venv: Path, lock: Path) -> bool:
    """Whether `venv` was finished, from this very lock, and its Python still runs."""
    return read_stamp(venv) == make_stamp(lock, _version_of(venv / "bin" / "python"))


def read_stamp(venv: Path) -> dict[str, str]:
    """Return what a finished environment remembers of its origin; empty if it was not finished."""
    try:
        stamp: dict[str, str] = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def make_stamp(lock: Path, python_version: str) -> dict[str, str]:
    """Return the hash of the lock, and the Python that runs it."""
    digest = hashlib.sha256()
    for path in (lock, *_included(lock)):
        digest.update(path.read_bytes())
    return {"lock": digest.hexdigest(), "python": python_version}


def _included(lock: Path) -> list[Path]:
    """The files a lock includes with `-r`."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [lock.parent / line[3:].strip() for line in lines if line.startswith("-r ")]


def _version_of(python: Path) -> str:
    """Return the version a Python states, empty where it does not run."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print(sys.version)"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return answer.stdout.strip()


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Wait until no other process holds this lock file; the system frees it when a process dies."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _say("Another ./dev is setting up; waiting for it…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(root: Path, venv: Path, lock: Path, base: str) -> None:
    """Bring up to the lock, from nothing where it is broken or was interrupted.

    The stamp comes last: a set-up that was interrupted has none, and is redone.
    """
    _say("Installing Python packages (about 40 s, once)…")
    python = venv / "bin" / "python"
    sound = bool(read_stamp(venv)) and read_stamp(venv).get("python") == _version_of(python)
    (venv / STAMP).unlink(missing_ok=True)
    temporary = root / ".local" / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    environment = {**surround(root=root), "TMPDIR": str(temporary)}
    environment["RUSTUP_HOME"] = str(
        temporary
    )  # pip asks for rustc's version: rustup writes at home
    if not sound:
        _run([_with_ensurepip(base), "-m", "venv", "--clear", venv], environment)
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--no-input")
    _run((*pip, "install", "--quiet", "--requirement", lock), environment)
    stamp = make_stamp(lock, _version_of(python))
    (venv / STAMP).write_text(json.dumps(stamp), encoding="utf-8")


def _with_ensurepip(base: str) -> str:
    """Return a Python that can make environments: Debian's cannot without python3-venv."""
    if subprocess.run(
        [base, "-c", "import ensurepip"], capture_output=True, check=False
    ).returncode:
        found = find_python(needs="ensurepip")
        if not found:
            sys.exit(
                f"{base} has no ensurepip, which a virtual environment needs: install it "
                "(Debian, Ubuntu: apt-get install python3-venv)."
            )
        return found
    return base


def _run(command: Sequence[str | Path], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        what = " ".join(Path(part).name for part in map(str, command[:4]))
        lines = (done.stderr or done.stdout).strip().splitlines()[-8:]
        sys.exit(
            f"Set-up failed at `{what}…` (is the package index reachable?):\n" + "\n".join(lines)
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
