"""A ZIP → the PDFs in it, trusting nothing that its directory says."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from shared.web.file_names import is_hidden, leaves_its_folder, shown_name
from shared.web.problems import Faults

MAX_ENTRIES = 10_000
MAX_UNPACKED_BYTES = 400 * 1024 * 1024
"""All PDFs of one request together; a request itself has at most 100 MB."""

_ENCRYPTED = 0x1
_UTF8 = 0x800


@dataclass
class Allowance:
    """Bytes that the archives of one request may still unpack to."""

    left: int = MAX_UNPACKED_BYTES


@dataclass(frozen=True, slots=True)
class Member:
    """A PDF in an archive."""

    name: str
    content: bytes


def unpack(name: str, archive: memoryview, allowance: Allowance, faults: Faults) -> list[Member]:
    """The PDFs in an archive, in order; what is wrong with it is added to `faults`."""
    try:
        # The buffer is wrapped, not copied twice: BytesIO shares the bytes it is given.
        with zipfile.ZipFile(io.BytesIO(bytes(archive))) as opened:
            return _members(name, opened, allowance, faults)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, ValueError):
        faults.add("files", f"“{name}” is a damaged ZIP; make it again.")
    except (NotImplementedError, UnicodeError):
        faults.add("files", f"“{name}” is packed in a way only its program knows; save it as ZIP.")
    return []


def _members(
    name: str, opened: zipfile.ZipFile, allowance: Allowance, faults: Faults
) -> list[Member]:
    entries = opened.infolist()
    if len(entries) > MAX_ENTRIES:
        faults.add("files", f"“{name}” has {len(entries)} entries; {MAX_ENTRIES} are possible.")
        return []
    wanted = list(_wanted(name, entries, faults))
    if len(wanted) > 0 and sum(entry.file_size for _, entry in wanted) > allowance.left:
        faults.add("files", _too_large(name), 413)
        return []
    members = []
    for path, entry in wanted:
        with opened.open(entry) as stream:
            content = stream.read(allowance.left + 1)
        allowance.left -= len(content)
        if allowance.left < 0:
            faults.add("files", _too_large(name), 413)
            return []
        members.append(Member(path, content))
    return members


def _wanted(
    name: str, entries: list[zipfile.ZipInfo], faults: Faults
) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """The entries that are PDFs by name; of a name given twice nobody knows which counts."""
    seen: set[str] = set()
    found = 0
    for entry in entries:
        path = _path(entry)
        if entry.is_dir() or is_hidden(path):
            continue
        lower = path.lower()
        if not lower.endswith((".pdf", ".zip")):
            continue
        found += 1
        if fault := _fault(path, entry, seen):
            faults.add("files", f"“{name}”: {fault}")
            continue
        seen.add(lower)
        yield shown_name(path), entry
    if not found:
        faults.add("files", f"“{name}” holds no PDF; add the PDFs to it, or send them one by one.")


def _fault(path: str, entry: zipfile.ZipInfo, seen: set[str]) -> str:
    if leaves_its_folder(path):
        return f"“{path}” points outside the archive; make the ZIP again without such paths."
    if path.lower().endswith(".zip"):
        return f"“{path}” is a ZIP in a ZIP; unpack it and send its PDFs."
    if entry.flag_bits & _ENCRYPTED:
        return f"“{path}” is locked with a password; make the ZIP again without one."
    if path.lower() in seen:
        return f"“{path}” is in it twice; keep one."
    return ""


def _path(entry: zipfile.ZipInfo) -> str:
    """An entry's path; archives older than UTF-8 names often hold UTF-8 all the same."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _too_large(name: str) -> str:
    limit = MAX_UNPACKED_BYTES // (1024 * 1024)
    return f"“{name}” unpacks to more than {limit} MB; split it over several jobs."
