"""Where check words stand in units: letters and digits alone decide, in order, in full words.

Models change quotation marks, dashes, white space and case when they copy; none of that makes
check words wrong. What is quoted is sliced from the unit all the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.domain.units import Unit

_RUNS_ON = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef]"
)
"""Scripts that set no space between words."""


@dataclass(frozen=True, slots=True)
class _Squeezed:
    """A text without all but letters and digits, folded; `places[i]` is where letter i stood."""

    letters: str
    places: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From a character of one unit to a character of another; `end` is exclusive."""

    first: int
    start: int
    last: int
    end: int


def locate(units: Sequence[Unit], first: int, last: int, starts: str, ends: str) -> Span | None:
    """The passage of `units[first..last]` between its check words, or None where they do not stand.

    `starts` must begin in the first and `ends` must end in the last of these units.
    """
    span = units[first : last + 1]
    beginning = _find(span, starts, at_end=False)
    ending = _find(span, ends, at_end=True)
    if beginning is None or ending is None:
        return None
    start, end = beginning[0], ending[1]
    if first == last and end <= start:
        return None
    return Span(first, start, last, end)


def _find(units: Sequence[Unit], words: str, *, at_end: bool) -> tuple[int, int] | None:
    """Offsets of `words` where they first stand (or, `at_end`, last), in that outermost unit.

    Words that run on into the next unit, as far as they go, count: the offset asked for is the
    one at their outer end.
    """
    wanted = _squeeze(words).letters
    if not wanted:
        return None
    order = range(len(units) - 1, -1, -1) if at_end else range(len(units))
    parts: list[_Squeezed] = []
    gathered = 0
    for place in order:
        part = _squeeze(units[place].text)
        parts.append(part)
        gathered += len(part.letters)
        if gathered >= len(wanted) + len(parts[0].letters):
            break
    if at_end:
        return _find_last(units[-1].text, parts, wanted)
    return _find_first(units[0].text, parts, wanted)


def _find_first(text: str, parts: Sequence[_Squeezed], wanted: str) -> tuple[int, int] | None:
    """Where `wanted` begins in the first part."""
    first = parts[0]
    letters = "".join(part.letters for part in parts)
    at = letters.find(wanted)
    while 0 <= at < len(first.letters):
        end = at + len(wanted)
        inside = end <= len(first.letters)
        if _begins_word(text, first.places[at]) and (
            not inside or _ends_word(text, first.places[end - 1])
        ):
            stop = _past_marks(text, first.places[end - 1] + 1) if inside else len(text)
            return first.places[at], stop
        at = letters.find(wanted, at + 1)
    return None


def _find_last(text: str, parts: Sequence[_Squeezed], wanted: str) -> tuple[int, int] | None:
    """Where `wanted` ends in the last unit, whose part comes first in `parts`."""
    final = parts[0]
    letters = "".join(part.letters for part in reversed(parts))
    before = len(letters) - len(final.letters)
    at = letters.rfind(wanted)
    while at >= 0 and at + len(wanted) > before:
        end = at + len(wanted) - before
        inside = at >= before
        if _ends_word(text, final.places[end - 1]) and (
            not inside or _begins_word(text, final.places[at - before])
        ):
            start = final.places[at - before] if inside else 0
            return start, _past_marks(text, final.places[end - 1] + 1)
        at = letters.rfind(wanted, 0, at + len(wanted) - 1)
    return None


def _begins_word(text: str, place: int) -> bool:
    before = place - 1
    while before >= 0 and _is_mark(text[before]):
        before -= 1
    return before < 0 or _is_edge(text[before], text[place])


def _ends_word(text: str, place: int) -> bool:
    after = _past_marks(text, place + 1)
    return after == len(text) or _is_edge(text[place], text[after])


def _past_marks(text: str, place: int) -> int:
    """The first place from `place` on that holds no accent or vowel sign of the letter before."""
    while place < len(text) and _is_mark(text[place]):
        place += 1
    return place


def _is_edge(before: str, after: str) -> bool:
    """Whether a word may end between two letters, or signs, that follow each other."""
    if _RUNS_ON.match(before) or _RUNS_ON.match(after):
        return True
    return not (before.isalnum() and after.isalnum())


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


@lru_cache(maxsize=4096)
def _squeeze(text: str) -> _Squeezed:
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        folded = character.casefold() if character.isascii() else _fold(character)
        for letter in folded:
            if letter.isalnum():
                letters.append(letter)
                places.append(place)
    return _Squeezed("".join(letters), tuple(places))


def _fold(character: str) -> str:
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
