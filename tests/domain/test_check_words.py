"""Check words are found where they stand, whatever marks a model changed, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.answers import Pointer, Strength
from shared.domain.check_words import locate
from shared.domain.checks import check_pointer
from shared.domain.units import Unit
from tests.reading_samples import make_sentences, make_unit


def find(text: str, starts: str, ends: str) -> str | None:
    """The focus of one unit, or None."""
    span = locate([make_unit(1, text)], 0, 0, starts, ends)
    return None if span is None else text[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "starts", "ends", "focus"),
    [
        ("We will reach net‑zero by 2050.", "reach net-zero", "by 2050", "reach net‑zero by 2050"),
        ("The “Act” of 2021 holds.", '"act" of', "2021", "Act” of 2021"),
        ("L’objectif est de 40 %.", "l'objectif", "40%", "L’objectif est de 40"),
        ("到2030年实现碳达峰目标。", "实现碳达峰", "目标", "实现碳达峰目标"),
        (
            "نحقق الحياد الكربوني بحلول 2060",
            "الحياد الكربوني",
            "2060",
            "الحياد الكربوني بحلول 2060",
        ),
        ("Émissions réduites de moitié", "émissions", "moitié", "Émissions réduites de moitié"),
        ("by 2030 and again by 2030 it ends", "by 2030", "by 2030", "by 2030 and again by 2030"),
        ("\u064bعلمنا اليوم", "علمنا", "اليوم", "علمنا اليوم"),
        ("the e\u0301tat resume\u0301", "tat", "resume", None),
        ("the e\u0301tat resume\u0301", "état", "resumé", "e\u0301tat resume\u0301"),
        ("This is it.", "is", "it", "is it"),
        ("This has it.", "is", "it", None),
        ("We act by 2030.", "we act by 2040", "2030", None),
        ("We act by 2030.", "", "2030", None),
        ("We act by 2030.", "—", "2030", None),
        ("Later words then earlier words", "earlier", "then", None),
    ],
)
def test_focus_of_one_unit(text: str, starts: str, ends: str, focus: str | None) -> None:
    """Letters and digits decide, in full words, wherever a script sets words apart."""
    assert find(text, starts, ends) == focus


def test_words_may_run_on_into_the_next_unit() -> None:
    """Check words longer than their unit count, as long as they begin or end in it."""
    units = [make_unit(1, "Net zero."), make_unit(2, "By 2050 at the latest.")]
    span = locate(units, 0, 1, "net zero by 2050", "net zero by 2050 at the latest")
    assert span is not None
    assert (span.start, span.end) == (0, 21), "the focus is not the whole of both units"
    assert locate(units, 0, 1, "by 2050", "latest") is None, "`starts` stands in the second unit"


@given(st.text(max_size=80), st.text(max_size=20), st.text(max_size=20))
def test_any_words_give_a_span_in_the_text_or_none(text: str, starts: str, ends: str) -> None:
    """Random text and check words never fail, nor point outside the text."""
    span = locate([make_unit(1, text)], 0, 0, starts, ends)
    if span is not None:
        assert 0 <= span.start < span.end <= len(text)


def _pointer(unit: Unit, by: int) -> Pointer:
    return Pointer(
        first=unit.number + by,
        last=unit.number + by,
        starts=" ".join(unit.text.split()[:3]),
        ends=" ".join(unit.text.split()[-3:]),
        strength=Strength.EXPLICIT,
        why="",
    )


@given(st.integers(1, 40), st.integers(-6, 6))
def test_shifted_numbers_are_put_right_or_caught(number: int, by: int) -> None:
    """A number off by up to three is put right and marked; one further off is no passage."""
    units = make_sentences(40).units
    passage = check_pointer(_pointer(units[number - 1], by), units)
    if abs(by) > 3:
        assert passage is None, "a quote was found far from where the answer pointed"
        return
    assert passage is not None
    assert (passage.first, passage.last) == (number, number)
    assert passage.renumbered == (by != 0)


def test_a_shift_must_be_unique() -> None:
    """Where the check words stand in two places near by, neither is taken."""
    texts = ["Nothing.", "We reach it by 2030.", "Something else.", "We reach it by 2030."]
    units = [make_unit(n, text) for n, text in enumerate(texts, 1)]
    assert check_pointer(_pointer(units[1], 1), units) is None


def test_what_is_longer_than_a_passage_is_refused() -> None:
    """A chapter is no quote, even if its first and last words are right."""
    units = make_sentences(60).units
    pointer = _pointer(units[0], 0).model_copy(update={"last": 60, "ends": "by 2060"})
    assert check_pointer(pointer, units) is None
