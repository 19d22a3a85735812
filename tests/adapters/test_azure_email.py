"""Mail goes through the genuine SDK to a server that speaks the service's protocol."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import pytest

from shared.adapters.azure_email import NO_SERVICE, AzureEmail
from shared.domain.errors import MailBusy, MailRejected
from shared.domain.mail import Attachment, Mail
from tests.conftest import Server

SENDER = "reader@example.org"


def _control(server: Server, **settings: object) -> dict[str, Any]:
    request = Request(
        f"{server.url}/_control",
        json.dumps(settings).encode(),
        {"Content-Type": "application/json"},
    )
    with urlopen(request, timeout=10) as answer:
        state: dict[str, Any] = json.load(answer)
    return state


@pytest.fixture
def server(mail_server: Server) -> Iterator[Server]:
    """The mail server with its usual behaviour, before and after."""
    _control(mail_server, reset=True)
    yield mail_server
    _control(mail_server, reset=True)


def _email(server: Server, **options: Any) -> AzureEmail:
    return AzureEmail(server.url, server.key, SENDER, **options)


def _mail(**changes: Any) -> Mail:
    values = {
        "to": "analyst@example.org",
        "subject": f"Résultats {uuid.uuid4()}",
        "text": "Two documents.",
        "html": "<p>Two documents.</p>",
        "key": str(uuid.uuid4()),
    }
    return Mail(**{**values, **changes})


def _kept(server: Server, mail: Mail) -> list[dict[str, Any]]:
    with urlopen(f"{server.url}/api/mails", timeout=10) as answer:
        mails: list[dict[str, Any]] = json.load(answer)
    return [kept for kept in mails if kept["subject"] == mail.subject]


def test_a_mail_arrives_with_its_attachment(server: Server) -> None:
    """The service keeps recipient, subject and the attachment byte for byte."""
    content = bytes(range(256)) * 50
    mail = _mail(attachments=(Attachment("results.xlsx", "application/zip", content),))
    _email(server).send(mail)
    (kept,) = _kept(server, mail)
    assert mail.to in json.dumps(kept["to"])
    with urlopen(f"{server.url}/mails/{kept['n']}/attachments/1", timeout=10) as answer:
        assert answer.read() == content


def test_an_accepted_mail_is_watched_until_it_is_sent(server: Server) -> None:
    """A running operation is polled at the pace the service asks for."""
    pauses: list[float] = []
    _control(server, poll_states=2)
    _email(server, sleep=pauses.append).send(_mail())
    assert pauses == [1.0, 1.0]
    assert _control(server)["counts"]["polls"] == 3


def test_an_operation_that_takes_long_counts_as_accepted(server: Server) -> None:
    """Watching ends after a while without an error: the mail is with the service."""
    _control(server, poll_states=1000, retry_after=30)
    pauses: list[float] = []
    mail = _mail()
    assert _email(server, watch_seconds=5, sleep=pauses.append).send(mail)
    assert pauses == []
    assert len(_kept(server, mail)) == 1


def test_throttling_is_passed_on_at_once(server: Server) -> None:
    """A 429 is one call and says how long to wait; the SDK does not sleep over it."""
    _control(server, faults={"429": 1.0}, retry_after=37)
    with pytest.raises(MailBusy) as busy:
        _email(server).send(_mail())
    assert busy.value.retry_after == 37
    assert _control(server)["counts"] == {"429": 1}


def test_a_broken_service_is_asked_once_and_later_again(server: Server) -> None:
    """A server error is nobody's last word, and no retry is made behind our back."""
    _control(server, faults={"500": 1.0})
    with pytest.raises(MailBusy):
        _email(server).send(_mail())
    assert _control(server)["counts"] == {"500": 1}


def test_an_unknown_end_is_sent_again_under_the_same_operation(server: Server) -> None:
    """Where the line breaks after the mail was kept, the next try names the same operation."""
    mail = _mail()
    _control(server, faults={"disconnect": 1.0})
    with pytest.raises(MailBusy):
        _email(server).send(mail)
    _control(server, faults={})
    _email(server).send(mail)
    assert len(_kept(server, mail)) == 1


def test_nobody_there_is_busy() -> None:
    """A service that cannot be reached may be there later."""
    with pytest.raises(MailBusy, match="cannot be reached"):
        AzureEmail("http://127.0.0.1:9", "a2V5", SENDER).send(_mail())


def test_a_wrong_key_names_the_setting(server: Server) -> None:
    """A refused signature will not get better, and the operator learns what to set."""
    with pytest.raises(MailRejected, match="EMAIL_ACCESS_KEY"):
        AzureEmail(server.url, "d3Jvbmc=", SENDER).send(_mail())


def test_a_bad_recipient_is_rejected(server: Server) -> None:
    """An address the service does not take is said so."""
    with pytest.raises(MailRejected, match="recipient"):
        _email(server).send(_mail(to="nobody"))


def test_a_key_that_is_none_is_rejected(server: Server) -> None:
    """A key that is not base64 cannot sign anything."""
    with pytest.raises(MailRejected, match="EMAIL_ACCESS_KEY"):
        AzureEmail(server.url, "x", SENDER).send(_mail())


@pytest.mark.parametrize("missing", range(3))
def test_without_a_service_nothing_is_tried(missing: int) -> None:
    """Any missing setting is a clear refusal before any call."""
    given = ["http://127.0.0.1:9", "a2V5", SENDER]
    given[missing] = ""
    with pytest.raises(MailRejected) as refused:
        AzureEmail(*given).send(_mail())
    assert str(refused.value) == NO_SERVICE
