"""The mail stand-in speaks the email protocol of Azure to the genuine SDK and keeps real mails."""

from __future__ import annotations

import base64
import email
import email.message
import json
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from azure.communication.email import EmailClient
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceResponseError,
)

KEY = base64.b64encode(b"a key of a test that opens nothing").decode()
SHEET = b"PK\x03\x04 a workbook"


@dataclass(frozen=True)
class MailService:
    """A running server and its directory."""

    url: str
    folder: Path

    def client(self, key: str = KEY) -> EmailClient:
        """The genuine SDK, its own retries off."""
        return EmailClient(self.url, AzureKeyCredential(key), retry_total=0, polling_interval=1)

    def control(self, **settings: Any) -> dict[str, Any]:
        """Change the settings and return them."""
        request = Request(f"{self.url}/_control", json.dumps(settings).encode(), method="POST")
        with urlopen(request, timeout=10) as answer:
            return dict(json.load(answer))

    def list(self) -> list[dict[str, Any]]:
        """The mails, oldest first."""
        with urlopen(f"{self.url}/api/mails", timeout=10) as answer:
            return list(json.load(answer))

    def get(self, path: str) -> tuple[bytes, Any]:
        """A page and its headers."""
        with urlopen(f"{self.url}{path}", timeout=10) as answer:
            return answer.read(), answer.headers


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailService]:
    """A server of this module's own, ended by SIGTERM, which it must obey."""
    folder = tmp_path_factory.mktemp("mails")
    command = [sys.executable, "-m", "local_host.mail_server", "--mails", str(folder)]
    with subprocess.Popen([*command, "--key", KEY], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), ready
        yield MailService(ready.removeprefix("ready ").strip(), folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.fixture
def service(running: MailService) -> MailService:
    """The server with an empty box and its settings as at the start."""
    running.control(reset=True)
    for file in running.folder.glob("*.eml"):
        file.unlink()
    return running


def message(**changes: Any) -> dict[str, Any]:
    """A mail as the app sends it; a change of None leaves a field out."""
    attachment = {
        "name": "résultats.xlsx",
        "contentType": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "contentInBase64": base64.b64encode(SHEET).decode(),
    }
    whole = {
        "senderAddress": "DoNotReply@policy-reader.example",
        "recipients": {"to": [{"address": "analyst@example.org", "displayName": "Anna Lüst"}]},
        "content": {
            "subject": "Your results – 3 documents",
            "plainText": "Three documents were read.",
            "html": "<p>Three <b>documents</b> were read. <script>alert(1)</script></p>",
        },
        "attachments": [attachment],
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def test_a_mail_is_sent_and_kept_as_it_was(service: MailService) -> None:
    """The poller ends in Succeeded; the file holds both texts and the attachment's bytes."""
    with service.client() as client:
        result = client.begin_send(message()).result()
    assert result["status"] == "Succeeded"
    (file,) = service.folder.glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes(), policy=default)
    assert isinstance(mail, email.message.EmailMessage)
    assert mail["To"] == "Anna Lüst <analyst@example.org>"
    assert mail["Subject"] == "Your results – 3 documents"
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert text.get_content().strip() == "Three documents were read."
    assert html is not None
    assert "<b>documents</b>" in html.get_content()
    (attachment,) = mail.iter_attachments()
    assert attachment.get_filename() == "résultats.xlsx"
    assert attachment.get_payload(decode=True) == SHEET


def test_a_wrong_key_is_refused(service: MailService) -> None:
    """401, and nothing is kept."""
    wrong = base64.b64encode(b"another key").decode()
    with service.client(wrong) as client, pytest.raises(ClientAuthenticationError, match="Denied"):
        client.begin_send(message())
    assert service.list() == []


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "Authorization"),
        (
            {
                "Authorization": "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256"
                "&Signature=AAAA",
                "x-ms-date": "Mon, 01 Jan 2024 00:00:00 GMT",
            },
            "x-ms-date",
        ),
    ],
)
def test_unsigned_and_old_requests_are_refused(
    service: MailService, headers: dict[str, str], reason: str
) -> None:
    """No signature, and one from another day."""
    url = f"{service.url}/emails:send?api-version=2025-09-01"
    with pytest.raises(HTTPError) as error:
        urlopen(Request(url, b"{}", headers, method="POST"), timeout=10)
    with error.value as answer:
        assert answer.code == 401
        assert reason in json.load(answer)["error"]["message"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"senderAddress": "nobody"}, "senderAddress"),
        ({"recipients": {"to": []}}, "recipients"),
        ({"recipients": {"to": [{"address": "a..b@example.org"}]}}, "recipients.to"),
        ({"content": {"subject": "x"}}, "content"),
        ({"content": {"subject": "a\nBcc: x@y.org", "plainText": "x"}}, "content.subject"),
        ({"attachments": [{"name": "a", "contentType": "text/plain"}]}, "contentInBase64"),
    ],
)
def test_a_bad_mail_is_refused_naming_the_field(
    service: MailService, changes: dict[str, Any], field: str
) -> None:
    """400 as the service gives it."""
    with service.client() as client, pytest.raises(HttpResponseError) as error:
        client.begin_send(message(**changes))
    assert error.value.status_code == 400
    assert field in str(error.value)
    assert service.list() == []


