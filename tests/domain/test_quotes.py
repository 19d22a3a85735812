"""Quotes are slices of the document, merged the same way in whatever order they were found."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.answers import Strength
from shared.domain.checks import Passage
from shared.domain.merging import merge_passages
from shared.domain.pages import PageState
from shared.domain.quotes import Quote, QuoteSlicer, line_boxes
from shared.domain.units import DocumentText, Place, UnitKind
from tests.reading_samples import make_text, make_unit

KINDS = [
    UnitKind.SENTENCE,
    UnitKind.SENTENCE,
    UnitKind.SENTENCE,
    UnitKind.HEADING,
    UnitKind.TABLE_ROW,
    UnitKind.LIST_ITEM,
]


def make_passage(
    first: int, last: int = 0, strength: str = "explicit", why: str = "", start: int = 0
) -> Passage:
    """A passage whose focus begins at `start` and ends four characters into its last unit."""
    last = last or first
    return Passage(first, last, first, start, last, 4 + start, Strength(strength), why)


def slice_all(text: DocumentText, *passages: Passage, justify: bool = True) -> tuple[Quote, ...]:
    """The quotes of one variable."""
    return QuoteSlicer("d1", text).slice("v1", passages, justify=justify)


@st.composite
def documents(draw: st.DrawFn) -> DocumentText:
    """Thirty units of mixed kinds in paragraphs of mixed lengths; a few texts come twice."""
    paragraph, units = 0, []
    for number in range(1, 31):
        paragraph += draw(st.integers(0, 3)) == 0
        text = f"Sentence {draw(st.integers(1, 40))} of the plan."
        kind = draw(st.sampled_from(KINDS))
        units.append(make_unit(number, text, kind=kind, paragraph=paragraph))
    return make_text(units)


PASSAGES = st.lists(
    st.builds(
        lambda first, more, strength, why: make_passage(
            first, min(30, first + more), strength, why
        ),
        st.integers(1, 30),
        st.integers(0, 3),
        st.sampled_from(["explicit", "implicit", "mention"]),
        st.sampled_from(["", "a", "b"]),
    ),
    max_size=15,
)


@given(documents(), PASSAGES, st.randoms())
def test_merging_knows_no_order_and_no_repetition(
    text: DocumentText, passages: list[Passage], dice: random.Random
) -> None:
    """Order and repetition change nothing; merging what is merged changes nothing."""
    units = {unit.number: unit for unit in text.units}
    merged = merge_passages(passages, units)
    shuffled = [*passages, *passages[:3]]
    dice.shuffle(shuffled)
    assert merge_passages(shuffled, units) == merged
    assert merge_passages(merged, units) == merged
    before = {n for p in passages for n in range(p.first, p.last + 1)}
    after = [n for p in merged for n in range(p.first, p.last + 1)]
    assert sorted(after) == sorted(before), "merging loses, adds or doubles units"


def test_of_equals_the_same_one_speaks() -> None:
    """Which of several reasons is kept depends on the reasons, not on chance."""
    text = make_text([make_unit(n, f"Sentence {n} here.") for n in range(1, 4)])
    (quote,) = slice_all(text, *(make_passage(2, why=why) for why in "hgfedcba"))
    assert quote.justification == "a"


@given(documents(), PASSAGES)
def test_quotes_are_slices(text: DocumentText, passages: list[Passage]) -> None:
    """Every quote is the text of its units, its focus lies in it, its boxes on its pages."""
    by_number = {unit.number: unit for unit in text.units}
    quotes = slice_all(text, *passages)
    assert len({quote.id for quote in quotes}) == len(quotes), "two quotes share an id"
    for quote in quotes:
        units = [by_number[n] for n in quote.units]
        assert quote.text.split() == [word for unit in units for word in unit.text.split()]
        assert 0 <= quote.focus[0] < quote.focus[1] <= len(quote.text)
        assert quote.pdf_pages == tuple(dict.fromkeys(p for unit in units for p in unit.pages))
        assert {box.page for box in quote.boxes} == set(quote.pdf_pages)
        assert quote.focus_boxes, "the focus has no place on the page"
        assert set(quote.also_on_pages).isdisjoint(quote.pdf_pages)
    ranks = [(list(Strength).index(Strength(q.strength)), q.units[0]) for q in quotes]
    assert ranks == sorted(ranks), "quotes are not ordered by strength, then place"


def test_neighbours_of_a_paragraph_become_one_quote() -> None:
    """Adjoining sentences merge, with the strongest's strength and reason, up to five units."""
    text = make_text([make_unit(n, f"Sentence {n} here.") for n in range(1, 8)])
    quotes = slice_all(
        text, make_passage(2, why="weak", strength="mention"), make_passage(3, why="strong")
    )
    (quote,) = quotes
    assert quote.text == "Sentence 2 here. Sentence 3 here."
    assert (quote.strength, quote.justification) == ("explicit", "strong")
    assert quote.text[slice(*quote.focus)] == "Sentence 2 here. Sent"
    assert (quote.before, quote.after) == ("Sentence 1 here.", "Sentence 4 here.")
    many = slice_all(text, *(make_passage(n) for n in range(1, 8)))
    assert [quote.units for quote in many] == [(1, 2, 3, 4, 5), (6, 7)]


