"""The workbook is what it was told, within Excel's limits, and equal for equal input."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.workbook import Workbook

from shared.adapters.xlsxwriter_workbook import XlsxwriterWorkbook, visible
from shared.domain.report import Cell, Choice, Fill, Filled, Link, Report, Rich, Row, Sheet
from shared.domain.report_assembly import build_report
from tests.example_findings import make_source


def _written(*rows: Row, header: tuple[str, ...] = ("A", "B"), **sheet: object) -> bytes:
    made = Sheet("One", header, rows, **sheet)  # type: ignore[arg-type]
    return XlsxwriterWorkbook().write(Report((made,)))


def _opened(data: bytes, *, rich: bool = False) -> Workbook:
    return openpyxl.load_workbook(io.BytesIO(data), rich_text=rich)


def _value(data: bytes, place: str) -> object:
    return _opened(data)["One"][place].value


def test_a_whole_report_opens_with_every_sheet() -> None:
    """All sheets are there in order, with frozen headers, filters and print titles."""
    data = XlsxwriterWorkbook().write(build_report(make_source()))
    book = _opened(data)
    assert book.sheetnames == [
        *("Summary", "Quotes", "CAN LT-LEDS", "scan", "broken"),
        *("Coverage", "Variables", "Query and method", "Metrics"),
    ]
    for sheet in book:
        assert sheet.freeze_panes, sheet.title
        assert sheet.auto_filter.ref, sheet.title
        assert sheet.print_title_rows, sheet.title
    assert "stand-in" in str(book["Summary"]["A1"].value)


def test_equal_reports_give_equal_bytes() -> None:
    """Writing twice gives the same file, so that a repeated activity changes nothing."""
    first, second = (XlsxwriterWorkbook().write(build_report(make_source())) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)", "{=1}", "0012"])
def test_texts_stay_texts(text: str) -> None:
    """Nothing a document says is ever computed."""
    assert _value(_written((text, "x")), "A2") == text
    xml = zipfile.ZipFile(io.BytesIO(_written((text, "x")))).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in xml


@pytest.mark.parametrize("text", ["<r>x</r>", "<r><t>x</t></r>", "_x0041_", "a & b <c>", "<r>"])
def test_markup_is_text(text: str) -> None:
    """A text that looks like the file's own markup is shown as it is."""
    value = _opened(_written((text, "x")), rich=True)["One"]["A2"].value
    assert str(value).replace("_x005F_", "_") == text


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec=None), min_size=1, max_size=40))
def test_any_text_makes_a_file_that_opens(text: str) -> None:
    """Whatever characters a PDF yields, the cell holds them visibly and the file opens."""
    value = _opened(_written((text, Rich(text, (0, 1)))), rich=True)["One"]["A2"].value
    assert str(value).replace("_x005F_", "_").replace("\r", "␍") == visible(text)


def test_control_characters_are_shown() -> None:
    """A character that no cell can hold is shown by its picture, not dropped."""
    assert _value(_written(("a\x00b\x1fc\ud800", "x")), "A2") == "a␀b␟c\ufffd"


def test_the_focus_is_bold() -> None:
    """Of a rich cell exactly the focus is bold."""
    data = _written((Rich("We will reach net zero by 2050.", (14, 22)), "x"))
    value = _opened(data, rich=True)["One"]["A2"].value
    assert isinstance(value, CellRichText)
    assert str(value) == "We will reach net zero by 2050."
    bold = [str(part) for part in value if isinstance(part, TextBlock) and part.font.b]
    assert bold == ["net zero"]


def test_links_are_formulas_of_any_length() -> None:
    """A link is a HYPERLINK formula, its parts within Excel's limit for a literal."""
    target = "https://reader.example/" + "a" * 500
    formula = str(_value(_written((Link('say "x"', target), Link(3, "#'One'!A1"))), "A2"))
    assert formula.startswith("=HYPERLINK(")
    assert formula.endswith(',"say ""x""")')
    assert max(map(len, formula.split('"'))) <= 255
    assert "".join(formula.split('"&"')).count(target) == 1
    numbers = openpyxl.load_workbook(
        io.BytesIO(_written((Link(3, "#'One'!A1"), "x"))), data_only=True
    )
    assert numbers["One"]["A2"].value == 3


