"""Names for sheets as Excel allows them: short, unique, and still telling documents apart."""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.domain.report import pieces

NAME_LIMIT = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_RESERVED = {"history"}


def sheet_names(wanted: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """A name for each of `wanted`, in order, unique without regard to case.

    Long names keep their beginning and their end: the ends of file names tell them apart.
    """
    used = {name.casefold() for name in taken} | _RESERVED
    names: list[str] = []
    for wish in wanted:
        name = _unused(_allowed(wish), used)
        used.add(name.casefold())
        names.append(name)
    return names


def _allowed(wish: str) -> str:
    name = _FORBIDDEN.sub("_", wish).strip().strip("'").strip()
    return _shortened(name, NAME_LIMIT) or "Sheet"


def _unused(name: str, used: set[str]) -> str:
    candidate, number = name, 1
    while candidate.casefold() in used:
        number += 1
        suffix = f" ({number})"
        candidate = _shortened(name, NAME_LIMIT - len(suffix)) + suffix
    return candidate


def _shortened(name: str, limit: int) -> str:
    if len(pieces(name, limit)) == 1:
        return name
    tail = _end(name, limit // 3)
    head = pieces(name, limit - 1 - limit // 3)[0][1]
    return f"{head}…{tail}".strip("'")


def _end(name: str, limit: int) -> str:
    """The longest end of a name within the limit."""
    for start in range(max(len(name) - limit, 0), len(name)):
        if len(pieces(name[start:], limit)) == 1:
            return name[start:]
    return ""
