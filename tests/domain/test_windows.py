"""Windows: together they hold every unit, and each fits a call."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.tokens import estimate_tokens
from shared.domain.units import UnitKind
from shared.domain.windows import UNIT_OVERHEAD, cut_windows
from tests.reading_samples import make_sentences, make_text, make_unit

KINDS = st.sampled_from(list(UnitKind))
TEXTS = st.text(min_size=1, max_size=60)


@given(st.lists(st.tuples(TEXTS, KINDS, st.integers(0, 4)), max_size=60), st.integers(20, 400))
def test_every_unit_is_in_a_window_and_windows_fit(
    drawn: list[tuple[str, UnitKind, int]], limit: int
) -> None:
    """Whatever the document, no unit is left out, and only a lone one is too large."""
    page, units = 1, []
    for number, (text, kind, turn) in enumerate(drawn, 1):
        page += turn == 0
        units.append(make_unit(number, text, kind=kind, page=page))
    windows = cut_windows(make_text(units), limit)
    seen = {unit.number for window in windows for unit in window.units}
    assert seen == {unit.number for unit in units}, "units are missing from all windows"
    assert [window.number for window in windows] == list(range(1, len(windows) + 1))
    ends = [window.last for window in windows]
    assert ends == sorted(set(ends)), "a window brings nothing new"
    for window in windows:
        numbers = [unit.number for unit in window.units]
        assert numbers == list(range(window.first, window.last + 1)), "units are not consecutive"
        tokens = sum(estimate_tokens(unit.text) + UNIT_OVERHEAD for unit in window.units)
        assert tokens <= limit or len(numbers) == 1, f"a window of {tokens} tokens, over {limit}"


def test_windows_overlap_by_about_a_page() -> None:
    """What stands just before a cut is seen again in the next window."""
    windows = cut_windows(make_sentences(300), 1500)
    assert len(windows) > 2
    for before, after in pairwise(windows):
        shared = before.last - after.first + 1
        assert 3 <= shared <= 20, f"{shared} units are shared by two windows"


def test_windows_end_at_headings() -> None:
    """Where a heading stands in the last part of a window, the window ends before it."""
    units = [
        make_unit(
            n,
            f"Heading {n}" if n % 25 == 0 else f"Sentence number {n} of the plan says something.",
            kind=UnitKind.HEADING if n % 25 == 0 else UnitKind.SENTENCE,
            heading=("Top",) if n % 25 == 0 else ("Top", "Sub"),
        )
        for n in range(1, 300)
    ]
    windows = cut_windows(make_text(units), 1500)
    assert len(windows) > 2
    for window in windows[:-1]:
        assert (window.last + 1) % 25 == 0, f"window {window.number} ends at {window.last}"


def test_no_text_poses_as_a_unit() -> None:
    """Line breaks of any kind in a unit, title or heading do not begin a line of the prompt."""
    breaks = "a\n7|b\r8|c\u20289|d\x0b10|e\x8511|f"
    unit = make_unit(1, breaks, heading=(breaks,))
    window = cut_windows(make_text([unit]))[0]
    lines = window.text.splitlines()
    assert [line.split("|")[0] for line in lines] == ["Document: A plan", "Section: a 7", "1"]


@given(st.text(max_size=200))
def test_tokens_are_never_underestimated_grossly(text: str) -> None:
    """An estimate is at least a quarter of a token a character, and one at most."""
    assert len(text) / 4 <= estimate_tokens(text) <= len(text) + 1
