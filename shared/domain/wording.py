"""Printed words → running text, each character knowing where it stands."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from shared.domain.hyphens import HYPHENS, SOFT_HYPHEN, Vocabulary, joins, loses_hyphen
from shared.domain.pages import Rect, Word
from shared.domain.rows import Row
from shared.domain.unit import Place

_FIRST_UNSPACED = "\u3000"
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_NOT_PLAIN = re.compile(f"[{SOFT_HYPHEN}\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_TAKES_POWER = re.compile(r"(?:^|[^A-Za-z])(?:[kcmdµ]?m|ft|mi|in|s|h|yr|CO|10|R|x|W)$")
_IS_POWER = re.compile(r"^[-–−]?[23]?\d?$")
_IS_ENDING = re.compile(r"^(?:st|nd|rd|th|er|re|e|ème|eme|o|a|os|as)\b")


Spot = tuple[int, int, int, Rect]
"""Start, end, page and rectangle of a word: a `Place` before it is cut."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Running text with the place of every word part; `marks` are spans of raised marks."""

    text: str
    places: tuple[Spot, ...]
    marks: tuple[tuple[int, int], ...] = ()

    def cut(self, start: int, end: int) -> tuple[str, tuple[Place, ...]]:
        """The text of a span and its places, counted from the span's start."""
        opening = bisect_right(self.places, start, key=_end)
        closing = bisect_left(self.places, end, lo=opening, key=_start)
        places = [
            Place(first - start, last - start, page, rect)
            for first, last, page, rect in self.places[opening:closing]
        ]
        for edge in (0, -1) if places else ():
            places[edge] = _clipped(places[edge], end - start)
        return self.text[start:end], tuple(places)


_start, _end = itemgetter(0), itemgetter(1)


def _clipped(place: Place, length: int) -> Place:
    """What of a place lies within the first `length` characters."""
    if place.start >= 0 and place.end <= length:
        return place
    start, end = max(place.start, 0), min(place.end, length)
    return Place(start, end, place.page, _part(place.rect, place.start, place.end, start, end))


def _part(rect: Rect, first: int, last: int, start: int, end: int) -> Rect:
    """The part of a word's rectangle that its characters from `start` to `end` take up."""
    width = (rect[2] - rect[0]) / (last - first)
    left = round(rect[0] + width * (start - first), 1)
    right = round(rect[2] - width * (last - end), 1)
    return (left, rect[1], right, rect[3])


@dataclass(slots=True)
class _Setter:
    """Sets words one after another."""

    vocabulary: Vocabulary
    parts: list[str] = field(default_factory=list)
    places: list[Spot] = field(default_factory=list)
    marks: list[tuple[int, int]] = field(default_factory=list)
    length: int = 0
    previous: str = ""

    def add(self, item: Word, row: Row, index: int) -> None:
        text = item.text.replace(SOFT_HYPHEN, "") if SOFT_HYPHEN in item.text else item.text
        glued = True
        if text and self.parts:
            glued = self._is_glued(item, text, row, index)
            if not glued:
                self.parts.append(" ")
                self.length += 1
        self.previous = item.text
        if not text:
            return
        end = self.length + len(text)
        if index in row.raised and not (glued and self.parts):
            self.marks.append((self.length, end))
        self.parts.append(text)
        self.places.append((self.length, end, row.page, item.rect))
        self.length = end

    def add_plain(self, row: Row, first: int) -> None:
        """Set the words of a row from `first` on, knowing that a space parts them all."""
        position, page = self.length, row.page
        words = row.words[first:]
        for text, rect in words:
            start = position + 1
            position = start + len(text)
            self.places.append((start, position, page, rect))
        if words:
            self.parts.append(" ")
            self.parts.append(" ".join([text for text, _ in words]))
            self.previous = words[-1].text
        self.length = position

    def _is_glued(self, item: Word, text: str, row: Row, index: int) -> bool:
        """Whether a word continues the one before, without a space."""
        if index == 0 and joins(self.previous, text):
            if loses_hyphen(self.previous, item.text, self.vocabulary):
                self._drop_hyphen()
            return True
        if row.raised:
            if index in row.raised:
                return _belongs_to_word(self.previous, text)
            if index and index - 1 in row.raised and not text[0].isalnum():
                return item.rect[0] - row.words[index - 1].rect[2] < 0.1 * row.size
        if text[0] < _FIRST_UNSPACED:
            return False
        return bool(_UNSPACED.match(self.previous[-1]) and _UNSPACED.match(text[0]))

    def _drop_hyphen(self) -> None:
        if self.parts[-1][-1] not in HYPHENS:  # a soft one was never set
            return
        self.parts[-1] = self.parts[-1][:-1]
        self.length -= 1
        start, end, page, rect = self.places[-1]
        self.places[-1] = (start, end - 1, page, rect)


def _is_plain(row: Row) -> bool:
    """Whether nothing but spaces can stand between its words."""
    return not row.raised and (row.text.isascii() or not _NOT_PLAIN.search(row.text))


def _belongs_to_word(before: str, raised: str) -> bool:
    """A power (m²) and the ending of an ordinal (2nd) are no footnote marks."""
    if _IS_ENDING.match(raised):
        return before[-1].isdigit() or before[-1] in "IVXnN"
    return bool(_TAKES_POWER.search(before) and _IS_POWER.match(raised))


def word(rows: Sequence[Row], vocabulary: Vocabulary, skip: int = 0) -> Wording:
    """The running text of rows; the first `skip` words (a list marker) are left out."""
    setter = _Setter(vocabulary)
    for number, row in enumerate(rows):
        first = 0 if number else skip
        if len(row.words) <= first:
            continue
        setter.add(row.words[first], row, first)
        if setter.parts and _is_plain(row):
            setter.add_plain(row, first + 1)
        else:
            for index in range(first + 1, len(row.words)):
                setter.add(row.words[index], row, index)
    places = tuple([spot for spot in setter.places if spot[0] < spot[1]])
    return Wording("".join(setter.parts), places, tuple(setter.marks))