def test_fills_and_drop_downs() -> None:
    """A state colours its cell, and a review column offers its choices for every row."""
    rows: list[Row] = [(Filled("failed", Fill.FAILED), None), ("x", None)]
    data = _written(*rows, choices=(Choice(1, ("accept", "reject")),))
    sheet = _opened(data)["One"]
    assert sheet["A2"].fill.fgColor.rgb == "FFF4B9B4"
    (validation,) = sheet.data_validations.dataValidation
    assert str(validation.sqref) == "B2:B3"
    assert validation.formula1 == '"accept,reject"'


def test_rows_past_the_limit_go_on_in_a_further_sheet() -> None:
    """Nothing is lost where a sheet is full."""
    rows: Iterator[Row] = ((number, "x") for number in range(10))
    report = Report((Sheet("One", ("A", "B"), rows, notes=("Note",)),))
    book = _opened(XlsxwriterWorkbook(row_limit=6).write(report))
    assert book.sheetnames == ["One", "One (2)", "One (3)"]
    numbers = [cell.value for sheet in book for cell in sheet["A"] if isinstance(cell.value, int)]
    assert numbers == list(range(10))
    assert all(sheet["A2"].value == "A" for sheet in book)


def test_an_empty_sheet_opens() -> None:
    """A sheet without rows is still a sheet with its header."""
    assert _value(_written(), "A1") == "A"


def _height(*cells: Cell, widths: tuple[int, ...] = (10, 10)) -> float:
    """Points of the first row below the header; 15 where the file leaves it to the default."""
    dimension = _opened(_written(cells, widths=widths))["One"].row_dimensions[2]
    return float(dimension.height or 15)


@pytest.mark.parametrize(
    ("cells", "lines"),
    [
        (("short", "x"), 1),
        (("ten digits", "x"), 1),
        (("eleven sign", "x"), 2),
        (("x", "one\ntwo\nthree"), 3),
        (("x", Rich("net zero by 2050 at last", (0, 8))), 3),
        (("a" * 25, "x"), 3),
        (("能源" * 10, "x"), 4),
        ((Filled("not read", Fill.FAILED), Filled("it failed twice", Fill.FAILED)), 2),
        ((Link("a link of words", "#'One'!A1"), None), 2),
        ((123456789012, None), 1),
        (("word " * 6000, "x"), 27),
    ],
)
def test_a_row_is_as_high_as_its_longest_text(cells: Row, lines: int) -> None:
    """No wrapped line lies hidden below its row, up to the highest row Excel allows."""
    assert _height(*cells) == 15 * lines


def test_wider_columns_make_lower_rows() -> None:
    """The height follows the width of the text's own column."""
    text = "The plan names eleven measures for the grid."
    assert _height(text, "x", widths=(44, 1)) == 15
    assert _height("x", text, widths=(44, 22)) == 30


def test_headers_and_alerts_are_shown_whole() -> None:
    """A header leaves room for the filter's button; every sheet of a report has its heights."""
    titles = ("Pages not read, and why", "B")
    data = _written(("x", "y"), header=titles, widths=(12, 10), alerts=("Mind this.",))
    rows = _opened(data)["One"].row_dimensions
    assert (rows[1].height, rows[2].height) == (18, 45)
    book = _opened(XlsxwriterWorkbook().write(build_report(make_source())))
    assert (book["Quotes"].row_dimensions[2].height or 0) > 15
    assert (book["Query and method"].row_dimensions[3].height or 0) > 15


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(1, 60))
def test_heights_stay_within_excels_limit(text: str, width: int) -> None:
    """Whatever the text and the column, the row is between one line and 409 points high."""
    assert 15 <= _height(text or "x", "x", widths=(width, 10)) <= 409
