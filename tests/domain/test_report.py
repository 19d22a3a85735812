"""Findings become sheets that leave no doubt about any cell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.findings import FindingState, unread_document
from shared.domain.job import Document, DocumentState, Output, OutputFormat
from shared.domain.report import (
    CELL_LIMIT,
    Cell,
    Filled,
    Link,
    Rich,
    Row,
    Sheet,
    continued,
    excel_length,
    pieces,
)
from shared.domain.report_assembly import build_report
from shared.domain.report_source import STAND_IN_NOTICE, ReportSource, page_ranges
from tests.example_findings import JOB, example_findings, make_finding, make_quote, make_source


def _sheets(source: ReportSource) -> dict[str, tuple[Sheet, list[Row]]]:
    return {sheet.name: (sheet, list(sheet.rows)) for sheet in build_report(source).sheets}


def _words(cell: Cell) -> str:
    value = cell.value if isinstance(cell, Filled) else cell
    return str(value.text if isinstance(value, Link | Rich) else value)


def test_every_row_is_as_long_as_its_header() -> None:
    """No sheet has a row that is shorter or longer than its header."""
    for sheet, rows in _sheets(make_source()).values():
        assert rows, sheet.name
        assert {len(row) for row in rows} == {len(sheet.header)}, sheet.name
        assert len(sheet.widths) == len(sheet.header), sheet.name


def test_only_cells_for_people_are_empty() -> None:
    """Apart from the review columns no cell is blank."""
    for sheet, rows in _sheets(make_source()).values():
        for row in rows:
            open_columns = {sheet.header[at] for at, cell in enumerate(row) if cell is None}
            assert open_columns <= {"Decision", "Coder", "Comment"}, sheet.name
            assert all(_words(cell).strip() for cell in row), (sheet.name, row)


def test_summary_accounts_for_absence() -> None:
    """A cell without quotes says how far its document was read."""
    _, rows = _sheets(make_source())["Summary"]
    assert _words(rows[0][-1]) == "not found in 27 of 27 pages, 9 readings"
    assert "24 of 27 pages, 4 of 9 readings: 3 pages are pictures" in _words(rows[1][-2])
    assert _words(rows[2][-1]) == "unreadable: it needs a password"


def test_summary_does_not_pass_off_a_partly_read_cell_as_complete() -> None:
    """Quotes from a partly read document are coloured as possibly incomplete."""
    _, rows = _sheets(make_source())["Summary"]
    cell = rows[1][-1]
    assert isinstance(cell, Filled)
    assert cell.fill == "partly_read"
    assert isinstance(cell.value, Link)
    assert isinstance(cell.value.text, int)


def test_summary_links_lead_to_the_right_rows() -> None:
    """Each count leads to the first row of its quotes, past texts that take several rows."""
    long = make_quote("long", "word " * 20_000)
    first, *rest = example_findings()
    cells = (
        make_finding("d1", "v1", FindingState.FOUND, (long, make_quote("q2"))),
        make_finding("d1", "v2", FindingState.FOUND, (make_quote("q9"),)),
    )
    sheets = _sheets(make_source(findings=(replace(first, findings=cells), *rest)))
    rows = sheets["Quotes"][1]
    summary = sheets["Summary"][1]
    for cell, expected in (
        (summary[0][-2], "long"),
        (summary[0][-1], "q9"),
        (summary[1][-1], "q3"),
    ):
        assert isinstance(cell, Filled)
        assert isinstance(cell.value, Link)
        row = int(cell.value.target.rpartition("A")[2])
        assert rows[row - 2][0] == expected


def test_a_stand_in_is_announced_loudly() -> None:
    """Where no language model read, Summary and Query and method say so first."""
    sheets = _sheets(make_source())
    assert STAND_IN_NOTICE in sheets["Summary"][0].alerts
    assert STAND_IN_NOTICE in sheets["Query and method"][0].alerts


def test_the_method_claims_no_more_than_was_read() -> None:
    """The paragraph to be cited is true of documents with pages or readings missing, too."""
    _, rows = _sheets(make_source())["Query and method"]
    paragraph = _words(rows[0][1])
    assert paragraph.startswith("3 documents were given")
    assert "1 read, 1 partly read, 1 unreadable" in paragraph
    assert "pages without readable text are listed in Coverage" in paragraph
    for claim in ("text of every page", "whole document", "unit numbers only"):
        assert claim not in paragraph
    one = replace(make_source(), job=replace(JOB, documents=JOB.documents[:1]))
    single = replace(one, documents=lambda: iter(example_findings()[:1]))
    _, rows = _sheets(single)["Query and method"]
    assert _words(rows[0][1]).startswith("1 document was given")


def test_a_running_job_says_that_it_is_not_finished() -> None:
    """Results before the end say that they are not the end."""
    sheets = _sheets(replace(make_source(), outcome=None))
    assert any("still running" in alert for alert in sheets["Summary"][0].alerts)


def test_coverage_names_pages_not_read_by_reason() -> None:
    """Pages that were not read are named, grouped by what kept them from being read."""
    _, rows = _sheets(make_source())["Coverage"]
    assert len(rows) == 6
    assert rows[2][8] == "3–4: a picture; 9: blurred"


def test_metrics_add_up() -> None:
    """The last row of Metrics is the sum of the others."""
    _, rows = _sheets(make_source())["Metrics"]
    for column in range(2, 9):
        numbers = [cell for row in rows for cell in (row[column],) if isinstance(cell, int | float)]
        assert sum(numbers[:-1]) == pytest.approx(numbers[-1])


def test_an_unknown_price_is_not_zero() -> None:
    """Where no price of a model is known, Metrics says so instead of counting nothing."""
    first, *rest = example_findings()
    source = make_source(findings=(replace(first, model="some-new-model"), *rest))
    _, rows = _sheets(source)["Metrics"]
    assert "no price is known" in _words(rows[0][8])
    assert _words(rows[-1][8]).startswith("at least 0.5000")


def test_a_document_never_reached_says_so_in_every_cell() -> None:
    """No cell of a cancelled document reads as if it had been searched."""
    *others, _ = example_findings()
    unread = unread_document(JOB, JOB.documents[2], DocumentState.CANCELLED, "it was cancelled")
    _, rows = _sheets(make_source(findings=(*others, unread)))["Summary"]
    assert _words(rows[2][-1]) == "not read: it was cancelled"


@pytest.mark.parametrize("chosen", list(OutputFormat))
def test_every_format_is_laid_out_or_said_to_be_missing(chosen: OutputFormat) -> None:
    """Each format has its sheet; the one without data says so in Query and method."""
    output = Output(format=chosen, labels=("Sector",))
    sheets = _sheets(make_source(replace(JOB, output=output)))
    expected = {
        OutputFormat.LIST: "CAN LT-LEDS",
        OutputFormat.TEXT: "Text",
        OutputFormat.BY_QUOTE: "By quote",
        OutputFormat.BY_QUOTE_LABELLED: "By quote, labelled",
    }
    if chosen in expected:
        sheet, rows = sheets[expected[chosen]]
        assert {len(row) for row in rows} == {len(sheet.header)}
    else:
        method = {_words(row[0]): _words(row[1]) for row in sheets["Query and method"][1]}
        assert "not filled yet" in method["Format"]


def test_by_quote_names_every_variable_of_a_passage() -> None:
    """A quote inside another is shown once, with the variables of both."""
    first, *rest = example_findings()
    cells = (
        make_finding("d1", "v1", FindingState.FOUND, (make_quote("a", units=(10, 14)),)),
        make_finding("d1", "v2", FindingState.FOUND, (make_quote("b", units=(11, 12)),)),
    )
    job = replace(JOB, output=Output(format=OutputFormat.BY_QUOTE_LABELLED, labels=("Sector",)))
    source = make_source(job, (replace(first, findings=cells), *rest))
    _, rows = _sheets(source)["By quote, labelled"]
    assert rows[0][4:] == ("SDG 7; Net zero", 2, "SDG 7: power; Net zero: power")


def test_many_documents_share_one_list() -> None:
    """Over thirty documents make one sheet, not one each."""
    first = example_findings()[0]
    ids = [f"d{n}" for n in range(1, 32)]
    job = replace(JOB, documents=tuple(Document(n, f"{n}.pdf", 1, "a" * 64) for n in ids))
    sheets = _sheets(make_source(job, tuple(replace(first, document=n) for n in ids)))
    assert "List" in sheets
    assert len(sheets) == 7


def test_quotes_link_to_the_highlighted_page_where_there_is_an_address() -> None:
    """The link names document and page; its header says until when it works."""
    sheet, rows = _sheets(make_source(public_url="https://reader.example"))["Quotes"]
    column = next(at for at, title in enumerate(sheet.header) if title.startswith("Highlighted"))
    assert "2026-03-02 09:00 UTC" in sheet.header[column]
    assert rows[0][column] == Link(
        "page 14", "https://reader.example/api/jobs/job-1/documents/d1/highlighted.pdf#page=14"
    )


def test_attributes_stand_beside_every_quote() -> None:
    """Attributes of documents are columns, and a missing one says so."""
    sheet, rows = _sheets(make_source())["Quotes"]
    column = sheet.header.index("ISO3")
    assert [row[column] for row in rows] == ["CAN", "CAN", "not given"]


def test_long_texts_continue_in_the_next_row() -> None:
    """A text over Excel's limit is whole over several rows, the focus still marked."""
    text = "word " * 14_000
    rows = list(continued(("id", Rich(text, (40_000, 40_010)), "short", None)))
    parts = [row[1] for row in rows]
    assert "".join(_words(part) for part in parts) == text
    marked = [p.text[p.focus[0] : p.focus[1]] for p in parts if isinstance(p, Rich)]
    assert "".join(marked) == text[40_000:40_010]
    assert [row[0] for row in rows[1:]] == ["id (continued, 2)", "id (continued, 3)"]
    assert all(row[2] == "short" and row[3] is None for row in rows)


@given(st.text(max_size=200), st.integers(2, 20))
def test_pieces_rebuild_the_text(text: str, limit: int) -> None:
    """Pieces in order are the text, each within the limit and at its offset."""
    found = pieces(text, limit)
    assert "".join(piece for _, piece in found) == text
    assert all(excel_length(piece) <= limit for _, piece in found)
    assert all(text[start : start + len(piece)] == piece for start, piece in found)
    assert CELL_LIMIT == 32_767


@given(st.sets(st.integers(1, 60)))
def test_page_ranges_name_exactly_the_pages(pages: set[int]) -> None:
    """Ranges written out are the pages again."""
    written: set[int] = set()
    for part in filter(None, page_ranges(pages).split(", ")):
        first, _, last = part.partition("–")
        written |= set(range(int(first), int(last or first) + 1))
    assert written == pages
