"""Quotes are marked where they are shown, whatever the page's rotation or crop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pymupdf
import pytest

from shared.adapters.pymupdf_highlights import MarkLimits, PymupdfHighlighter, colours
from shared.domain.errors import DocumentError
from shared.domain.findings import DocumentFindings, FindingState, Quote, QuoteBox
from shared.domain.pages import Rect
from tests.example_findings import JOB, example_findings, make_finding, make_quote

PLACE: Rect = (100.0, 120.0, 260.0, 140.0)
AES_256 = 5
FOCUS: Rect = (100.0, 120.0, 160.0, 140.0)


def _pdf(pages: int = 1, rotation: int = 0, crop: Rect | None = None, **save: Any) -> bytes:
    document = pymupdf.open()
    for _ in range(pages):
        page = document.new_page(width=400, height=600)
        page.insert_text((50, 60), "A policy.")
        if crop:
            page.set_cropbox(pymupdf.Rect(crop))
        page.set_rotation(rotation)
    data: bytes = document.tobytes(**save)
    return data


def _findings(*quotes: Quote) -> DocumentFindings:
    found = make_finding("d1", "v1", FindingState.FOUND, quotes)
    return replace(example_findings()[0], findings=(found,))


def _quote(page: int = 1, rect: Rect = PLACE, focus: Rect = FOCUS) -> Quote:
    boxes = (QuoteBox(page, rect),)
    return replace(make_quote(), boxes=boxes, focus_boxes=(QuoteBox(page, focus),))


def _highlight(pdf: bytes, *quotes: Quote) -> Any:
    return pymupdf.open(stream=PymupdfHighlighter().highlight(pdf, JOB, _findings(*quotes)))


def _coloured(page: Any) -> list[tuple[int, int]]:
    """The points of a page, as shown, that are neither black nor white nor grey."""
    shown = page.get_pixmap()
    points = zip(*(iter(shown.samples),) * 3, strict=True)
    width = shown.width
    return [divmod(at, width)[::-1] for at, rgb in enumerate(points) if max(rgb) - min(rgb) > 20]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (30.0, 40.0, 390.0, 560.0)])
def test_marks_stand_where_they_are_shown(rotation: int, crop: Rect | None) -> None:
    """The colour is inside the place given and nowhere else, on turned and cropped pages too."""
    coloured = _coloured(_highlight(_pdf(rotation=rotation, crop=crop), _quote())[0])
    assert min(x for x, _ in coloured) == pytest.approx(PLACE[0], abs=7)
    assert max(x for x, _ in coloured) == pytest.approx(PLACE[2], abs=7)
    assert min(y for _, y in coloured) == pytest.approx(PLACE[1], abs=7)
    assert max(y for _, y in coloured) == pytest.approx(PLACE[3], abs=7)
    assert len(coloured) > 0.9 * 160 * 20


def test_the_focus_is_stronger() -> None:
    """The focus is coloured, and darker than the rest of its quote."""
    shown = _highlight(_pdf(), _quote())[0].get_pixmap()
    focus, rest = shown.pixel(130, 130), shown.pixel(220, 130)
    assert sum(focus) < sum(rest) < 3 * 255


def test_each_quote_is_one_named_annotation() -> None:
    """Title, content and name of an annotation are the variable, the reason and the quote's id."""
    page = _highlight(_pdf(), _quote())[0]
    whole, focus = list(page.annots())
    assert whole.info["title"] == "SDG 7"
    assert whole.info["content"] == "It names the year."
    assert (whole.info["id"], focus.info["id"]) == ("q1", "q1-focus")


def test_a_quote_across_pages_is_marked_on_both() -> None:
    """Each page of a quote has its part of the mark."""
    quote = _quote()
    quote = replace(quote, boxes=(*quote.boxes, QuoteBox(2, PLACE)))
    document = _highlight(_pdf(pages=2), quote)
    assert [len(list(page.annots())) for page in document] == [2, 1]


def test_the_outline_leads_to_the_quotes() -> None:
    """Below the document's own outline stand the variables and their quotes."""
    document = pymupdf.open(stream=_pdf(pages=3))
    document.set_toc([[1, "Chapter", 1]])
    titles = [entry[:3] for entry in _highlight(document.tobytes(), _quote(page=3)).get_toc()]
    assert titles == [
        [1, "Chapter", 1],
        [1, "Quotes (Policy Reader)", 3],
        [2, "SDG 7 (1)", 3],
        [3, "p. 3: Canada will reach net zero by 2050.", 3],
    ]


def test_an_encrypted_original_comes_out_openable() -> None:
    """A PDF that opens without a password but is encrypted is written without encryption."""
    pdf = _pdf(encryption=AES_256, owner_pw="secret")
    document = _highlight(pdf, _quote())
    assert not document.is_encrypted
    assert document.metadata["encryption"] is None
    assert b"A policy." in document[0].get_text().encode()


def test_a_document_without_quotes_comes_out_whole() -> None:
    """Nothing to mark is no error."""
    assert _highlight(_pdf(pages=2)).page_count == 2


@pytest.mark.parametrize(
    ("pdf", "words"),
    [
        (_pdf(encryption=AES_256, user_pw="u", owner_pw="o"), "password"),
        (b"not a PDF at all", "damaged"),
        (b"PK\x03\x04 a Word file", "damaged"),
        (_pdf()[:200], "damaged"),
    ],
)
def test_what_cannot_be_opened_is_an_outcome(pdf: bytes, words: str) -> None:
    """A PDF that cannot be marked says why and what to do."""
    with pytest.raises(DocumentError, match=words):
        _highlight(pdf, _quote())


def test_a_page_that_is_not_there_is_said() -> None:
    """Quotes that belong to another PDF are not marked somewhere else."""
    with pytest.raises(DocumentError, match="pages it does not have"):
        _highlight(_pdf(), _quote(page=9))


def test_a_process_that_dies_costs_one_document() -> None:
    """Where memory does not suffice, the process ends and the worker goes on."""
    highlighter = PymupdfHighlighter(MarkLimits(memory_bytes=1024))
    with pytest.raises(DocumentError, match="time or memory"):
        highlighter.highlight(_pdf(), JOB, _findings(_quote()))


def test_black_print_stays_readable_on_every_colour() -> None:
    """Even the focus of the darkest variable keeps black text at a contrast of 4.5 or more."""
    for number in range(60):
        for red, green, blue in colours(number):
            linear = [channel**2.2 for channel in (red, green, blue)]
            luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
            assert (luminance + 0.05) / 0.05 >= 4.5, number


def test_first_colours_are_far_apart() -> None:
    """The colours of the first variables can be told from each other."""
    lights = [colours(number)[0] for number in range(6)]
    for at, one in enumerate(lights):
        for other in lights[:at]:
            assert sum(abs(a - b) for a, b in zip(one, other, strict=True)) > 0.25
