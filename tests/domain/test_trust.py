"""A text layer that lies on one page is believed on none."""

from __future__ import annotations

from shared.domain.pages import Line, Page, PageState, Word
from shared.domain.trust import TURNED_NUMBERS, judge, judge_together


def _lines(text: str) -> tuple[Line, ...]:
    rect = (70.0, 100.0, 500.0, 112.0)
    return (Line(tuple(Word(word, rect) for word in text.split()), rect, 0, 11.0),)


def _page(number: int, text: str) -> Page:
    lines = _lines(text)
    state, reason = judge(lines, 0.0, 0)
    return Page(number, 595, 842, state, reason, lines)


def test_turned_years_on_one_page_make_all_arabic_pages_doubtful() -> None:
    """A page too poor in years to show the fault is distrusted with the page that shows it."""
    pages = [
        _page(1, "التزام العراق بحلول عام 0202 وحتى عام 5302"),
        _page(2, "خفض الانبعاثات بنسبة 10 في المئة"),
        _page(3, "Summary in English, for the year 2020"),
    ]
    assert [page.state for page in pages] == [
        PageState.UNTRUSTED,
        PageState.TEXT,
        PageState.TEXT,
    ]
    assert pages[0].reason == TURNED_NUMBERS
    together = judge_together(pages)
    assert [page.state for page in together] == [
        PageState.UNTRUSTED,
        PageState.UNTRUSTED,
        PageState.TEXT,
    ]
    assert all(page.reason for page in together[:2])


def test_an_honest_arabic_document_is_believed() -> None:
    """Arabic as such is no reason for doubt."""
    pages = [_page(1, "التزام العراق بحلول عام 2020"), _page(2, "خفض الانبعاثات")]
    assert judge_together(pages) is pages