@pytest.mark.parametrize("kind", [UnitKind.HEADING, UnitKind.TABLE_ROW])
def test_rows_and_headings_stay_apart(kind: UnitKind) -> None:
    """Rows of a table are quotes of their own, and no quote grows across a heading."""
    text = make_text([make_unit(n, f"Row {n} here.", kind=kind) for n in (1, 2, 3)])
    assert len(slice_all(text, make_passage(1), make_passage(2))) == 2
    mixed = make_text([make_unit(1, "One here."), make_unit(2, "Two here.", kind=kind)])
    assert len(slice_all(mixed, make_passage(1), make_passage(2))) == 2


def test_paragraphs_are_set_apart_in_a_quote() -> None:
    """A quote across paragraphs shows where one ends; neighbours in two paragraphs stay two."""
    text = make_text([make_unit(n, f"Text {n} here.", paragraph=n) for n in (1, 2)])
    (quote,) = slice_all(text, make_passage(1, 2))
    assert quote.text == "Text 1 here.\nText 2 here."
    assert len(slice_all(text, make_passage(1), make_passage(2))) == 2


def test_repeated_text_is_one_quote() -> None:
    """The same words elsewhere are told by page, whether the model found them there or not."""
    text = make_text(
        [
            make_unit(n, "We protect every forest of the land." if n in {1, 11, 21} else f"No {n}.")
            for n in range(1, 31)
        ]
    )
    (quote,) = slice_all(text, make_passage(11), make_passage(1))
    assert quote.units == (1,)
    assert quote.also_on_pages == (2, 3)
    assert quote.printed_pages == ("p1",)


def test_id_survives_other_findings() -> None:
    """A quote keeps its id whatever is found beside it or before it in the document."""
    text = make_text([make_unit(n, f"Sentence {n} here.", paragraph=n) for n in range(1, 8)])
    alone = slice_all(text, make_passage(5))
    among = slice_all(text, make_passage(1), make_passage(5), make_passage(7))
    assert alone[0] in among


def test_untrusted_source_and_renumbering_are_told() -> None:
    """A quote says where its text comes from, and whether its number was put right."""
    units = [
        make_unit(1, "Read by machine."),
        make_unit(2, "Not sure.", source=PageState.UNTRUSTED),
    ]
    (quote,) = slice_all(make_text(units), replace(make_passage(1, 2), renumbered=True))
    assert quote.source == "untrusted"
    assert quote.checks == ("text layer doubtful", "renumbered")
    (doubtful,) = slice_all(make_text(units), make_passage(2))
    assert doubtful.checks == ("text layer doubtful",)
    (trusted,) = slice_all(make_text(units), replace(make_passage(1), renumbered=True))
    assert trusted.checks == ("verbatim", "renumbered")
    assert slice_all(make_text(units), make_passage(1), justify=False)[0].justification is None


def test_one_box_for_each_line() -> None:
    """Words of a line share a box, also from right to left; lines, columns and pages do not."""
    words = [(10, 100, 1), (40, 100, 1), (10, 120, 1), (-15, 120, 1), (300, 120, 1), (300, 120, 2)]
    places = [Place(0, 1, page, (float(x), float(y), x + 20.0, y + 10.0)) for x, y, page in words]
    boxes = line_boxes(places)
    assert [(box.page, box.rect[0], box.rect[2]) for box in boxes] == [
        (1, 10, 60),
        (1, -15, 30),
        (1, 300, 320),
        (2, 300, 320),
    ]
