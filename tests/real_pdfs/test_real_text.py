"""The text of real PDFs: verbatim units, and an outcome for every odd file."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pymupdf
import pytest

from shared.adapters.pymupdf_processes import Limits
from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain.errors import DocumentError
from shared.domain.pages import Page, PageState
from shared.domain.units import DocumentText, Unit, build_units

VERBATIM = [
    "BTN_Bhutan_Second_NDC_English.pdf",
    "CAN-004-lt-leds-2022.pdf",
    "CPV_Cabo-Verde_First_NDC_English.pdf",
    "FJI_Fiji_First_NDC_English.pdf",
    "LAO_Lao-People-s-Democratic-Republic_First_NDC_English.pdf",
    "MDA_Republic-of-Moldova_First_NDC_English.pdf",
    "NPL_Nepal_Second_NDC_English.pdf",
    "RWA_Rwanda_First_NDC_English.pdf",
    "SEN_Senegal_First_NDC_French.pdf",
    "TZA_United-Republic-of-Tanzania_First_NDC_English.pdf",
    "USCO_1998_DMCA-summary_encrypted.pdf",
    "USFR_2023-04-26_wind-energy-call.pdf",
]
_IGNORED = re.compile(r"[\s\u00ad\u2010-]+")


@pytest.fixture(scope="module")
def extractor() -> Iterator[PymupdfTextExtractor]:
    """The extractor as it is used."""
    extractor = PymupdfTextExtractor(Limits())
    yield extractor
    extractor.close()


def read(extractor: PymupdfTextExtractor, path: Path) -> tuple[list[Page], DocumentText]:
    """The pages of a file and its text."""
    with extractor.open(path.read_bytes()) as opened:
        pages = list(opened.pages())
        assert [page.number for page in pages] == list(range(1, opened.page_count + 1))
        return pages, build_units(opened.title, pages)


def normalise(text: str) -> str:
    """White space and hyphens removed; compatibility forms as one."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text))


def parts(unit: Unit) -> dict[int, str]:
    """What a unit says on each of its pages."""
    spans: dict[int, list[int]] = defaultdict(list)
    for place in unit.places:
        spans[place.page] += [place.start, place.end]
    return {page: unit.text[min(span) : max(span)] for page, span in spans.items()}


@pytest.mark.parametrize("name", VERBATIM)
def test_units_stand_verbatim_on_their_pages(
    real_pdfs: Path, extractor: PymupdfTextExtractor, name: str
) -> None:
    """Each unit's text, page by page, is found in what PyMuPDF itself says of the page."""
    path = real_pdfs / "policy" / name
    _, text = read(extractor, path)
    document = pymupdf.open(path)
    printed = {n: normalise(document[n - 1].get_text()) for n in range(1, document.page_count + 1)}
    wrong = [
        (unit.number, page, said)
        for unit in text.units
        for page, said in parts(unit).items()
        if normalise(said) not in printed[page]
    ]
    assert len(text.units) > 100
    assert wrong == []


def test_places_are_where_the_words_are(real_pdfs: Path, extractor: PymupdfTextExtractor) -> None:
    """What PyMuPDF reads inside a unit's rectangles is the unit's own words."""
    path = real_pdfs / "policy" / "NPL_Nepal_Second_NDC_English.pdf"
    _, text = read(extractor, path)
    document = pymupdf.open(path)
    printed = {n: document[n - 1].get_text("words") for n in range(1, document.page_count + 1)}
    for unit in text.units[60:120]:
        for place in unit.places:
            middle = pymupdf.Point(pymupdf.Rect(place.rect).tl + pymupdf.Rect(place.rect).br) / 2
            there = [normalise(w[4]) for w in printed[place.page] if middle in pymupdf.Rect(w[:4])]
            said = normalise(unit.text[place.start : place.end])
            assert any(said in word for word in there), (unit.number, unit.text, said, there)


def test_odd_files_have_an_outcome(real_pdfs: Path, extractor: PymupdfTextExtractor) -> None:
    """Damaged, encrypted and strange files end in pages or in a reason, never otherwise."""
    outcomes: dict[str, str] = {}
    for path in sorted((real_pdfs / "odd").glob("*.pdf")):
        try:
            pages, _ = read(extractor, path)
        except DocumentError as problem:
            outcomes[path.stem] = str(problem)
        else:
            assert pages
            assert all(page.reason for page in pages if not page.state.was_read)
            outcomes[path.stem] = "+".join(sorted({page.state.value for page in pages}))
    assert "password" in outcomes["password-example"]
    assert "damaged" in outcomes["poppler-742-0-fuzzed"]
    assert "not a PDF" in outcomes["invalid"] or "damaged" in outcomes["invalid"]
    assert outcomes["Pages-tree-refs"] == "failed+text"
    assert outcomes["copy-protected"] == "text"
    assert outcomes["pdf-with-ocr-text"] == "untrusted"
    assert outcomes["francais"] == "picture unread"
    assert outcomes["truetype_font_nomapping"] == "untrusted"


def test_scans_are_not_taken_for_empty_pages(
    real_pdfs: Path, extractor: PymupdfTextExtractor
) -> None:
    """A scanned plan says of every page that its picture was not read."""
    pages, text = read(extractor, real_pdfs / "policy" / "SRB_Serbia_First_NDC_English.pdf")
    assert {page.state for page in pages} == {PageState.PICTURE_UNREAD}
    assert text.units == ()


def test_the_arabic_plan_is_never_wholly_trusted(
    real_pdfs: Path, extractor: PymupdfTextExtractor
) -> None:
    """A plan that prints 2020 and extracts 0202 has pages that do not count as read."""
    pages, _ = read(extractor, real_pdfs / "policy" / "IRQ_Iraq_INDC_Arabic.pdf")
    assert any(page.state is PageState.UNTRUSTED for page in pages)
    assert not all(page.state.was_read for page in pages)


def test_printed_pages_differ_by_a_constant(
    real_pdfs: Path, extractor: PymupdfTextExtractor
) -> None:
    """The page numbers analysts cite are read from the page, roman ones too."""
    path = real_pdfs / "policy" / "TZA_United-Republic-of-Tanzania_First_NDC_English.pdf"
    _, text = read(extractor, path)
    printed = [page.printed for page in text.pages]
    assert printed[20:] == [str(number - 10) for number in range(21, len(printed) + 1)]
    assert "iv" in printed[:10]
