"""A client of the public HTTP interface: submit, watch, cancel, fetch; outlives host restarts."""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from local_host.multipart import Part, encode_form

FINISHED = ("Completed", "Failed", "Terminated", "Canceled")
PATIENCE_SECONDS = 90.0
"""How long an unreachable host is asked again: it may be starting again after a crash."""


class RefusedError(Exception):
    """The app said no; the message is what it said, one line a reason."""


class UnreachableError(Exception):
    """The app did not answer for longer than a restart takes."""


@dataclass(frozen=True)
class Job:
    """A submitted job, by the links the app gave out."""

    id: str
    status_url: str
    cancel_url: str
    page_url: str


@dataclass(frozen=True)
class Status:
    """A job's state at one moment, in the words of the Durable status."""

    runtime_status: str
    progress: Mapping[str, Any]
    output: Any = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.runtime_status in FINISHED


class Client:
    """Speaks to one app; `check` is called while it waits, and may raise to end the wait."""

    def __init__(self, url: str, check: Callable[[], None] = lambda: None) -> None:
        self._url = url
        self._check = check
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def submit(self, files: Mapping[str, Path], variables: Path, email: str) -> Job:
        """Send the files, by the names they shall have, and the table of variables."""
        request = json.dumps({"email": email}).encode()
        parts = [Part("files", path.read_bytes(), name) for name, path in files.items()]
        parts.append(Part("variables_file", variables.read_bytes(), variables.name))
        parts.append(Part("request", request))
        body, content_type = encode_form(parts)
        answer = json.loads(self._send("POST", "/api/jobs", body, content_type))
        return Job(
            answer["id"], answer["statusQueryGetUri"], answer["cancelPostUri"], answer["pageUri"]
        )

    def watch(self, job: Job, every_seconds: float = 0.5) -> Iterator[Status]:
        """Yield the status again and again, last the finished one."""
        while True:
            answer = json.loads(self._send_patiently("GET", self._here(job.status_url)))
            status = Status(
                answer["runtimeStatus"], answer.get("customStatus") or {}, answer.get("output")
            )
            yield status
            if status.finished:
                return
            time.sleep(every_seconds)

    def cancel(self, job: Job) -> None:
        """Ask that running work stops; what is known is kept."""
        self._send_patiently("POST", self._here(job.cancel_url))

    def describe(self, job: Job) -> dict[str, Any]:
        """Return the job as people see it."""
        answer: dict[str, Any] = json.loads(self._send_patiently("GET", f"/api/jobs/{job.id}"))
        return answer

    def fetch_results(self, job: Job, kind: str) -> bytes:
        """Return `results.xlsx` or `results.json`."""
        return self._send_patiently("GET", f"/api/jobs/{job.id}/{kind}")

    def fetch_highlighted(self, job: Job, document_id: str) -> bytes:
        """Return a document with its quotes marked."""
        place = f"/api/jobs/{job.id}/documents/{quote(document_id)}/highlighted.pdf"
        return self._send_patiently("GET", place)

    def _here(self, link: str) -> str:
        """Return the path of a link: its host is how others reach the app, we know the app."""
        return "/" + link.split("://", 1)[-1].split("/", 1)[-1]

    def _send_patiently(self, method: str, path: str) -> bytes:
        """Send what may safely be sent twice, until the app answers."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._send(method, path)
            except UnreachableError:
                self._check()
                if time.monotonic() > until:
                    raise
                time.sleep(0.25)

    def _send(
        self, method: str, path: str, body: bytes | None = None, content_type: str = ""
    ) -> bytes:
        headers = {"Content-Type": content_type} if content_type else {}
        if method == "POST" and body is None:
            body = b""
        request = urllib.request.Request(
            self._url + path, data=body, headers=headers, method=method
        )
        try:
            with self._opener.open(request, timeout=120) as response:
                answer: bytes = response.read()
                return answer
        except urllib.error.HTTPError as error:
            raise _translate(error) from error
        except (OSError, http.client.HTTPException) as error:
            raise UnreachableError(f"{self._url} does not answer: {error}") from error


def _translate(error: urllib.error.HTTPError) -> Exception:
    """Return what a refusal means: a host that is starting, or the app's own reasons."""
    with error:
        text = error.read().decode("utf-8", "replace")
    if error.code in (502, 503, 504):
        return UnreachableError(f"{error.url} answered {error.code}: {text[:200]}")
    try:
        problem = json.loads(text)
        reasons = [f"{item['field']}: {item['message']}" for item in problem.get("errors", [])]
        said = "\n".join(reasons) or problem.get("detail") or problem["title"]
    except (ValueError, KeyError, TypeError, AttributeError):
        said = text[:300] or error.reason
    return RefusedError(f"{said} ({error.code})")
