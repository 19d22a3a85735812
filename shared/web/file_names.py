"""The uploader's file names, made fit to be shown; nothing is ever stored under them."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

MAX_LENGTH = 300


def shown_name(name: str) -> str:
    """A name as it is shown: forward slashes, no drive, no control or direction marks."""
    path = "".join(_shown(char) for char in unicodedata.normalize("NFC", name))
    parts = [part.strip() for part in path.replace("\\", "/").split("/")]
    kept = [part for part in parts if part not in {"", ".", ".."} and not _is_drive(part)]
    return "/".join(kept)


def leaves_its_folder(name: str) -> bool:
    """Whether a path in an archive points outside of it."""
    path = name.replace("\\", "/")
    first, *_ = path.split("/")
    return path.startswith("/") or ".." in path.split("/") or _is_drive(first)


def is_hidden(name: str) -> bool:
    """Whether a path in an archive was put there by a system, not by a person.

    The dots that stand for a folder hide nothing: some programs write `./plan.pdf`.
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {".", ".."}]
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts)


def attachment(name: str) -> str:
    """A Content-Disposition that saves under `name`, safe in every client (RFC 5987)."""
    safe = shown_name(name).replace("/", " - ") or "file"
    plain = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = "".join(char if char not in '"\\%;' else "_" for char in plain).strip() or "file"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(safe, safe='')}"


def _shown(char: str) -> str:
    category = unicodedata.category(char)
    if category in {"Zl", "Zp"}:
        return " "
    return "" if category in {"Cc", "Cf", "Cs"} and char != "\u200d" else char


def _is_drive(part: str) -> bool:
    return len(part) == 2 and part[0].isalpha() and part[1] == ":"
