"""Printed words → running text, each character knowing where it stands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.domain.pages import Word
from shared.domain.rows import Row
from shared.domain.unit import Place

SOFT_HYPHEN = "\u00ad"
_HYPHENS = ("-", "\u2010", SOFT_HYPHEN)
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]")
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")
_TAKES_POWER = re.compile(r"(?:^|[^A-Za-z])(?:[kcmdµ]?m|ft|mi|in|s|h|yr|CO|10|R|x|W)$")
_IS_POWER = re.compile(r"^[-–−]?[23]?\d?$")

Vocabulary = Counter[str]


@dataclass(frozen=True, slots=True)
class Wording:
    """Running text with the place of every word part; `marks` are spans of raised marks."""

    text: str
    places: tuple[Place, ...]
    marks: tuple[tuple[int, int], ...] = ()

    def cut(self, start: int, end: int) -> tuple[str, tuple[Place, ...]]:
        """The text of a span and its places, counted from the span's start."""
        places = tuple(
            [
                place
                if start == 0 and place.end <= end
                else _part(place, max(place.start, start), min(place.end, end), start)
                for place in self.places
                if place.start < end and place.end > start
            ]
        )
        return self.text[start:end], places


def _part(place: Place, start: int, end: int, offset: int) -> Place:
    rect = place.rect
    if start != place.start or end != place.end:
        width = (rect[2] - rect[0]) / (place.end - place.start)
        rect = (
            round(rect[0] + width * (start - place.start), 1),
            rect[1],
            round(rect[2] - width * (place.end - end), 1),
            rect[3],
        )
    return Place(start - offset, end - offset, place.page, rect)


def count_words(rows: Iterable[Row]) -> Vocabulary:
    """How often each word is printed whole, within a line."""
    vocabulary: Vocabulary = Counter()
    for row in rows:
        vocabulary.update([_EDGES.sub("", word.text).lower() for word in row.words[:-1]])
        if row.words and not row.words[-1].text.endswith(_HYPHENS):
            vocabulary[_EDGES.sub("", row.words[-1].text).lower()] += 1
    return vocabulary


def word(rows: Sequence[Row], vocabulary: Vocabulary, skip: int = 0) -> Wording:
    """The running text of rows; the first `skip` words (a list marker) are left out."""
    parts: list[str] = []
    places: list[Place] = []
    marks: list[tuple[int, int]] = []
    length = 0
    previous = ""
    for number, row in enumerate(rows):
        for index, item in enumerate(row.words):
            if number == 0 and index < skip:
                continue
            text = item.text.replace(SOFT_HYPHEN, "") if SOFT_HYPHEN in item.text else item.text
            if not text:
                previous = item.text
                continue
            raised = index in row.raised
            if parts:
                at_line_start = index == 0
                if at_line_start and previous.endswith(_HYPHENS) and text[0].isalpha():
                    if _loses_hyphen(previous, item.text, vocabulary) and parts[-1][-1] in _HYPHENS:
                        length -= 1
                        parts[-1] = parts[-1][:-1]
                        places[-1] = _shortened(places[-1])
                elif not _touches(previous, text, raised, item, row, index):
                    parts.append(" ")
                    length += 1
            parts.append(text)
            places.append(Place(length, length + len(text), row.page, item.rect))
            if raised:
                marks.append((length, length + len(text)))
            length += len(text)
            previous = item.text
    return Wording("".join(parts), tuple([p for p in places if p.start < p.end]), tuple(marks))


def _shortened(place: Place) -> Place:
    return Place(place.start, place.end - 1, place.page, place.rect)


def _touches(previous: str, text: str, raised: bool, item: Word, row: Row, index: int) -> bool:
    """Whether two words are one: a power after its unit, or a script without spaces."""
    if raised:
        return bool(_TAKES_POWER.search(previous) and _IS_POWER.match(text))
    if index and index - 1 in row.raised and not text[0].isalnum():
        return item.rect[0] - row.words[index - 1].rect[2] < 0.1 * row.size
    return bool(_UNSPACED.match(previous[-1]) and _UNSPACED.match(text[0]))


def _loses_hyphen(before: str, after: str, vocabulary: Vocabulary) -> bool:
    """A soft hyphen always; another only if the document prefers the word without it.

    Four in ten line-end hyphens of real plans belong to compounds such as net-zero.
    """
    if before.endswith(SOFT_HYPHEN):
        return True
    first, second = _EDGES.sub("", before[:-1]).lower(), _EDGES.sub("", after).lower()
    return vocabulary[first + second] > vocabulary[f"{first}-{second}"]
