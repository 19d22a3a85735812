"""Sheets of plain rows → .xlsx, written row by row so that memory stays bounded."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, repeat
from pathlib import Path
from typing import Any

from shared.adapters.row_heights import DEFAULT_WIDTH, LINE_HEIGHT, row_height
from shared.domain.report import (
    ROW_LIMIT,
    Cell,
    Choice,
    Fill,
    Filled,
    Link,
    Plain,
    Report,
    Rich,
    Row,
    Sheet,
)
from shared.domain.sheet_names import sheet_names

FILLS = {
    Fill.FOUND: "#C9E7CB",
    Fill.NOT_FOUND: "#EDEDED",
    Fill.PARTLY_READ: "#FFE699",
    Fill.UNREADABLE: "#D9C9EA",
    Fill.FAILED: "#F4B9B4",
}
FORMULA_SIGNS = ("=", "+", "-", "@", "\t")
ALERT_HEIGHT = 18
FILTER_BUTTON = 3
"""Characters of a header that the button of the filter hides."""

LITERAL_LIMIT = 255
"""Characters in one string of a formula."""

_VISIBLE = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}
_VISIBLE |= {0x7F: 0x2421, 0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_VISIBLE |= dict.fromkeys(range(0xD800, 0xE000), 0xFFFD)


class XlsxwriterWorkbook:
    """Writes reports through XlsxWriter; equal reports give equal bytes.

    `row_limit` is Excel's; further rows go on a sheet of the same name with a number.
    """

    def __init__(self, row_limit: int = ROW_LIMIT) -> None:
        self._row_limit = row_limit

    def write(self, report: Report) -> bytes:
        """The bytes of an .xlsx file."""
        import xlsxwriter

        with tempfile.TemporaryDirectory(prefix="policy-reader-") as folder:
            path = Path(folder, "results.xlsx")
            options = {"constant_memory": True, "tmpdir": folder, "use_zip64": True}
            with xlsxwriter.Workbook(str(path), options) as workbook:
                created = datetime.fromisoformat(report.created).replace(tzinfo=None)
                workbook.set_properties({"title": visible(report.title), "created": created})
                _Writing(workbook, report, self._row_limit).write()
            return path.read_bytes()


def visible(text: str) -> str:
    """A text as a cell can hold it: control characters shown by their pictures."""
    return text.replace("\r\n", "\n").translate(_VISIBLE)


@dataclass(frozen=True, slots=True)
class _Look:
    """What a cell's format depends on."""

    kind: str = "text"
    fill: Fill | None = None
    sign: bool = False


class _Writing:
    """One workbook being written."""

    def __init__(self, workbook: Any, report: Report, row_limit: int) -> None:
        self._workbook = workbook
        self._sheets = report.sheets
        self._row_limit = row_limit
        self._names = [sheet.name for sheet in report.sheets]
        self._formats: dict[_Look, Any] = {}
        self._bold = workbook.add_format({"bold": True, "font_color": "#12491B"})
        self._plain = workbook.add_format({})

    def write(self) -> None:
        worksheets = [self._workbook.add_worksheet(sheet.name) for sheet in self._sheets]
        for sheet, worksheet in zip(self._sheets, worksheets, strict=True):
            self._write_sheet(sheet, worksheet)

    def _write_sheet(self, sheet: Sheet, worksheet: Any) -> None:
        header = self._begin(sheet, worksheet)
        at = header
        for row in sheet.rows:
            if at + 1 >= self._row_limit:
                _end(sheet, worksheet, header, at)
                worksheet = self._workbook.add_worksheet(self._next_name(sheet.name))
                header = at = self._begin(sheet, worksheet)
            at += 1
            _set_height(sheet, worksheet, at, map(_shown, row))
            self._write_row(worksheet, at, row)
        _end(sheet, worksheet, header, at)

    def _next_name(self, name: str) -> str:
        (name,) = sheet_names([name], self._names)
        self._names.append(name)
        return name

    def _begin(self, sheet: Sheet, worksheet: Any) -> int:
        """Everything above the rows; returns the row of the header."""
        _set_up_page(sheet, worksheet)
        for column, width in enumerate(sheet.widths):
            worksheet.set_column(column, column, width)
        lines = [(line, "alert") for line in sheet.alerts] + [(n, "note") for n in sheet.notes]
        for row, (line, kind) in enumerate(lines):
            if kind == "alert":
                worksheet.set_row(row, ALERT_HEIGHT)
            worksheet.write_string(row, 0, visible(line), self._format(_Look(kind)))
        header = len(lines)
        worksheet.freeze_panes(header + 1, sheet.frozen)
        worksheet.repeat_rows(header)
        _set_height(sheet, worksheet, header, sheet.header, hidden=FILTER_BUTTON)
        for column, title in enumerate(sheet.header):
            worksheet.write_string(header, column, visible(title), self._format(_Look("header")))
        return header

    def _write_row(self, worksheet: Any, at: int, row: Row) -> None:
        for column, cell in enumerate(row):
            if cell is None:
                worksheet.write_blank(at, column, None, self._format(_Look("open")))
            else:
                self._write_cell(worksheet, at, column, cell)

    def _write_cell(self, worksheet: Any, at: int, column: int, cell: Plain | Filled) -> None:
        fill = cell.fill if isinstance(cell, Filled) else None
        value = cell.value if isinstance(cell, Filled) else cell
        match value:
            case Link():
                look = self._format(_Look("link", fill))
                text = visible(value.text) if isinstance(value.text, str) else value.text
                worksheet.write_formula(at, column, _hyperlink(value.target, text), look, text)
            case Rich():
                self._write_rich(worksheet, at, column, value, fill)
            case str():
                self._write_text(worksheet, at, column, visible(value), fill)
            case _:
                worksheet.write_number(at, column, value, self._format(_Look("number", fill)))

    def _write_text(
        self, worksheet: Any, at: int, column: int, text: str, fill: Fill | None
    ) -> None:
        look = self._format(_Look("text", fill, text.startswith(FORMULA_SIGNS)))
        if text.startswith("<r>") and len(text) > 1:
            # XlsxWriter would take such a text for its own markup and write it unescaped.
            worksheet.write_rich_string(
                at, column, self._plain, text[:1], self._plain, text[1:], look
            )
        else:
            worksheet.write_string(at, column, text, look)

    def _write_rich(
        self, worksheet: Any, at: int, column: int, rich: Rich, fill: Fill | None
    ) -> None:
        start, end = rich.focus
        text = rich.text
        marked = ((self._plain, text[:start]), (self._bold, text[start:end]))
        runs = [run for run in (*marked, (self._plain, text[end:])) if run[1]]
        if len(runs) < 2:
            # Excel's rich text needs two runs; a focus on the whole is no emphasis anyway.
            self._write_text(worksheet, at, column, visible(text), fill)
            return
        look = self._format(_Look("text", fill, text.startswith(FORMULA_SIGNS)))
        parts = [part for form, run in runs for part in (form, visible(run))]
        worksheet.write_rich_string(at, column, *parts, look)

    def _format(self, look: _Look) -> Any:
        if look not in self._formats:
            self._formats[look] = self._workbook.add_format(_properties(look))
        return self._formats[look]


