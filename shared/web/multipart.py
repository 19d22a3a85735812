"""A `multipart/form-data` body → its parts, as views on the body: nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.http import parse_options_header

from shared.domain.errors import FieldError, RequestProblem

MAX_PARTS = 2_100
MAX_HEADER_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a form; `file_name` is None where it is not a file."""

    name: str
    file_name: str | None
    content: memoryview

    def text(self) -> str:
        """The content as UTF-8; what is not UTF-8 is shown as a replacement mark."""
        return bytes(self.content).decode("utf-8", "replace")


def is_multipart(content_type: str) -> bool:
    """Whether a body of this type is meant for `parse`."""
    return parse_options_header(content_type)[0].lower() == "multipart/form-data"


def parse(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts of a body, in order.

    Raises:
        RequestProblem: 400, saying what is not understood.
    """
    boundary = parse_options_header(content_type)[1].get("boundary", "")
    if not boundary or len(boundary) > 200:
        raise _not_understood("its Content-Type names no boundary")
    delimiter = b"--" + boundary.encode("utf-8", "replace")
    parts: list[Part] = []
    position = _first(body, delimiter)
    while not body.startswith(b"--", position):
        if len(parts) == MAX_PARTS:
            raise _not_understood(f"it has more than {MAX_PARTS} parts")
        content_start, headers = _headers(body, position)
        end = body.find(b"\r\n" + delimiter, content_start - 2)
        if end < 0:
            raise _not_understood("it ends in the middle of a part")
        content = memoryview(body)[content_start : max(end, content_start)]
        parts.append(_part(headers, content))
        position = end + 2 + len(delimiter)
    return tuple(parts)


def _first(body: bytes, delimiter: bytes) -> int:
    """Where the first delimiter ends."""
    if body.startswith(delimiter):
        return len(delimiter)
    start = body.find(b"\r\n" + delimiter)
    if start < 0:
        raise _not_understood("the boundary its Content-Type names is not in it")
    return start + 2 + len(delimiter)


def _headers(body: bytes, position: int) -> tuple[int, dict[str, str]]:
    """Where a part's content begins, and its headers, names in lower case."""
    start = body.find(b"\r\n", position, position + 200)
    if start < 0 or body[position:start].strip():
        raise _not_understood("a boundary is not followed by a new line")
    end = body.find(b"\r\n\r\n", start, start + MAX_HEADER_BYTES)
    if end < 0:
        raise _not_understood("a part has no end of headers")
    headers = {}
    for line in body[start:end].decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return end + 4, headers


def _part(headers: dict[str, str], content: memoryview) -> Part:
    kind, options = parse_options_header(headers.get("content-disposition", ""))
    if kind.lower() != "form-data" or "name" not in options:
        raise _not_understood("a part does not say which field it is")
    return Part(options["name"], options.get("filename"), content)


def _not_understood(fact: str) -> RequestProblem:
    return RequestProblem(
        400,
        "The request is not understood.",
        (FieldError("body", f"This is no multipart/form-data body: {fact}. Send it as a form."),),
    )
