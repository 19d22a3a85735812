"""What a job leaves in the user's folder, and the summary that says so."""

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from local_host.client import Client, Job, RefusedError


@dataclass(frozen=True)
class Delivery:
    """The results of a job, as they lie in a folder."""

    folder: Path
    results: Mapping[str, Any]
    mails: int
    missing: tuple[str, ...]  # what the app refused to give, and why

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
    """Fetch everything into the folder; what an earlier job left there goes."""
    _clear(folder)
    missing: list[str] = []
    results = json.loads(client.fetch_results(job, "results.json"))
    _write(folder / "results.json", json.dumps(results, ensure_ascii=False, indent=1).encode())
    try:
        _write(folder / "results.xlsx", client.fetch_results(job, "results.xlsx"))
    except RefusedError as error:
        missing.append(f"results.xlsx: {error}")
    for document in results["documents"]:
        if document["state"] not in ("read", "partly_read"):
            continue  # there is nothing to mark
        name = _file_name(document["name"])
        try:
            marked = client.fetch_highlighted(job, document["id"])
            _write(folder / "highlighted" / name, marked)
        except RefusedError as error:
            missing.append(f"highlighted/{name}: {error}")
    return Delivery(folder, results, _copy_mails(mails, folder / "mails"), tuple(missing))


def describe(delivery: Delivery) -> list[str]:
    """Return the summary, a line each."""
    documents, job = delivery.documents, delivery.results["job"]
    read = sum(document["state"] == "read" for document in documents)
    quotes = sum(len(finding["quotes"]) for finding in delivery.results["findings"])
    lines = [f"{_count(read, 'document')} of {len(documents)} read, {_count(quotes, 'quote')}."]
    lines += [_describe_failure(item) for item in documents if item["state"] != "read"]
    lines += [f"  not delivered: {what}" for what in delivery.missing]
    lines.append(f"Results in {delivery.folder}: {', '.join(_list_results(delivery))}")
    if job["model_is_stand_in"]:
        lines.append(
            "The model was a stand-in that ranks by keywords, no language model: "
            "the quotes are verbatim, their choice is rough. Set OPENAI_API_KEY for a real one."
        )
    return lines


def _describe_failure(document: Mapping[str, Any]) -> str:
    reason = document.get("error")
    if isinstance(reason, Mapping):
        reason = reason.get("message")
    return f"  {document['name']}: {document['state'].replace('_', ' ')}" + (
        f": {reason}" if reason else ""
    )


def _list_results(delivery: Delivery) -> list[str]:
    names = [name for name in ("results.xlsx", "results.json") if (delivery.folder / name).exists()]
    if (delivery.folder / "highlighted").is_dir():
        names.append("highlighted/")
    if delivery.mails:
        names.append(f"mails/ ({delivery.mails})")
    return names


def _clear(folder: Path) -> None:
    """Remove what a delivery writes, and nothing else."""
    for pattern in ("results.xlsx", "results.json", "highlighted/*.pdf", "mails/*.eml"):
        for path in folder.glob(pattern):
            path.unlink()
    folder.mkdir(parents=True, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _file_name(document: str) -> str:
    """Return a document's own name without folders: it came from a ZIP, or from anybody."""
    name = PurePosixPath(document.replace("\\", "/")).name.lstrip(".") or "document"
    return name if name.lower().endswith(".pdf") else f"{name}.pdf"


def _copy_mails(mails: Path | None, folder: Path) -> int:
    found: Iterable[Path] = sorted(mails.glob("*.eml")) if mails else ()
    count = 0
    for count, mail in enumerate(found, start=1):  # noqa: B007 - counted
        folder.mkdir(exist_ok=True)
        shutil.copyfile(mail, folder / mail.name)
    return count


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
