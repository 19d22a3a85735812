"""Parsed answers → passages that stand where the model says they do.

A wrong number never becomes a quote of something else: the check words must stand in the units
named. Where they do not, but stand in exactly one place within three units, the number is put
right and the passage says so; else the entry is wrong and is asked for again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.answers import Pointer, Strength, parse_answer
from shared.domain.check_words import Span, locate
from shared.domain.readings import Answer
from shared.domain.units import Unit
from shared.domain.windows import Window

SHIFT = 3
"""Units by which a number may be off and still be put right."""

LONGEST = 30
"""Units of one passage; what is longer is no passage but a chapter."""

NOT_IN_DOCUMENT = "an answer whose words are not in the document"


@dataclass(frozen=True, slots=True)
class Passage:
    """Consecutive units, by number, that address a variable.

    The focus begins at character `focus_start` of unit `focus_first` and ends before character
    `focus_end` of unit `focus_last`.
    """

    first: int
    last: int
    focus_first: int
    focus_start: int
    focus_last: int
    focus_end: int
    strength: Strength
    why: str = ""
    renumbered: bool = False


@dataclass(frozen=True, slots=True)
class CheckedEntry:
    """What holds of one variable's entry; `right` is False where a part of it did not."""

    passages: tuple[Passage, ...]
    answer: str
    right: bool


@dataclass(frozen=True, slots=True)
class CheckedAnswer:
    """Entries by variable number; a variable without usable entry is not there.

    `complaint` tells the model what was wrong, `fault` the user; both empty where all is right.
    """

    entries: dict[int, CheckedEntry]
    complaint: str = ""
    fault: str = ""


def check_answer(answer: Answer, window: Window, asked: Sequence[int]) -> CheckedAnswer:
    """What holds of an answer about `window`, for the variable numbers `asked`."""
    parsed = parse_answer(answer, asked)
    entries: dict[int, CheckedEntry] = {}
    complaints = [parsed.complaint] if parsed.complaint else []
    faults = [f"an answer that could not be used: {parsed.complaint}"] if parsed.complaint else []
    for number, entry in parsed.entries.items():
        found = [check_pointer(pointer, window.units) for pointer in entry.quotes]
        passages = tuple(passage for passage in found if passage is not None)
        right = len(passages) == len(found)
        entries[number] = CheckedEntry(passages, entry.answer.strip(), right)
        if not right:
            complaints.append(_complain(number, entry.quotes, found, window))
            faults.append(NOT_IN_DOCUMENT)
    return CheckedAnswer(entries, "; ".join(complaints), "; ".join(dict.fromkeys(faults)))


def check_pointer(pointer: Pointer, units: Sequence[Unit]) -> Passage | None:
    """The passage a pointer names, its numbers put right where that is certain, or None."""
    base = units[0].number
    first, last = pointer.first - base, pointer.last - base
    if not (-SHIFT <= first <= last < len(units) + SHIFT) or last - first >= LONGEST:
        return None
    span: Span | None = None
    if first >= 0 and last < len(units):
        span = locate(units, first, last, pointer.starts, pointer.ends)
    renumbered = span is None
    span = span or _shifted(pointer, units, first, last)
    if span is None:
        return None
    return Passage(
        first=units[span.first].number,
        last=units[span.last].number,
        focus_first=units[span.first].number,
        focus_start=span.start,
        focus_last=units[span.last].number,
        focus_end=span.end,
        strength=pointer.strength,
        why=" ".join(pointer.why.split()),
        renumbered=renumbered,
    )


def _shifted(pointer: Pointer, units: Sequence[Unit], first: int, last: int) -> Span | None:
    """The one place near by where the check words stand; None where there is none, or several.

    A place of the same length is meant before one that stretches the passage.
    """
    near = [
        span
        for begin in range(max(0, first - SHIFT), min(len(units), first + SHIFT + 1))
        for end in range(max(begin, last - SHIFT), min(len(units), last + SHIFT + 1))
        if (span := locate(units, begin, end, pointer.starts, pointer.ends)) is not None
    ]
    same_length = [span for span in near if span.last - span.first == last - first]
    candidates = same_length or near
    return candidates[0] if len(candidates) == 1 else None


def _complain(
    number: int, pointers: Sequence[Pointer], found: Sequence[Passage | None], window: Window
) -> str:
    wrong = [
        f"{pointer.first}-{pointer.last}"
        for pointer, passage in zip(pointers, found, strict=True)
        if passage is None
    ]
    return (
        f"for variable {number}, `starts` or `ends` of {', '.join(wrong[:5])} do not stand in "
        f"these units (the part has units {window.first} to {window.last}; "
        f"a passage has at most {LONGEST})"
    )
