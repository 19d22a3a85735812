"""Keeps mails as `.eml` files in a directory and reads them again, oldest first."""

from __future__ import annotations

import email
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class Attached:
    """A file in a mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class KeptMail:
    """A mail in the box; `number` counts from 1 in the order of arrival."""

    number: int
    file: Path
    mail: EmailMessage

    def header(self, name: str) -> str:
        """A header's text, "" if it has none."""
        return str(self.mail.get(name, ""))

    def body(self, kind: str) -> str | None:
        """The `plain` or the `html` text."""
        part = self.mail.get_body((kind,))
        return None if part is None else str(part.get_content())

    @property
    def attachments(self) -> list[Attached]:
        """The files it carries."""
        return [
            Attached(
                part.get_filename() or "unnamed",
                part.get_content_type(),
                bytes(part.get_payload(decode=True)),
            )
            for part in self.mail.iter_attachments()
        ]

    def to_json(self) -> dict[str, Any]:
        """As `GET /api/mails` lists it."""
        return {
            "n": self.number,
            "file": self.file.name,
            "operation_id": self.header("X-Operation-Id"),
            "date": self.header("Date"),
            "from": self.header("From"),
            "to": self.header("To"),
            "subject": self.header("Subject"),
            "attachments": [
                {"name": file.name, "contentType": file.content_type, "size": len(file.content)}
                for file in self.attachments
            ],
        }


@dataclass(frozen=True)
class MailBox:
    """A directory of mails."""

    folder: Path

    def keep(self, mail: EmailMessage, operation: str, now: datetime) -> None:
        """Store a mail whole or not at all; names sort by time."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{now:%Y%m%dT%H%M%S.%fZ}-{operation[:8]}"
        unfinished = self.folder / f".{name}"
        unfinished.write_bytes(bytes(mail))
        unfinished.rename(self.folder / f"{name}.eml")

    def files(self) -> list[Path]:
        """The stored mails, oldest first."""
        return sorted(self.folder.glob("[!.]*.eml"))

    def read(self, number: int) -> KeptMail:
        """The mail with this number; IndexError if there is none."""
        files = self.files()
        if not 1 <= number <= len(files):
            raise IndexError(number)
        return _read(number, files[number - 1])

    def read_all(self) -> list[KeptMail]:
        """All mails, oldest first."""
        return [_read(number, file) for number, file in enumerate(self.files(), start=1)]


def _read(number: int, file: Path) -> KeptMail:
    return KeptMail(number, file, email.message_from_bytes(file.read_bytes(), policy=default))
