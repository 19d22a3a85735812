"""What is wrong with a submission is said at once, or is the outcome of its document alone."""

from __future__ import annotations

import http.client
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pymupdf
import pytest

from local_host.client import Client, Job
from local_host.multipart import Part, encode_form
from local_host.stack import Stack
from tests.end_to_end.jobs import control, findings, finish, mails
from tests.sample_pdfs import AES_256, pdf_of

SOUND = pdf_of("The country will reach net zero emissions by 2050.")
LOCKED = pdf_of("Nobody reads this.", encryption=AES_256, user_pw="secret", owner_pw="owner")
CORRUPT = b"%PDF-1.7\n" + b"nothing that a PDF holds\n" * 40
VARIABLES = [{"name": "Net zero", "description": "The year of net zero emissions"}]
NOBODY = "0123456789abcdef0123456789abcdef"
LIMIT = 104_857_600

JOB_ROUTES = [
    ("GET", "/api/jobs/{id}"),
    ("GET", "/api/jobs/{id}/status"),
    ("POST", "/api/jobs/{id}/cancel"),
    ("GET", "/api/jobs/{id}/results.xlsx"),
    ("GET", "/api/jobs/{id}/results.json"),
    ("GET", "/api/jobs/{id}/documents/d1/highlighted.pdf"),
]


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    code: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def fields(self) -> list[str]:
        """The fields that a problem names; each says what is wrong and what to do."""
        assert self.headers["content-type"].startswith("application/problem+json"), self.body
        assert self.json["status"] == self.code
        assert all(len(error["message"]) > 20 for error in self.json["errors"]), self.json
        return [error["field"] for error in self.json["errors"]]

    @property
    def words(self) -> str:
        """Everything that a problem says."""
        return " ".join(error["message"] for error in self.json["errors"])


@dataclass(frozen=True)
class Site:
    """The running app, asked by hand."""

    stack: Stack

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        """One request, exactly as given."""
        place = urlsplit(self.stack.url)
        connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lower, response.read())
        finally:
            connection.close()

    def submit(self, files: dict[str, bytes], **request: object) -> Answer:
        """`POST /api/jobs` with a request that is sound but for what is given."""
        asked = {"email": "bad-input@example.org", "variables": VARIABLES, **request}
        parts = [Part("files", content, name) for name, content in files.items()]
        body, content_type = encode_form([*parts, Part("request", json.dumps(asked).encode())])
        return self.ask("POST", "/api/jobs", body, {"Content-Type": content_type})


@pytest.fixture(scope="module")
def site(stack: Stack) -> Site:
    """The session's stack."""
    return Site(stack)


