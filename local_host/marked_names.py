"""Under which names the marked PDFs of a job lie in its folder: distinct, and easy to trace."""

from collections.abc import Iterable
from itertools import count
from pathlib import PurePosixPath

LONGEST = 200
"""Bytes of a name; file systems take 255, and a number may follow."""


def name_marked(documents: Iterable[str]) -> list[PurePosixPath]:
    """Return a path for each document, in order: its own, with the folders it had in a ZIP.

    Names come from anybody: no path leads out, and none is another's, not even where case is
    not told apart or where one document is called like another's folder.
    """
    taken: set[PurePosixPath] = set()
    return [_take_free(_clean(name), taken) for name in documents]


def _take_free(path: PurePosixPath, taken: set[PurePosixPath]) -> PurePosixPath:
    for number in count(1):
        free = path if number == 1 else path.with_name(f"{path.stem} ({number}){path.suffix}")
        folded = PurePosixPath(str(free).casefold())
        if folded not in taken:
            taken.add(folded)
            return free
    raise AssertionError("numbers do not end")


def _clean(document: str) -> PurePosixPath:
    parts = [part.strip().lstrip(".") for part in document.replace("\\", "/").split("/")]
    *folders, name = [part for part in parts if part] or ["document"]
    stem = name[: -len(".pdf")] if name.lower().endswith(".pdf") else name
    # A folder that is called like a PDF would be in the way of that PDF.
    safe = [_shorten(f"{part}_" if part.lower().endswith(".pdf") else part) for part in folders]
    return PurePosixPath(*safe, f"{_shorten(stem) or 'document'}.pdf")


def _shorten(part: str) -> str:
    return part.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").rstrip(". ")
