"""`./dev run`: one job from files to a folder of results, or the page until Ctrl-C."""

import fcntl
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_host.client import Client, Job, RefusedError, Status, UnreachableError
from local_host.command_line import Arguments
from local_host.delivery import deliver, prepare
from local_host.processes import StackError
from local_host.progress_bar import ProgressBar
from local_host.run_summary import describe
from local_host.stack import Stack, StackOptions
from local_host.surroundings import LOCAL

CANCEL_SECONDS = 20.0
"""How long a cancelled job may take to write down what it knows."""


def run(arguments: Arguments) -> int:
    """Do what is asked; return the exit code."""
    if arguments.documents and (problem := prepare(arguments.out)):
        _say(problem)
        return 2
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGHUP, _interrupt)
    try:
        return _read(arguments) if arguments.documents else _serve(arguments)
    except KeyboardInterrupt:
        _say("Stopped.")
        return 130
    except (StackError, RefusedError, UnreachableError) as error:
        _say(str(error))
        return 1


def _read(arguments: Arguments) -> int:
    """Read the documents; the stack and its state last as long as the job."""
    with _own_state(arguments.state) as folder, _start(arguments, folder, passing=True) as stack:
        bar = ProgressBar(sys.stderr)
        client = Client(stack.url, stack.check)
        job = client.submit(_name(arguments.documents), arguments.variables, arguments.email)
        _say(f"Job {job.id}: {stack.url}/jobs/{job.id} (while it runs)")
        try:
            last = _watch(client, job, bar)
        except KeyboardInterrupt:
            last = None
            _cancel(client, job, bar)
        mails = None if stack.real.mail else stack.mails
        delivery = deliver(client, job, mails, arguments.out)
        for line in describe(delivery):
            _say(line)
    if last is None or last.runtime_status != "Completed":
        _say(
            "The job was cancelled." if last is None else f"The job ended as {last.runtime_status}."
        )
    if last is None:
        return 130
    return 0 if delivery.every_document_read and last.runtime_status == "Completed" else 1


def _serve(arguments: Arguments) -> int:
    """Serve the page until we are told to stop; jobs are kept for the next time."""
    with _kept_state(arguments.state) as folder, _start(arguments, folder) as stack:
        if mail := stack.url_of("mail"):
            _say(f"mails {mail}")
        _say(f"state {folder}")
        _say(f"ready {stack.url}")
        while True:
            time.sleep(0.5)
            stack.check()


def _start(arguments: Arguments, folder: Path, *, passing: bool = False) -> Stack:
    """Make the stack; a passing one ends before its results are read: they do not link to it."""
    if not (LOCAL / "azurite").is_dir():
        _say("Getting Azurite, the local Blob Storage (about 30 s, once)…")
    settings = {"PUBLIC_URL": os.environ.get("PUBLIC_URL", "")} if passing else {}
    options = StackOptions(folder, arguments.port, arguments.model_latency, settings)
    stack = Stack(options, _say)
    for line in stack.real.describe():
        _say(line)
    return stack


def _watch(client: Client, job: Job, bar: ProgressBar) -> Status | None:
    """Show how far the job is until it is finished."""
    status = None
    for status in client.watch(job):
        bar.show(status.progress)
    bar.close()
    return status


def _cancel(client: Client, job: Job, bar: ProgressBar) -> None:
    """Cancel, and give the job a moment to write down what is known; a second Ctrl-C does not."""
    bar.interrupt("Cancelling; what is known so far is kept (Ctrl-C again to leave at once)…")
    client.cancel(job)
    until = time.monotonic() + CANCEL_SECONDS
    for _ in client.watch(job):
        if time.monotonic() > until:
            return


def _name(documents: tuple[Path, ...]) -> dict[str, Path]:
    """Give each document a name of its own, also where two folders hold the same one."""
    named: dict[str, Path] = {}
    for path in dict.fromkeys(documents):
        name, number = path.name, 2
        while name in named:
            name, number = f"{path.stem} ({number}){path.suffix}", number + 1
        named[name] = path
    return named


@contextmanager
def _own_state(folder: Path | None) -> Iterator[Path]:
    """Yield a fresh folder that goes with the job, or the one asked for, which stays."""
    if folder:
        with _kept_state(folder) as kept:
            yield kept
        return
    LOCAL.mkdir(exist_ok=True)
    own = Path(tempfile.mkdtemp(prefix="run-", dir=LOCAL))
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


@contextmanager
def _kept_state(folder: Path | None) -> Iterator[Path]:
    """Yield the folder of earlier starts; a second start at once gets one beside it."""
    number, chosen = 1, folder or LOCAL / "state"
    while True:
        chosen.mkdir(parents=True, exist_ok=True)
        with (chosen / "in-use.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if folder:
                    raise StackError(f"{folder} is in use by another ./dev run.") from None
                _say(f"{chosen} is in use by another ./dev run; jobs are kept beside it.")
                number += 1
                chosen = LOCAL / f"state-{number}"
                continue
            yield chosen
            return


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _say(line: str) -> None:
    fresh = "\r\x1b[2K" if sys.stdout.isatty() else ""  # the progress bar may stand there
    print(f"{fresh}{line}", flush=True)