def test_a_mail_over_ten_megabytes_is_refused(service: MailService) -> None:
    """The request counts, so a file of 8 MB is too large in base64."""
    content = base64.b64encode(bytes(8 * 1024 * 1024)).decode()
    file = {"name": "a.bin", "contentType": "application/zip", "contentInBase64": content}
    with service.client() as client, pytest.raises(HttpResponseError) as error:
        client.begin_send(message(attachments=[file]))
    assert error.value.status_code == 413


def test_throttling_says_when_to_come_back(service: MailService) -> None:
    """The third of two a minute gets 429 with Retry-After and is not kept."""
    service.control(throttle={"per_minute": 2}, retry_after=9)
    with service.client() as client:
        client.begin_send(message())
        client.begin_send(message())
        with pytest.raises(HttpResponseError) as error:
            client.begin_send(message())
    assert error.value.status_code == 429
    assert error.value.response is not None
    assert error.value.response.headers["Retry-After"] == "9"  # type: ignore[attr-defined]
    assert len(service.list()) == 2


def test_the_same_operation_is_one_mail(service: MailService) -> None:
    """A repeated Operation-Id sends nothing new, unless the service is told not to look."""
    operation = str(uuid.uuid4())
    with service.client() as client:
        client.begin_send(message(), operation_id=operation)
        client.begin_send(message(), operation_id=operation)
        assert [mail["operation_id"] for mail in service.list()] == [operation]
        service.control(deduplicate=False)
        client.begin_send(message(), operation_id=operation)
    assert len(service.list()) == 2


def test_a_lost_answer_leaves_a_mail(service: MailService) -> None:
    """The line is cut after the mail was kept: the sender sees an error, the reader a mail."""
    service.control(faults={"disconnect": 1.0})
    with service.client() as client, pytest.raises(ServiceResponseError):
        client.begin_send(message())
    assert len(service.list()) == 1


def test_faults_and_outages_keep_nothing(service: MailService) -> None:
    """500 and a dead server raise in the SDK."""
    with service.client() as client:
        service.control(faults={"500": 1.0})
        with pytest.raises(HttpResponseError):
            client.begin_send(message())
        service.control(faults={}, down=True)
        with pytest.raises(ServiceResponseError):
            client.begin_send(message())
    assert service.list() == []


def test_polling_takes_as_many_rounds_as_told(service: MailService) -> None:
    """The operation is running for a while before it has succeeded."""
    service.control(poll_states=1)
    with service.client() as client:
        poller = client.begin_send(message())
        assert poller.result()["status"] == "Succeeded"
    assert service.control()["counts"]["polls"] == 2


def test_mails_are_read_in_the_browser(service: MailService) -> None:
    """The list links to the mail; its HTML is framed where it can run nothing; files download."""
    with service.client() as client:
        client.begin_send(message())
    page, headers = service.get("/")
    assert "Your results – 3 documents" in page.decode()
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    page, _ = service.get("/mails/1")
    assert "Three documents were read." in page.decode()
    assert "<script" not in page.decode()
    assert '<iframe sandbox="' in page.decode()
    html, headers = service.get("/mails/1/html")
    assert b"<b>documents</b>" in html
    assert headers["Content-Security-Policy"].startswith("sandbox allow-popups ")
    content, headers = service.get("/mails/1/attachments/1")
    assert content == SHEET
    assert headers["Content-Disposition"].startswith("attachment")
    with pytest.raises(HTTPError, match="404"):
        service.get("/mails/2")
