"""Rows in reading order → paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.domain.line_marks import (
    CAPTION_NUMBERED,
    ENUMERATOR,
    STARTS_LOWER,
    STARTS_UPPER,
    ends,
    goes_before_item,
    has_leaders,
    marker_length,
    starts_with_bullet,
    succeeds,
)
from shared.domain.rows import Row, follows, merge_segments
from shared.domain.unit import UnitKind


@dataclass(slots=True)
class Paragraph:
    """Rows that belong together; `skip` words at the start are its marker."""

    rows: list[Row]
    kind: UnitKind = UnitKind.SENTENCE
    skip: int = 0
    level: int = 0

    @property
    def text(self) -> str:
        """Its words as printed."""
        return " ".join([row.text for row in self.rows])

    @property
    def first(self) -> Row:
        """Its first row."""
        return self.rows[0]

    @property
    def last(self) -> Row:
        """Its last row."""
        return self.rows[-1]


def split_block(rows: Sequence[Row]) -> list[Paragraph]:
    """Paragraphs of one block of text."""
    merged = merge_segments(rows, keep_apart=starts_with_bullet)
    right = max(row.rect[2] for row in merged)
    left = min(row.rect[0] for row in merged)
    pitch = _pitch(merged)
    paragraphs: list[Paragraph] = []
    for row in merged:
        if paragraphs and not _begins(paragraphs[-1], row, left, right, pitch):
            paragraphs[-1].rows.append(row)
        else:
            paragraphs.append(Paragraph([row]))
    return paragraphs


def _pitch(rows: Sequence[Row]) -> float:
    """The usual distance from line to line."""
    steps = sorted(
        second.rect[1] - first.rect[1]
        for first, second in pairwise(rows)
        if second.rect[1] > first.rect[1]
    )
    return steps[len(steps) // 4] if steps else 0.0


def _begins(open_paragraph: Paragraph, row: Row, left: float, right: float, pitch: float) -> bool:
    """Whether a row begins a paragraph of its own."""
    before = open_paragraph.last
    return (
        not follows(before, row)
        or _is_set_differently(before, row)
        or _is_marked(open_paragraph, row)
        or bool(pitch and row.rect[1] - before.rect[1] > 1.4 * pitch)
        or _ended_early(open_paragraph, row, left, right)
        or _was_broken(before, row, right)
    )


def _is_set_differently(before: Row, row: Row) -> bool:
    if abs(row.size - before.size) > 0.12 * before.size and len(row.words) > 1:
        return True
    return row.bold != before.bold and not STARTS_LOWER.match(row.text)


def _is_marked(open_paragraph: Paragraph, row: Row) -> bool:
    """A list marker, a footnote's number, a caption, or the line after one of a contents list."""
    if marker_length(row) and _is_listed(open_paragraph, row):
        return True
    first = row.words[0].text
    if first.isdecimal() and (
        0 in row.raised or succeeds(open_paragraph.first.words[0].text, first)
    ):
        return True
    return bool(has_leaders(open_paragraph.last.text) or CAPTION_NUMBERED.match(row.text))


def _ended_early(open_paragraph: Paragraph, row: Row, left: float, right: float) -> bool:
    """The line before ended a sentence short of the margin, or this one is indented."""
    before = open_paragraph.last
    if not ends(before.text):
        return False
    indented = row.rect[0] - before.rect[0] > 5 and row.rect[0] - left > 5
    hanging = bool(marker_length(open_paragraph.first))
    return before.rect[2] < right - 0.15 * (right - left) or (indented and not hanging)


def _was_broken(before: Row, row: Row, right: float) -> bool:
    """The first word of this line would have fitted on the line before: somebody broke it."""
    if not STARTS_UPPER.match(row.text) or before.text.endswith((",", "-", "\u2010", "\u00ad")):
        return False
    first = (row.rect[2] - row.rect[0]) * len(row.words[0].text) / len(row.text)
    room = right - before.rect[2] - first - 0.3 * row.size
    return room > 1.5 * row.size


def _is_listed(open_paragraph: Paragraph, row: Row) -> bool:
    """A dash or number at the start of a line is a marker only where a list is plausible."""
    first, opening = row.words[0].text, open_paragraph.first
    in_list = marker_length(opening) > 0
    if first in "–—-*":
        return ends(open_paragraph.last.text) or (in_list and opening.words[0].text == first)
    if ENUMERATOR.match(first):
        if in_list and succeeds(opening.words[0].text, first):
            return True
        return goes_before_item(open_paragraph.last.text)
    return True


def _is_rest_of_range(before: Row, after: Row) -> bool:
    """“between 30” and “- 35 per cent”: the dash is no list marker."""
    return (
        len(after.words) > 1
        and after.words[0].text in "–—-"
        and after.words[1].text[0].isdecimal()
        and before.text[-1].isdecimal()
    )


def continues(before: Paragraph, after: Paragraph) -> bool:
    """Whether a paragraph is the rest of one that stopped at the foot of a column or page."""
    if before.kind not in {UnitKind.SENTENCE, UnitKind.LIST_ITEM}:
        return False
    if not follows(before.last, after.first):
        return False
    if _is_rest_of_range(before.last, after.first):
        return True
    if after.kind is not UnitKind.SENTENCE or not _is_open(before):
        return False
    if abs(before.last.size - after.first.size) > 0.6 or before.last.bold != after.first.bold:
        return False
    tail = before.last.text
    return bool(STARTS_LOWER.match(after.first.text)) or tail.endswith((",", "-", "\u00ad"))


def _is_open(paragraph: Paragraph) -> bool:
    """Whether its last line leaves a sentence unfinished."""
    tail = paragraph.last.text
    if has_leaders(tail) or ends(tail):
        return False
    return len(paragraph.rows) > 1 or len(paragraph.last.words) > 2
