"""A table of variables, CSV or XLSX → rows, whatever spreadsheet program wrote it."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from shared.web.multipart import Part
from shared.web.problems import Faults

FIELD = "variables_file"
MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED_BYTES = 60 * 1024 * 1024
MAX_ROWS = 5_000
COLUMNS = ("variable_name", "variable_description", "context", "variable_group")
NEEDED = COLUMNS[:2]

Row = Sequence[object]


@dataclass(frozen=True, slots=True)
class TableRow:
    """One variable as written; `number` is the row in the spreadsheet, the header being 1."""

    number: int
    name: str
    description: str
    context: str
    group: str


class _Unreadable(Exception):
    """The file is no table; the text is the remedy."""


def variables_table(part: Part, faults: Faults) -> list[TableRow]:
    """The rows of a variables file; what is wrong with it is added to `faults`."""
    name = part.file_name or "the variables file"
    content = bytes(part.content[: MAX_BYTES + 1])
    try:
        if len(content) > MAX_BYTES:
            raise _Unreadable(f"is over {MAX_BYTES // 1024 // 1024} MB; a list of names is small.")
        rows = _xlsx(content) if content[:4] == b"PK\x03\x04" else _csv(content)
        return _named_columns(list(islice(rows, MAX_ROWS)))
    except _Unreadable as fault:
        faults.add(FIELD, f"“{name}” {fault}")
        return []


def _named_columns(rows: list[Row]) -> list[TableRow]:
    numbered = [(number, row) for number, row in enumerate(rows, 1) if any(map(_text, row))]
    if not numbered:
        raise _Unreadable(
            "is empty; it needs a row that names its columns, and a row for each variable."
        )
    header = [_text(cell).lower().replace(" ", "_") for cell in numbered[0][1]]
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise _Unreadable(
            f"has no column {' and no column '.join(missing)}; its first row must name the "
            f"columns {', '.join(COLUMNS)} (the last two may be left out)."
        )
    if len(numbered) < 2:
        raise _Unreadable("names its columns but has no variable; add a row for each variable.")
    places = [header.index(column) if column in header else None for column in COLUMNS]
    return [
        TableRow(number, *(_cell(row, place) for place in places)) for number, row in numbered[1:]
    ]


def _cell(row: Row, place: int | None) -> str:
    return _text(row[place]) if place is not None and place < len(row) else ""


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).replace("\x00", "").strip()


def _csv(content: bytes) -> Iterator[Row]:
    text = _decoded(content)
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as fault:
        raise _Unreadable("is no CSV; save it as CSV UTF-8 or as XLSX.") from fault


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    return text.replace("\x00", "")


def _xlsx(content: bytes) -> Iterator[Row]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            # What a part really unpacks to is never more than its directory entry says.
            if sum(entry.file_size for entry in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise _Unreadable("unpacks to more than a list of variables can need.")
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        rows: Iterable[Row] = workbook.worksheets[0].iter_rows(values_only=True)
        yield from list(islice(rows, MAX_ROWS))
    except _Unreadable:
        raise
    except Exception as fault:  # openpyxl raises anything
        raise _Unreadable("cannot be opened as XLSX; save it again, or as CSV UTF-8.") from fault
