"""What the end-to-end tests do to a running stack: submit, watch, kill, look at what came of it."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from benchmarks.documents import write_pdf, write_variables
from local_host.client import Client, Job, Status
from local_host.stack import Stack


@dataclass(frozen=True)
class Task:
    """Documents and variables to submit."""

    files: dict[str, Path]
    variables: Path


def make_task(folder: Path, documents: int, pages: int, variables: int) -> Task:
    """Documents with distinct texts; `pages` decides how many model calls each takes."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        f"plan {number}.pdf": write_pdf(folder / f"{number}.pdf", pages, seed=number)
        for number in range(1, documents + 1)
    }
    return Task(files, write_variables(folder / "variables.csv", variables))


def submit(stack: Stack, task: Task, email: str = "analyst@example.org") -> tuple[Client, Job]:
    """Submit over HTTP."""
    client = Client(stack.url, stack.check)
    return client, client.submit(task.files, task.variables, email)


def finish(client: Client, job: Job, seconds: float = 240) -> Status:
    """Wait until the job is over; its last status."""
    until = time.monotonic() + seconds
    for status in client.watch(job, every_seconds=0.2):
        if status.finished:
            return status
        assert time.monotonic() < until, f"not finished in {seconds} s: {status}"
    raise AssertionError("the status ended without an end")


def kill_host(stack: Stack) -> None:
    """SIGKILL the functions host; the supervisor starts it again on the same state."""
    os.kill(stack.pid_of("host"), signal.SIGKILL)


def control(stack: Stack, server: str, settings: dict[str, Any]) -> None:
    """Change how a stand-in behaves."""
    request = urllib.request.Request(
        f"{stack.url_of(server)}/_control",
        json.dumps(settings).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request):
        pass


def model_stats(stack: Stack) -> dict[str, Any]:
    """What the model server counted."""
    with urllib.request.urlopen(f"{stack.url_of('model')}/_control/stats") as answer:
        stats: dict[str, Any] = json.load(answer)
    return stats


def findings(client: Client, job: Job) -> Any:
    """The findings of `results.json`, as they are."""
    return json.loads(client.fetch_results(job, "results.json"))["findings"]


def mails(stack: Stack, to: str) -> list[EmailMessage]:
    """The mails to one address, oldest first."""
    read = [
        message_from_bytes(path.read_bytes(), policy=policy.default)
        for path in sorted(stack.mails.glob("*.eml"))
    ]
    return [mail for mail in read if to in str(mail["To"])]