def zip_of(**files: bytes) -> bytes:
    """A ZIP of these files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def job_of(answer: Answer) -> Job:
    """The job of a 202."""
    assert answer.code == 202, answer.body
    links = answer.json
    return Job(links["id"], links["statusQueryGetUri"], links["cancelPostUri"], links["pageUri"])


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("report.pdf", b"PK\x03\x04 an office file", 415, "not a PDF"),
        ("letter.docx", b"just words", 415, "neither a PDF nor a ZIP"),
        ("page.pdf", b"<html>Sign in first</html>", 415, "neither a PDF nor a ZIP"),
        ("empty.pdf", b"", 422, "is empty"),
        ("empty.zip", zip_of(), 422, "holds no PDF"),
        ("notes.zip", zip_of(**{"notes.txt": b"no PDF here"}), 422, "holds no PDF"),
        ("cut.zip", zip_of(**{"a.pdf": SOUND})[:-30], 422, "damaged ZIP"),
    ],
)
def test_what_is_no_document_is_refused_by_name(
    site: Site, name: str, content: bytes, code: int, said: str
) -> None:
    """The file is named, with what it is and what to do; nothing is started."""
    answer = site.submit({name: content})
    assert (answer.code, answer.fields) == (code, ["files"])
    assert f"“{name}”" in answer.words
    assert said in answer.words


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"variables": []}, "variables"),
        ({"variables": [{"name": "Net zero", "description": " "}]}, "variables[0].description"),
        ({"email": "analyst at example.org"}, "email"),
        ({"email": ""}, "email"),
        ({"varables": VARIABLES}, "varables"),
    ],
)
def test_a_wrong_request_names_its_field(
    site: Site, request_fields: dict[str, object], field: str
) -> None:
    """422, and the field as it was sent."""
    answer = site.submit({"a.pdf": SOUND}, **request_fields)
    assert (answer.code, answer.fields) == (422, [field])


def test_no_files_are_refused(site: Site) -> None:
    """A job without documents is none."""
    answer = site.submit({})
    assert (answer.code, answer.fields) == (422, ["files"])


def test_everything_wrong_is_said_at_once(site: Site) -> None:
    """Five faults of three kinds in one answer, so that nobody sends the files five times."""
    files = {"empty.pdf": b"", "words.pdf": b"only words", "none.zip": zip_of()}
    answer = site.submit(files, email="nobody", variables=[])
    assert answer.code == 422
    assert sorted(answer.fields) == ["email", "files", "files", "files", "variables"]
    assert all(name in answer.words for name in files)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/plain", b"please read my plan"),
        ("application/octet-stream", SOUND),
        ("", SOUND),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n--y--"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="fi'),
    ],
)
def test_a_body_that_is_no_form_is_not_understood(
    site: Site, content_type: str, body: bytes
) -> None:
    """400, saying what to send instead."""
    headers = {"Content-Type": content_type} if content_type else {}
    answer = site.ask("POST", "/api/jobs", body, headers)
    assert (answer.code, answer.fields) == (400, ["body"])


def test_a_request_that_is_no_json_is_not_understood(site: Site) -> None:
    """400, naming the field."""
    body, content_type = encode_form([Part("files", SOUND, "a.pdf"), Part("request", b"{email:")])
    answer = site.ask("POST", "/api/jobs", body, {"Content-Type": content_type})
    assert (answer.code, answer.fields) == (400, ["request"])


def test_a_body_over_the_limit_is_refused_before_it_is_read(site: Site) -> None:
    """413 by its announced length alone."""
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(LIMIT + 1),
    }
    assert site.ask("POST", "/api/jobs", b"", headers).code == 413


@pytest.mark.parametrize(
    "job", [NOBODY, "nonsense", NOBODY.upper(), NOBODY + "0", "%2e%2e%2fusers"]
)
@pytest.mark.parametrize(("method", "route"), JOB_ROUTES)
def test_an_unknown_job_is_404_on_every_route(
    site: Site, method: str, route: str, job: str
) -> None:
    """Whether its id could be one or not."""
    answer = site.ask(method, route.replace("{id}", job))
    assert (answer.code, answer.fields) == (404, ["job"])


@pytest.fixture(scope="module")
def mixed(site: Site) -> tuple[Client, Job]:
    """A finished job with a sound, a locked and a corrupt document."""
    files = {"sound.pdf": SOUND, "locked.pdf": LOCKED, "corrupt.pdf": CORRUPT}
    job = job_of(site.submit(files, email="mixed@example.org"))
    client = Client(site.stack.url, site.stack.check)
    status = finish(client, job, seconds=60)
    assert status.runtime_status == "Completed"
    assert (status.output["documents"], status.output["failed"]) == (3, 2)
    return client, job


def test_a_broken_document_costs_only_itself(mixed: tuple[Client, Job]) -> None:
    """The job is completed, the sound document is read, the others are named with a reason."""
    client, job = mixed
    known = client.describe(job)
    documents = {document["name"]: document for document in known["documents"]}
    assert known["state"] == "completed"
    assert documents["sound.pdf"]["state"] == "read"
    assert documents["locked.pdf"]["state"] == "unreadable"
    assert "password" in documents["locked.pdf"]["error"]
    assert documents["corrupt.pdf"]["state"] in {"unreadable", "failed"}
    assert documents["corrupt.pdf"]["error"]


def test_the_cells_of_a_broken_document_say_so(mixed: tuple[Client, Job]) -> None:
    """No cell is missing, none is blank, and the sound document's quote is on its page."""
    cells = {cell["document"]: cell for cell in findings(*mixed)}
    assert set(cells) == {"d1", "d2", "d3"}
    (quote,) = cells["d1"]["quotes"]
    with pymupdf.open(stream=SOUND) as pdf:
        assert quote["text"] in pdf[quote["pdf_pages"][0] - 1].get_text()
    assert {cells[document]["state"] for document in ("d2", "d3")} <= {"unreadable", "failed"}
    assert all(cells[document]["reason"] for document in ("d2", "d3"))


def test_the_mail_names_what_was_not_read(site: Site, mixed: tuple[Client, Job]) -> None:
    """One mail with the workbook, and in it the documents that are not in the workbook's cells."""
    assert mixed
    (mail,) = mails(site.stack, "mixed@example.org")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "locked.pdf: unreadable" in text
    assert "corrupt.pdf" in text
    assert "sound.pdf" not in text


def test_a_job_of_which_nothing_can_be_read_fails_and_tells(site: Site) -> None:
    """Failed is an answer too: 200, a mail, and a user who may submit again."""
    client = Client(site.stack.url, site.stack.check)
    job = job_of(site.submit({"locked.pdf": LOCKED}, email="locked@example.org"))
    assert finish(client, job, seconds=60).output["state"] == "failed"
    assert client.describe(job)["state"] == "failed"
    assert len(mails(site.stack, "locked@example.org")) == 1
    again = job_of(site.submit({"locked.pdf": LOCKED}, email="locked@example.org"))
    finish(client, again, seconds=60)


@pytest.fixture
def slow_model(stack: Stack) -> Iterator[None]:
    """A model that leaves time to submit twice."""
    control(stack, "model", {"latency": 4.0})
    yield
    control(stack, "model", {"latency": 0.0})


@pytest.mark.usefixtures("slow_model")
def test_one_user_has_one_job_at_a_time(site: Site) -> None:
    """The second submission is 409 with the first one's link; another user is not concerned."""
    client = Client(site.stack.url, site.stack.check)
    job = job_of(site.submit({"a.pdf": SOUND}, email="twice@example.org"))
    second = site.submit({"a.pdf": SOUND}, email=" Twice@Example.org ")
    assert (second.code, second.fields) == (409, ["email"])
    assert (second.json["id"], second.json["job"]) == (job.id, job.page_url)
    other = job_of(site.submit({"a.pdf": SOUND}, email="other@example.org"))
    for each in (job, other):
        client.cancel(each)
    for each in (job, other):
        finish(client, each, seconds=60)
    third = job_of(site.submit({"locked.pdf": LOCKED}, email="twice@example.org"))
    finish(client, third, seconds=60)
