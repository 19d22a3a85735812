"""What is printed on every page and belongs to none: running heads, running feet, page numbers."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.pages import Line, Page

MARGIN = 0.13
"""Running heads and feet stand in this part of the page's height, above and below."""

_DIGITS = re.compile(r"\d+|\b(?-i:[ivxlc]+|[IVXLC]+)\b", re.IGNORECASE)
_NUMBER = re.compile(
    r"^\W*(?:(?:page|p\.|pg\.?|seite|página|стр\.?)\s*)?(\d{1,5}|(?-i:[ivxlc]{1,7}|[IVXLC]{1,7}))"
    r"(?:\s*(?:/|\||of|de|sur|von|из)\s*\d{1,4})?\W*$",
    re.IGNORECASE,
)
_NUMBER_AT_START = re.compile(r"^(\d{1,5}|(?-i:[ivxlc]{1,7}|[IVXLC]{1,7}))\s")
_NUMBER_AT_END = re.compile(r"\s(\d{1,5}|(?-i:[ivxlc]{1,7}|[IVXLC]{1,7}))\W*$")


@dataclass(frozen=True, slots=True)
class Furniture:
    """Which lines of each page are furniture (by index), and the page number printed there."""

    lines: tuple[frozenset[int], ...]
    printed: tuple[str, ...]


def find_furniture(pages: Sequence[Page]) -> Furniture:
    """Lines that repeat at the same height over pages, and what numbers them."""
    margins = [_margin_lines(page) for page in pages]
    repeated = _repeated(pages, margins)
    numbers = [
        _numbers(page, margin, seen)
        for page, margin, seen in zip(pages, margins, repeated, strict=True)
    ]
    chosen = _consistent(pages, numbers)
    dropped, printed = [], []
    for page, seen, number in zip(pages, repeated, chosen, strict=True):
        drop = set(seen)
        if number is not None and number[2]:
            drop.add(number[0])
        dropped.append(frozenset(drop))
        printed.append(number[1] if number is not None else page.label)
    return Furniture(tuple(dropped), tuple(printed))


def _text(line: Line) -> str:
    return " ".join([word.text for word in line.words])


def _margin_lines(page: Page) -> list[int]:
    top, bottom = page.height * MARGIN, page.height * (1 - MARGIN)
    left, right = page.width * 0.06, page.width * 0.94
    return [
        index
        for index, line in enumerate(page.lines)
        if line.rect[3] <= top
        or line.rect[1] >= bottom
        or (line.angle in (90, 270) and (line.rect[2] <= left or line.rect[0] >= right))
    ]


def _repeated(pages: Sequence[Page], margins: Sequence[list[int]]) -> list[set[int]]:
    """Margin lines whose text, digits aside, stands at the same height on other pages too."""
    seen: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for order, (page, margin) in enumerate(zip(pages, margins, strict=True)):
        for index in margin:
            line = page.lines[index]
            shape = _DIGITS.sub("#", _text(line)).casefold()
            level = round(line.rect[1] / 6)
            seen[shape, level].append((order, index))
    result: list[set[int]] = [set() for _ in pages]
    for (shape, level), places in seen.items():
        around = sum(len(seen.get((shape, level + step), ())) for step in (-1, 1))
        needed = 2 if len(pages) < 6 and len(shape) > 3 else 3
        if len({order for order, _ in places}) + around >= needed and shape.strip("# |-–—"):
            for order, index in places:
                result[order].add(index)
    return result


Number = tuple[int, str, bool]
"""Index of the line, the number as printed, and whether the line holds nothing else."""


def _numbers(page: Page, margin: Sequence[int], seen: set[int]) -> list[Number]:
    found: list[Number] = []
    for index in margin:
        text = _text(page.lines[index])
        alone = _NUMBER.match(text)
        if alone:
            found.append((index, alone[1], True))
        elif index in seen:
            for pattern in (_NUMBER_AT_START, _NUMBER_AT_END):
                match = pattern.search(text)
                if match:
                    found.append((index, match[1], False))
    return found


def _consistent(pages: Sequence[Page], numbers: Sequence[list[Number]]) -> list[Number | None]:
    """For each page the candidate that agrees with other pages' in its offset to the PDF page."""
    votes: Counter[tuple[int, bool]] = Counter()
    for page, candidates in zip(pages, numbers, strict=True):
        votes.update({(value - page.number, roman) for value, roman in map(_value, candidates)})
    needed = 2 if len(pages) < 8 else 3
    chosen: list[Number | None] = []
    for page, candidates in zip(pages, numbers, strict=True):
        best: Number | None = None
        best_votes = needed - 1
        for candidate in candidates:
            value, roman = _value(candidate)
            support = votes[value - page.number, roman]
            if support > best_votes:
                best, best_votes = candidate, support
        chosen.append(best)
    return chosen


def _value(number: Number) -> tuple[int, bool]:
    text = number[1]
    if text.isdecimal():
        return int(text), False
    return _roman(text.lower()), True


def _roman(text: str) -> int:
    worth = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
    values = [worth[letter] for letter in text]
    return sum(-v if v < max(values[i:]) else v for i, v in enumerate(values))
