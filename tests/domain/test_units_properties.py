"""What holds of units whatever the pages are."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.furniture import find_furniture
from shared.domain.pages import Line, Page, PageState, Rect, Word
from shared.domain.units import build_units

SIDES = st.floats(-50, 900, allow_nan=False, allow_infinity=False)
RECTS = st.tuples(SIDES, SIDES, SIDES, SIDES)
LETTERS = st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=8)
WORDS = st.sampled_from(
    [
        "The",
        "plan.",
        "•",
        "1.",
        "2.",
        "(a)",
        "net-",
        "zero",
        "2021.1",
        "km",
        "2",
        "xii",
        "....",
        ";",
        *["Table", "Source:", "é", "مناخ", "气候。", "soft\u00ad", "\u00ad", "-", "e.g.", "A)"],
    ]
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any line, geometry included."""
    texts = draw(st.lists(st.one_of(WORDS, LETTERS), max_size=8))
    words = tuple(Word(text, draw(RECTS)) for text in texts)
    raised = draw(st.sets(st.integers(0, max(len(words) - 1, 0)), max_size=2))
    return Line(
        words,
        draw(RECTS),
        draw(st.integers(0, 3)),
        draw(st.floats(0, 40)),
        draw(st.booleans()),
        tuple(sorted(raised)) if words else (),
        draw(st.sampled_from([0, 0, 0, 90, 180, 270])),
    )


@st.composite
def pages(draw: st.DrawFn) -> list[Page]:
    """Any pages, tidy or not."""
    contents = draw(st.lists(st.lists(lines(), max_size=6), max_size=4))
    rules = st.lists(RECTS, max_size=8)
    return [
        Page(
            number,
            draw(st.sampled_from([0.0, 595.0])),
            draw(st.sampled_from([0.0, 842.0])),
            draw(st.sampled_from(list(PageState))),
            "",
            tuple(content),
            "",
            0.0,
            tuple(draw(rules)),
        )
        for number, content in enumerate(contents, start=1)
    ]


@settings(max_examples=150, deadline=None)
@given(pages())
def test_any_pages_make_a_text(made: list[Page]) -> None:
    """Numbers run from 1, no unit is empty, and places cover every character that is seen."""
    text = build_units("title", made)
    assert [unit.number for unit in text.units] == list(range(1, len(text.units) + 1))
    assert [page.number for page in text.pages] == [page.number for page in made]
    for unit in text.units:
        assert unit.text
        assert unit.text == unit.text.strip()
        covered = [i for place in unit.places for i in range(place.start, place.end)]
        seen = [i for i, letter in enumerate(unit.text) if not letter.isspace()]
        assert covered == seen
        assert all(1 <= place.page <= len(made) for place in unit.places)
    assert build_units("title", made) == text


@settings(max_examples=150, deadline=None)
@given(pages())
def test_units_rebuild_the_pages(made: list[Page]) -> None:
    """No letter is lost or made up: units hold the pages' letters, but for furniture and marks."""
    dropped = find_furniture(made).lines
    printed: Counter[str] = Counter()
    for page, furniture in zip(made, dropped, strict=True):
        for index, line in enumerate(page.lines):
            if index not in furniture:
                for word in line.words:
                    printed.update(letter for letter in word.text if letter.isalpha())
    written: Counter[str] = Counter()
    for unit in build_units("", made).units:
        written.update(letter for letter in unit.text if letter.isalpha())
    assert not written - printed, "made up"
    marks = {"x", "i", "a", "A", "o", "v", "Ø", "ü"}
    lost = {letter for letter in printed - written if letter not in marks}
    raised = {
        letter
        for page in made
        for line in page.lines
        for index in line.superscripts
        for letter in line.words[index].text
    }
    enumerators = {
        letter
        for page in made
        for line in page.lines
        for word in line.words
        if len(word.text.strip("().")) == 1
        for letter in word.text
    }
    assert lost <= raised | enumerators, "lost"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["Emissions fall.", "We act; they", "wait", "until 2030."]), min_size=1
    )
)
def test_running_text_is_kept_in_order(sentences: list[str]) -> None:
    """The words of one column come out in the order they went in."""
    content = tuple(
        Line(
            tuple(
                Word(text, (72 + 40 * place, 100 + 12 * row, 105 + 40 * place, 111 + 12 * row))
                for place, text in enumerate(sentence.split())
            ),
            (72, 100 + 12 * row, 72 + 40 * len(sentence.split()), 111 + 12 * row),
            0,
            11,
        )
        for row, sentence in enumerate(sentences)
    )
    rect: Rect = content[0].rect
    made = Page(1, 595, max(842.0, rect[3] + 14 * len(content)), PageState.TEXT, "", content)
    units = build_units("", [made]).units
    assert " ".join(unit.text for unit in units).split() == " ".join(sentences).split()