def _properties(look: _Look) -> dict[str, object]:
    properties: dict[str, object] = {"valign": "top", "text_wrap": True}
    match look.kind:
        case "header":
            properties |= {
                "bold": True,
                "bg_color": "#1F3A4D",
                "font_color": "#FFFFFF",
                "border": 1,
            }
        case "alert":
            return {"bold": True, "font_color": "#9C0006", "bg_color": "#FFC7CE", "font_size": 13}
        case "note":
            return {"italic": True, "font_color": "#444444"}
        case "link":
            properties |= {"font_color": "#0B5394", "underline": 1, "align": "left"}
        case "open":
            properties |= {"bg_color": "#FFFDF0", "border": 1, "border_color": "#E4DFC4"}
        case "number":
            properties |= {"align": "left"}
    if look.fill:
        properties["bg_color"] = FILLS[look.fill]
    if look.sign:
        properties["quote_prefix"] = True
    return properties


def _set_up_page(sheet: Sheet, worksheet: Any) -> None:
    if sheet.landscape:
        worksheet.set_landscape()
    worksheet.set_paper(9)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_margins(0.4, 0.4, 0.6, 0.6)
    worksheet.set_header("&L&A")
    worksheet.set_footer("&L&F&RPage &P of &N")


def _set_height(
    sheet: Sheet, worksheet: Any, at: int, texts: Iterable[str], hidden: int = 0
) -> None:
    """Make a row as high as its texts; to be called before its cells are written.

    A row of one line keeps the default, so that it still grows with what people type into it.
    """
    widths = chain(sheet.widths, repeat(DEFAULT_WIDTH))
    height = row_height((text, width - hidden) for text, width in zip(texts, widths, strict=False))
    if height > LINE_HEIGHT:
        worksheet.set_row(at, height)


def _shown(cell: Cell) -> str:
    """The words a reader sees in a cell."""
    value = cell.value if isinstance(cell, Filled) else cell
    if isinstance(value, Link | Rich):
        value = value.text
    return value if isinstance(value, str) else ""


def _end(sheet: Sheet, worksheet: Any, header: int, last: int) -> None:
    """What needs to know the last row: filter and drop-downs."""
    worksheet.autofilter(header, 0, max(last, header), len(sheet.header) - 1)
    for choice in sheet.choices:
        _add_choice(worksheet, choice, header + 1, max(last, header + 1))


def _add_choice(worksheet: Any, choice: Choice, first: int, last: int) -> None:
    options = {
        "validate": "list",
        "source": list(choice.values),
        "error_title": "Not one of the list",
        "error_message": f"Choose one of: {', '.join(choice.values)}",
    }
    worksheet.data_validation(first, choice.column, last, choice.column, options)


def _hyperlink(target: str, text: str | int) -> str:
    """A formula, since Excel takes only 65,530 real links on a sheet."""
    shown = text if isinstance(text, int) else _literal(text)
    return f"=HYPERLINK({_literal(target)},{shown})"


def _literal(text: str) -> str:
    """A string in a formula, in pieces that Excel allows."""
    parts: Iterable[str] = (text[i : i + 120] for i in range(0, len(text), 120))
    return "&".join('"' + part.replace('"', '""') + '"' for part in parts) or '""'
