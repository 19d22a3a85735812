"""The `files` of a form → the PDFs of a job. PDFs are recognised here, never opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from shared.web.archives import Allowance, unpack
from shared.web.file_names import MAX_LENGTH, shown_name
from shared.web.multipart import Part
from shared.web.problems import Faults

MAX_DOCUMENTS = 1_000
MAGIC, MAGIC_WITHIN = b"%PDF-", 1_024
ZIP_MAGIC = b"PK\x03\x04", b"PK\x05\x06"


@dataclass(frozen=True, slots=True)
class Upload:
    """One PDF as it came: its name (with its path where it has one), bytes and SHA-256."""

    name: str
    content: bytes | memoryview
    sha256: str


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    content: bytes | memoryview
    archive: str = ""


def uploads(files: Iterable[Part], faults: Faults) -> list[Upload]:
    """Every PDF sent, alone or in a ZIP, in order; what is wrong is added to `faults`.

    The same bytes under the same name count once. Different bytes under one name keep apart: by
    the name of their archive, else by a number.
    """
    found: list[_Found] = []
    allowance = Allowance()
    sent_any = False
    for part in files:
        sent_any = True
        found += _documents(part, allowance, faults)
    checked = [_upload(each) for each in found if _is_sound(each, faults)]
    kept = _told_apart(checked)
    if len(kept) > MAX_DOCUMENTS:
        message = f"{len(kept)} PDFs were sent; a job takes {MAX_DOCUMENTS}. Split it."
        faults.add("files", message)
    if not sent_any:
        faults.add("files", "No PDF was sent; choose at least one PDF, or a ZIP of PDFs.")
    return kept


def _documents(part: Part, allowance: Allowance, faults: Faults) -> list[_Found]:
    name = shown_name(part.file_name or "") or "unnamed file"
    head = bytes(part.content[:4])
    if name.lower().endswith(".zip") and len(part.content):
        if head not in ZIP_MAGIC:
            faults.add("files", f"“{name}” is not a ZIP; send PDFs or a ZIP of PDFs.", 415)
            return []
        members = unpack(name, part.content, allowance, faults)
        return [_Found(member.name, member.content, name) for member in members]
    if head == ZIP_MAGIC[0]:
        message = f"“{name}” is an archive or an Office file, not a PDF; save it as PDF."
        faults.add("files", message, 415)
        return []
    return [_Found(name, part.content)]


def _is_sound(found: _Found, faults: Faults) -> bool:
    name = f"{found.archive}/{found.name}" if found.archive else found.name
    if len(found.name) > MAX_LENGTH:
        faults.add(
            "files", f"“{name[:80]}…” has too long a name; {MAX_LENGTH} letters are possible."
        )
    elif not len(found.content):
        faults.add("files", f"“{name}” is empty; send it again from its source.")
    elif MAGIC not in bytes(found.content[:MAGIC_WITHIN]):
        message = f"“{name}” is neither a PDF nor a ZIP, whatever its name says; save it as PDF."
        faults.add("files", message, 415)
    else:
        return True
    return False


def _upload(found: _Found) -> tuple[Upload, str]:
    digest = hashlib.sha256(found.content).hexdigest()
    return Upload(found.name, found.content, digest), found.archive


def _told_apart(checked: list[tuple[Upload, str]]) -> list[Upload]:
    kept: dict[str, Upload] = {}
    sent: set[tuple[str, str]] = set()
    for upload, archive in checked:
        if (upload.name, upload.sha256) in sent:
            continue
        sent.add((upload.name, upload.sha256))
        name = _free_name(upload.name, archive, kept)
        kept[name] = Upload(name, upload.content, upload.sha256)
    return list(kept.values())


def _free_name(name: str, archive: str, taken: dict[str, Upload]) -> str:
    if name in taken and archive:
        name = f"{PurePosixPath(archive).stem}/{name}"
    path, count, free = PurePosixPath(name), 1, name
    while free in taken:
        count += 1
        free = str(path.with_name(f"{path.stem} ({count}){path.suffix}"))
    return free
