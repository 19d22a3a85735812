"""A send request of Azure Communication Services: checked, and made a mail as it travels."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

MOST_RECIPIENTS = 50

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_HEADER_NAME = re.compile(r"[!-9;-~]+")


def find_message_faults(message: Any) -> Iterator[tuple[str, str]]:
    """What the service would refuse, as (field, reason)."""
    if not isinstance(message, dict):
        yield "message", "must be a JSON object"
        return
    if not _is_address(message.get("senderAddress")):
        yield "senderAddress", "is not an email address"
    yield from _find_recipient_faults(message.get("recipients"))
    yield from _find_content_faults(message.get("content"))
    for number, file in enumerate(_list(message, "attachments")):
        yield from _find_attachment_faults(file, f"attachments[{number}]")
    headers = message.get("headers") or {}
    if not isinstance(headers, dict):
        yield "headers", "must be an object"
        return
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or "\n" in str(value) or "\r" in str(value):
            yield f"headers.{name}", "is not a header"


def _find_recipient_faults(recipients: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(recipients, dict):
        yield "recipients", "is required"
        return
    everyone = [(kind, one) for kind in ("to", "cc", "bcc") for one in _list(recipients, kind)]
    if not everyone:
        yield "recipients", "at least one recipient is required"
    if len(everyone) > MOST_RECIPIENTS:
        yield "recipients", f"more than {MOST_RECIPIENTS} recipients"
    for kind, one in everyone:
        if not isinstance(one, dict) or not _is_address(one.get("address")):
            yield f"recipients.{kind}", "holds what is not an email address"


def _find_content_faults(content: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(content, dict):
        yield "content", "is required"
        return
    subject = content.get("subject")
    if not isinstance(subject, str) or not subject or "\n" in subject or "\r" in subject:
        yield "content.subject", "must be one line of text"
    bodies = [content.get("plainText"), content.get("html")]
    if not any(isinstance(body, str) and body for body in bodies):
        yield "content", "plainText or html is required"


def _find_attachment_faults(file: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(file, dict):
        yield where, "must be an object"
        return
    name = file.get("name")
    if not isinstance(name, str) or not name or set(name) & set("/\\\r\n"):
        yield f"{where}.name", "must be a file name"
    if not isinstance(file.get("contentType"), str) or not _TYPE.fullmatch(file["contentType"]):
        yield f"{where}.contentType", "must be a media type"
    try:
        base64.b64decode(file.get("contentInBase64") or "!", validate=True)
    except (binascii.Error, TypeError, ValueError):
        yield f"{where}.contentInBase64", "must be base64"


def make_mail(message: Mapping[str, Any], operation: str, now: datetime) -> EmailMessage:
    """A checked request as an RFC 5322 mail: text and HTML as alternatives, files attached."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = message["senderAddress"]
    for header in ("To", "Cc", "Bcc"):
        people = [_as_address(one) for one in _list(message["recipients"], header.lower())]
        if people:
            mail[header] = people
    if message.get("replyTo"):
        mail["Reply-To"] = [_as_address(one) for one in message["replyTo"]]
    mail["Subject"] = message["content"]["subject"]
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{operation}@mail.stand-in.invalid>"
    mail["X-Operation-Id"] = operation
    for name, value in (message.get("headers") or {}).items():
        if name not in mail:
            mail[name] = str(value)
    _fill(mail, message["content"])
    for file in _list(message, "attachments"):
        kind, _, subtype = file["contentType"].partition("/")
        content = base64.b64decode(file["contentInBase64"])
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=file["name"])
    return mail


def _fill(mail: EmailMessage, content: Mapping[str, Any]) -> None:
    text, html = content.get("plainText"), content.get("html")
    if text:
        mail.set_content(text)
    if html and text:
        mail.add_alternative(html, subtype="html")
    elif html:
        mail.set_content(html, subtype="html")


def _as_address(person: Mapping[str, str]) -> Address:
    return Address(person.get("displayName") or "", addr_spec=person["address"])


def _is_address(value: Any) -> bool:
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        return False
    try:
        Address(addr_spec=value)
    except (ValueError, HeaderParseError):
        return False
    return True


def _list(message: Mapping[str, Any], name: str) -> list[Any]:
    value = message.get(name)
    return value if isinstance(value, list) else []
