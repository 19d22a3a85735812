"""A run's mail is sent once, whatever happens to those who send it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.send_email import send_email
from shared.adapters.azure_email import AzureEmail
from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain import blob_names
from shared.domain.errors import MailBusy, MailRejected
from shared.domain.mail import Mail
from shared.domain.messages import EmailResult, SendEmail, WriteReport, from_json, to_json
from shared.domain.stored import decode, encode
from shared.mailing import CLAIM_LASTS, MailMark, send_once
from shared.report_writing import write_results
from shared.services import Services, replace_services
from tests.activities.calling import call
from tests.activities.settings import make_settings
from tests.example_findings import JOB, example_findings
from tests.fakes import FakeBlobs, FakeMailer

NAME = blob_names.email(JOB.id, 1, "finished")
ASKED = SendEmail(JOB.id, 1, "finished")


class Stage:
    """A finished run and a mailer, over blobs in memory and a clock that tests move."""

    def __init__(self, mailer: Any, **settings: str) -> None:
        self.now = datetime(2026, 3, 1, 9, tzinfo=UTC)
        self.blobs = FakeBlobs()
        self.services = Services(make_settings(**settings), clock=lambda: self.now)
        self.services.blobs = self.blobs
        self.services.extractor = PymupdfTextExtractor()
        self.services.mailer = mailer
        self.blobs.write(blob_names.request(JOB.id), encode(JOB))
        self.blobs.write(blob_names.current_run(JOB.id), b"1")
        for found in example_findings():
            self.blobs.write(blob_names.findings(JOB.id, found.document), encode(found))

    def finish(self) -> None:
        """Write the report of the run."""
        write_results(self.services, WriteReport(JOB.id, 1, cancelled=False))

    def send(self) -> EmailResult:
        """Run the activity."""
        replace_services(self.services)
        try:
            return from_json(EmailResult, call(send_email, to_json(ASKED)))
        finally:
            replace_services(None)


def _finished(*faults: Exception, **settings: str) -> tuple[Stage, FakeMailer]:
    mailer = FakeMailer(*faults)
    stage = Stage(mailer, **settings)
    stage.finish()
    return stage, mailer


def test_a_mail_is_sent_once_however_often_it_is_asked_for() -> None:
    """The second call finds the mark and sends nothing."""
    stage, mailer = _finished()
    assert stage.send() == EmailResult("sent")
    assert stage.send() == EmailResult("sent")
    (mail,) = mailer.sent
    assert mail.to == JOB.email
    assert [file.name for file in mail.attachments] == ["results.xlsx"]
    assert mail.attachments[0].content == stage.blobs.read(blob_names.workbook(JOB.id))


def test_workers_at_the_same_time_send_one_mail() -> None:
    """Of several workers one sends, the others wait for its mark."""
    stage, mailer = _finished()
    answers: list[EmailResult] = []
    threads = [
        threading.Thread(target=lambda: answers.append(send_once(stage.services, ASKED)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(mailer.sent) == 1
    assert {answer.state for answer in answers} <= {"sent", "waiting"}


def test_a_busy_service_is_tried_again_later() -> None:
    """Throttling gives the claim back and says how long to wait."""
    stage, mailer = _finished(MailBusy("busy", 37.0))
    waiting = stage.send()
    assert (waiting.state, waiting.retry_after) == ("waiting", 37.0)
    assert stage.send() == EmailResult("sent")
    assert len(mailer.sent) == 1


def test_a_refusal_is_final() -> None:
    """A mail that will never be taken is not tried again."""
    stage, mailer = _finished(MailRejected("bad address"), MailRejected("bad address"))
    assert stage.send() == EmailResult("failed", problem="bad address")
    assert stage.send() == EmailResult("failed", problem="bad address")
    assert mailer.sent == []


class _Killed(BaseException):
    """The worker is gone."""


class _DiesSending:
    def __init__(self) -> None:
        self.sent: list[Mail] = []

    def send(self, mail: Mail) -> str:
        """Send, and die before anybody knows."""
        self.sent.append(mail)
        if len(self.sent) == 1:
            raise _Killed
        return "id"


def test_a_killed_worker_costs_one_duplicate_at_most() -> None:
    """Killed between sending and marking: after a while another takes over, once, as one mail."""
    mailer = _DiesSending()
    stage = Stage(mailer)
    stage.finish()
    with pytest.raises(_Killed):
        stage.send()
    early = stage.send()
    assert early.state == "waiting"
    assert early.retry_after == CLAIM_LASTS.total_seconds()
    stage.now += CLAIM_LASTS
    assert stage.send() == EmailResult("sent")
    stage.now += timedelta(days=1)
    assert stage.send() == EmailResult("sent")
    assert len(mailer.sent) == 2
    assert mailer.sent[0].key == mailer.sent[1].key
    assert decode(MailMark, stage.blobs.read(NAME)).tries == 2


def test_a_workbook_over_the_limit_is_linked() -> None:
    """What does not fit, counted in base64, is left out and the link is given."""
    stage, mailer = _finished(EMAIL_SIZE_LIMIT_MB="0.001", PUBLIC_URL="https://reader.example")
    stage.send()
    (mail,) = mailer.sent
    assert mail.attachments == ()
    assert f"https://reader.example/jobs/{JOB.id}" in mail.text


def test_a_refused_workbook_does_not_cost_the_mail() -> None:
    """Where the service refuses the mail with its workbook, the user gets the link."""
    stage, mailer = _finished(MailRejected("too large"), PUBLIC_URL="https://reader.example")
    assert stage.send() == EmailResult("sent")
    (mail,) = mailer.sent
    assert mail.attachments == ()
    assert "https://reader.example/jobs/" in mail.text


def test_an_old_run_sends_nothing() -> None:
    """A run that a later one has replaced leaves the word to that one."""
    stage, mailer = _finished()
    stage.blobs.write(blob_names.current_run(JOB.id), b"2")
    assert stage.send().state == "failed"
    assert mailer.sent == []


def test_without_a_mail_service_it_fails_clearly() -> None:
    """No service is a result that names the settings, never an exception."""
    stage = Stage(AzureEmail("", "", ""))
    stage.finish()
    result = stage.send()
    assert result.state == "failed"
    assert "EMAIL_ENDPOINT" in result.problem


def test_without_a_report_the_user_still_learns_how_it_ended() -> None:
    """Where no report could be written, the mail says so and carries nothing."""
    mailer = FakeMailer()
    stage = Stage(mailer)
    assert stage.send() == EmailResult("sent")
    assert "could not be written" in mailer.sent[0].text
    assert mailer.sent[0].attachments == ()


def test_a_deleted_job_gets_no_mail() -> None:
    """Who erased a job is not written to about it."""
    stage, mailer = _finished()
    stage.blobs.delete(blob_names.request(JOB.id))
    assert stage.send().state == "failed"
    assert mailer.sent == []
