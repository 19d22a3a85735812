"""What the web tests stand on: a site in memory, asked with genuine HTTP requests."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import azure.functions as func
import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus

from shared.services import Services
from shared.settings import read_settings
from shared.web import cancel, downloads, health, job_view, status, submission
from shared.web.problems import answered
from tests.fakes import FakeBlobs

SITE = "http://reader.test"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"
START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
VARIABLES = [{"name": "SDG 7", "description": "Affordable energy for all"}]
REQUEST: dict[str, Any] = {"email": "analyst@example.org", "variables": VARIABLES}

FilePart = tuple[str, str | None, bytes]


@dataclass
class FakeDurable:
    """`DurableClient` in memory; its statuses are the SDK's own."""

    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    inputs: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, str, object]] = field(default_factory=list)
    start_fault: Exception | None = None
    starts_all_the_same: bool = False
    fault: Exception | None = None

    def set(self, job: str, runtime: str, **more: object) -> None:
        """Let Durable say this of an instance."""
        self.instances[job] = {
            "name": "run_job",
            "instanceId": job,
            "runtimeStatus": runtime,
            "createdTime": "2026-03-01T09:30:00Z",
            "lastUpdatedTime": "2026-03-01T09:31:00Z",
            "input": "never shown",
            **more,
        }

    async def get_status(self, instance_id: str) -> Any:
        """What is known of an instance."""
        if self.fault:
            raise self.fault
        known = self.instances.get(instance_id)
        return DurableOrchestrationStatus.from_json(known if known is not None else "")

    async def start_new(
        self, orchestration_function_name: str, instance_id: str, client_input: object
    ) -> str:
        """Start an instance."""
        assert orchestration_function_name == "run_job"
        if self.start_fault is None or self.starts_all_the_same:
            self.inputs[instance_id] = json.loads(json.dumps(client_input))
            self.set(instance_id, "Running")
        if self.start_fault:
            raise self.start_fault
        return instance_id

    async def raise_event(self, instance_id: str, event_name: str, event_data: object) -> None:
        """Wake an instance."""
        self.events.append((instance_id, event_name, event_data))


@dataclass
class Answer:
    """What the site answered."""

    response: func.HttpResponse

    @property
    def code(self) -> int:
        """The HTTP status."""
        return int(self.response.status_code)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.response.get_body())

    @property
    def faults(self) -> list[tuple[str, str]]:
        """Field and message of each error of a problem."""
        assert self.response.mimetype == "application/problem+json", self.response.get_body()
        return [(error["field"], error["message"]) for error in self.json["errors"]]

    def fields(self) -> list[str]:
        """The fields that are wrong."""
        return [name for name, _ in self.faults]


Handler = Callable[..., Coroutine[Any, Any, func.HttpResponse]]


@dataclass
class Site:
    """The routes' handlers over storage and Durable in memory."""

    services: Services
    blobs: FakeBlobs
    durable: FakeDurable
    now: datetime = START

    def ask(self, handler: Handler, *, client: bool = True, **request: Any) -> Answer:
        """Call a handler as its route does."""
        asked = func.HttpRequest(
            method=request.pop("method", "GET"),
            url=f"{SITE}{request.pop('path', '/')}",
            headers=request.pop("headers", {}),
            route_params=request.pop("route", {}),
            body=request.pop("body", b""),
        )
        given = (asked, self.durable, self.services) if client else (asked, self.services)

        async def answer() -> func.HttpResponse:
            return await answered(handler)(*given)

        return Answer(asyncio.run(answer()))

    def post(self, body: bytes, content_type: str, headers: dict[str, str] | None = None) -> Answer:
        """`POST /api/jobs`."""
        return self.ask(
            submission.submit,
            method="POST",
            path="/api/jobs",
            headers={"Content-Type": content_type, **(headers or {})},
            body=body,
        )

    def submit(
        self,
        *files: tuple[str, bytes],
        request: object = None,
        table: tuple[str, bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Submit files with a request; one sound PDF if none is named."""
        sent: list[FilePart] = [("files", *each) for each in files or (("a.pdf", PDF),)]
        if table:
            sent.append(("variables_file", *table))
        content = json.dumps(REQUEST if request is None else request).encode()
        return self.post(*form(("request", None, content), *sent), headers)

    def job(self, *files: tuple[str, bytes], **more: Any) -> str:
        """The id of a job that was just submitted."""
        answer = self.submit(*files, **more)
        assert answer.code == 202, answer.json
        return str(answer.json["id"])

    def status(self, job: str) -> Answer:
        """`GET /api/jobs/{id}/status`."""
        return self.ask(status.get_status, route={"id": job})

    def view(self, job: str) -> Answer:
        """`GET /api/jobs/{id}`."""
        return self.ask(job_view.get_job, route={"id": job})

    def cancel(self, job: str, headers: dict[str, str] | None = None) -> Answer:
        """`POST /api/jobs/{id}/cancel`."""
        return self.ask(cancel.cancel, route={"id": job}, method="POST", headers=headers or {})

    def highlighted(self, job: str, document: str) -> Answer:
        """`GET …/highlighted.pdf`."""
        route = {"id": job, "document_id": document}
        return self.ask(downloads.get_highlighted, client=False, route=route)

    def results(self, job: str) -> Answer:
        """`GET …/results.json`."""
        return self.ask(downloads.get_results, client=False, route={"id": job})

    def health(self) -> Answer:
        """`GET /api/health`."""

        async def handler(
            _: func.HttpRequest, client: FakeDurable, services: Services
        ) -> func.HttpResponse:
            return await health.get_health(client, services)

        return self.ask(handler)

    def passes(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


def form(*parts: FilePart, boundary: str = "boundary7") -> tuple[bytes, str]:
    """A multipart body and its content type, as browsers write them."""
    body = b""
    for name, file_name, content in parts:
        file = "" if file_name is None else f'; filename="{file_name}"'
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def zipped(entries: dict[str, bytes]) -> bytes:
    """A ZIP of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return packed.getvalue()


def make_site(**settings: str) -> Site:
    """A site of its own."""
    values = {"AzureWebJobsStorage": "in memory", "OPENAI_API_KEY": "none", **settings}
    services = Services(read_settings(values))
    blobs = FakeBlobs()
    services.blobs = blobs
    site = Site(services, blobs, FakeDurable())
    services.clock = lambda: site.now
    return site


@pytest.fixture
def site() -> Site:
    """A site where nobody signs in."""
    return make_site()
