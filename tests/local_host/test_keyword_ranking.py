"""The stand-in's ranking finds what shares words with a variable, and nothing where none does."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_host.keyword_ranking import (
    MOST_QUOTES,
    Match,
    NumberedUnit,
    Subject,
    Window,
    is_heading,
    make_subject,
    rank,
)

SDG_7 = make_subject(
    "SDG 7",
    "Extract any quote that addresses “SDG 7” which we define as “Ensure access to affordable, "
    "reliable, sustainable and modern energy for all”.",
)
NET_ZERO = make_subject("Net-zero target", "Extract any quote that addresses “Net-zero target”.")

POLICY = (
    "3 Energy",
    "The government met in March to discuss the budget.",
    "By 2030, every household will have access to affordable and reliable modern energy.",
    "Cattle are kept in the northern provinces.",
    "Canada will reach net-zero emissions, as the Act requires, no later than 2050.",
    "Affordable energy",
    "Le Sénégal vise la neutralité carbone à l'horizon 2050 ; les forêts y contribuent.",
    "Table of contents ........ affordable modern energy ........ 12",
)
FOOTBALL = (
    "The home side won the match by two goals to one after extra time.",
    "Its captain, back from an injury, scored with a header from a corner.",
    "Supporters had access to the stadium from noon and sang for all of the ninety minutes.",
    "The modern stand was full, and the league table did not change.",
)


def window(lines: tuple[str, ...], first: int = 100) -> Window:
    """Lines as numbered units."""
    return Window(tuple(NumberedUnit(first + n, line) for n, line in enumerate(lines)))


def test_the_unit_about_the_subject_is_found() -> None:
    """Of headings, contents and other sentences, only the sentence that says it is returned."""
    matches = rank(window(POLICY), SDG_7)
    assert [(match.first, match.last) for match in matches] == [(102, 102)]
    assert matches[0].strength == "explicit"
    assert {"affordable", "reliable", "modern", "energy"} <= set(matches[0].words)


def test_other_languages_are_found_by_their_notions() -> None:
    """An English variable finds the French sentence beside the English one."""
    assert [match.first for match in rank(window(POLICY), NET_ZERO)] == [104, 106]


def test_the_relevant_clause_is_shown() -> None:
    """`starts` and `ends` bound the clause, not the whole unit."""
    found = rank(window((POLICY[6],)), NET_ZERO)[0]
    assert found.starts.startswith("Le Sénégal vise")
    assert found.ends == "neutralité carbone à l'horizon 2050"


@pytest.mark.parametrize("subject", [SDG_7, NET_ZERO], ids=["SDG 7", "net zero"])
def test_an_unrelated_document_gives_nothing(subject: Subject) -> None:
    """Chance words (access, modern, all) are no finding."""
    assert rank(window(FOOTBALL), subject) == []


def test_an_empty_window_gives_nothing() -> None:
    """No units, no spans, no error."""
    assert rank(Window(()), SDG_7) == []


def test_strong_neighbours_form_one_span() -> None:
    """Two sentences in a row about the subject are one quote; a gap in the numbers parts them."""
    line = "Affordable and reliable modern energy is for all households."
    joined = Window((NumberedUnit(5, line), NumberedUnit(6, line)))
    parted = Window((NumberedUnit(5, line), NumberedUnit(8, line)))
    assert [(match.first, match.last) for match in rank(joined, SDG_7)] == [(5, 6)]
    assert [(match.first, match.last) for match in rank(parted, SDG_7)] == [(5, 5), (8, 8)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3.1 Renewable energy", True),
        ("ANNEX B. ENERGY TARGETS", True),
        ("Renewable energy: 60% of generation", False),
        ("Renewable energy by 2030", False),
        ("We will end coal.", False),
        ("7.2 Energy . . . . . . . . . 41", True),
    ],
)
def test_headings_are_told_from_facts(text: str, expected: bool) -> None:
    """Short lines without a sentence or a figure only name a subject."""
    assert is_heading(text) is expected


WORDS = st.sampled_from(
    [
        "energy",
        "affordable",
        "modern",
        "net",
        "zero",
        "l'énergie",
        "可再生能源",
        "الطاقة",
        "2030",
        "—",
    ]
)
LINES = st.lists(st.lists(WORDS, max_size=25).map(" ".join), max_size=40)


@given(LINES)
def test_every_span_stands_in_the_window(lines: list[str]) -> None:
    """Numbers exist and are in order, spans do not overlap, check words are copied exactly."""
    units = window(tuple(lines))
    matches = rank(units, SDG_7)
    assert len(matches) <= MOST_QUOTES
    texts = {unit.number: unit.text for unit in units.units}
    last = 0
    for match in matches:
        assert last < match.first <= match.last
        last = match.last
        assert match.starts
        assert match.starts in texts[match.first]
        assert match.ends
        assert match.ends in texts[match.last]


def test_the_order_of_hashing_changes_nothing() -> None:
    """Two processes with different hash seeds give the same spans."""
    program = (
        "from tests.local_host.test_keyword_ranking import *\n"
        "print(rank(window(POLICY * 9), SDG_7))"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1
    assert Match.__name__ in answers.pop()
