"""What a job leaves in the user's folder."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

from local_host.client import Client, Job, RefusedError
from local_host.marked_names import name_marked


@dataclass(frozen=True)
class Delivery:
    """The results of a job, as they lie in a folder."""

    folder: Path
    results: Mapping[str, Any]
    mails: int
    missing: tuple[str, ...]  # what the app refused to give, and why
    earlier_workbook: str = ""  # as what the workbook of an earlier job is kept

    @property
    def documents(self) -> list[Mapping[str, Any]]:
        """The documents, each with its state."""
        return list(self.results["documents"])

    @property
    def every_document_read(self) -> bool:
        """Whether there was a document, and all were read whole."""
        states = [document["state"] for document in self.documents]
        return bool(states) and all(state == "read" for state in states)


def prepare(folder: Path) -> str:
    """Make the folder, before hours of reading; return why it cannot be written to, if so."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return ""
    except OSError as error:
        return f"{folder} cannot be written to ({error.strerror}): name another folder with --out."


def deliver(client: Client, job: Job, mails: Path | None, folder: Path) -> Delivery:
    """Fetch everything into the folder; of an earlier job only its workbook stays there.

    Somebody may have written decisions into that one; everything else can be made again.
    """
    results = json.loads(client.fetch_results(job, "results.json"))
    earlier = keep_workbook(folder)
    _clear(folder)
    missing: list[str] = []
    _write(folder / "results.json", json.dumps(results, ensure_ascii=False, indent=1).encode())
    try:
        _write(folder / "results.xlsx", client.fetch_results(job, "results.xlsx"))
    except RefusedError as error:
        missing.append(f"results.xlsx: {error}")
    for document, name in _marked(results):
        try:
            _write(folder / name, client.fetch_highlighted(job, document))
        except RefusedError as error:
            missing.append(f"{name}: {error}")
    copied = _copy_mails(mails, folder / "mails")
    return Delivery(folder, results, copied, tuple(missing), earlier)


def keep_workbook(folder: Path) -> str:
    """Put the workbook of an earlier job under its date; return the name, empty without one."""
    old = folder / "results.xlsx"
    if not old.exists():
        return ""
    changed = datetime.fromtimestamp(old.stat().st_mtime)  # noqa: DTZ006 - the user's own time
    for number in count(1):
        again = "" if number == 1 else f" ({number})"
        kept = folder / f"results {changed:%Y-%m-%d %H.%M}{again}.xlsx"
        if not kept.exists():
            old.rename(kept)
            return kept.name
    raise AssertionError("numbers do not end")


def _marked(results: Mapping[str, Any]) -> list[tuple[str, PurePosixPath]]:
    """Return the id of each document in which there is something to mark, and its file."""
    known = [each for each in results["documents"] if each["state"] in ("read", "partly_read")]
    names = name_marked(each["name"] for each in known)
    return [
        (document["id"], PurePosixPath("highlighted") / name)
        for document, name in zip(known, names, strict=True)
    ]


def _clear(folder: Path) -> None:
    """Remove what an earlier delivery wrote, and nothing else; its results name the PDFs."""
    try:
        written = _marked(json.loads((folder / "results.json").read_bytes()))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        written = []
    for _, name in written:
        (folder / name).unlink(missing_ok=True)
    for emptied in sorted(folder.glob("highlighted/**/"), reverse=True):
        if not any(emptied.iterdir()):
            emptied.rmdir()
    for path in (folder / "results.json", *folder.glob("mails/*.eml")):
        path.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _copy_mails(mails: Path | None, folder: Path) -> int:
    found: Iterable[Path] = sorted(mails.glob("*.eml")) if mails else ()
    copied = 0
    for copied, mail in enumerate(found, start=1):  # noqa: B007 - counted
        folder.mkdir(exist_ok=True)
        shutil.copyfile(mail, folder / mail.name)
    return copied
