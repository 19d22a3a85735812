"""A `multipart/form-data` body, as a browser writes it."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """One field of a form; a file where it has a file name."""

    field: str
    content: bytes
    file_name: str = ""
    content_type: str = "application/octet-stream"


def encode_form(parts: Iterable[Part]) -> tuple[bytes, str]:
    """Return the body and its content type."""
    boundary = secrets.token_hex(16)
    pieces: list[bytes] = []
    for part in parts:
        pieces += [f"--{boundary}\r\n".encode(), _header(part), part.content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"


def _header(part: Part) -> bytes:
    header = f'Content-Disposition: form-data; name="{part.field}"'
    if part.file_name:
        header += f'; filename="{_quote(part.file_name)}"\r\nContent-Type: {part.content_type}'
    return f"{header}\r\n\r\n".encode()


def _quote(name: str) -> str:
    """Escape what would end the name, as the HTML standard says."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
