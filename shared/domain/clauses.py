"""Sentences → what one may point at of them: members of a list, clauses of a long sentence.

Half of what analysts mark as a quote is such a part. Short sentences stay whole, and so does a
figure with the words around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from shared.domain.sentences import Span, trimmed

LONGEST = 120
"""Words in a unit; longer ones are cut wherever they can be."""

LONG = 25
"""Words of a sentence that is cut at commas and colons, into parts of `CLAUSE_WORDS` or more."""

CLAUSE_WORDS = 8
LISTING = 12
"""Words of a sentence in which an enumeration is cut, into members of `MEMBER_WORDS` or more."""

MEMBER_WORDS = 2
LEAD_WORDS = 5
"""The first part has at least this many: “By 2030,” stays with what it dates."""

ITEM_WORDS = 4
LETTERS_A_WORD = 15
"""More than any language's average, the space included."""

_LIST_SIGNS = re.compile(r"[(\[)\]]|;(?=\s)")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
_MARK = re.compile(r"[,;:،؛]\s+|[，；：、]")
_AND = r"(?:and|or|as well as|et|ou|ainsi que|y|o|así como|e|bem como|und|oder|sowie|и|или)\s"
_ENUMERATION = re.compile(r"(?:[,،]\s+[^,،;:.]{3,60}){2,},?\s+" + _AND)
_SERIES = re.compile(r"\S+\s+" + _AND)
"""“fair, accessible and sustainable prices” is no place to cut."""
_CLAUSE = (
    re.compile(r";\s+|；\s*"),
    re.compile(r":\s+|：\s*"),
    re.compile(r"[,،]\s+|[，、]\s*"),
    re.compile(r"\s+"),
)


def clause_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Spans that hold all of a sentence but white space."""
    for item in _items(text, start, end):
        for clause in _clauses(text, *item):
            yield from _short_enough(text, *clause)


def _clauses(text: str, start: int, end: int) -> Iterator[Span]:
    """The members of an enumeration; the clauses of a long sentence."""
    marks = [start, *[mark.end() for mark in _MARK.finditer(text, start, end)], end]
    sizes = [len(text[one:other].split()) for one, other in pairwise(marks)]
    total = sum(sizes)
    if len(sizes) == 1 or total < LISTING:
        yield start, end
        return
    regions = [match.span() for match in _ENUMERATION.finditer(text, start, end)]
    opening, before, since = start, 0, 0
    for mark, size in zip(marks[1:-1], sizes, strict=False):
        since += size
        needed = _needed(text, mark, total, regions)
        rest = total - before - since
        if needed and since >= (needed if before else max(needed, LEAD_WORDS)) and rest >= needed:
            yield trimmed(text, opening, mark)
            opening, before, since = mark, before + since, 0
    yield trimmed(text, opening, end)


def _needed(text: str, mark: int, total: int, regions: Sequence[Span]) -> int:
    """Words on either side without which there is no cut at a mark; 0 for never."""
    if any(first < mark <= last for first, last in regions):
        return MEMBER_WORDS
    return CLAUSE_WORDS if total >= LONG and not _SERIES.match(text, mark) else 0


def _items(text: str, start: int, end: int) -> Iterator[Span]:
    """The members of a list written as one sentence with semicolons."""
    if ";" not in text[start:end]:
        yield start, end
        return
    cuts: list[int] = []
    depth, last = 0, start
    for match in _LIST_SIGNS.finditer(text, start, end):
        sign = match[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        elif depth == 0 and len(text[last : match.end()].split()) >= ITEM_WORDS:
            cuts.append(match.end())
            last = match.end()
    if len(cuts) < 2 or len(text[last:end].split()) < ITEM_WORDS - 1:
        cuts = cuts if len(cuts) > 2 else []
    for cut in [*cuts, end]:
        if trimmed(text, start, cut)[0] < trimmed(text, start, cut)[1]:
            yield trimmed(text, start, cut)
        start = cut


def _short_enough(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut at the clause mark nearest the middle until every part is short enough."""
    if start >= end:
        return
    if end - start <= LONGEST or _count(text[start:end]) <= LONGEST:
        yield start, end
        return
    middle = (start + end) // 2
    quarter = (end - start) // 4
    for pattern in _CLAUSE:
        cuts = [m.end() for m in pattern.finditer(text, start + quarter, end - quarter)]
        if cuts:
            cut = min(cuts, key=lambda position: abs(position - middle))
            break
    else:
        cut = middle
    yield from _short_enough(text, *trimmed(text, start, cut))
    yield from _short_enough(text, *trimmed(text, cut, end))


def _count(text: str) -> int:
    """Words; where there are no spaces, as many as would fit."""
    return max(len(text.split()), len(_UNSPACED.findall(text)) // 2, len(text) // LETTERS_A_WORD)
