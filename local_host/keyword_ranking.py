"""Finds units for a variable by counting words: what stands in for a language model.

Pure and deterministic. It understands nothing; it finds what shares rare words with the question.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from local_host.keyword_terms import Word, is_common, is_notion, split_words

MOST_QUOTES = 5
LONGEST_SPAN = 3
WORDS_SHOWN = 5
"""How many words `starts` and `ends` have."""

_QUOTED = re.compile(r"[“\"«„](.+?)[”\"»“]", re.DOTALL)
_CLAUSE_MARK = re.compile(r"[;:,。；，、؛،.!?]\s+|\s[–—]\s")
_NUMBERING = re.compile(
    r"^\s*(?:[\d.]+|[A-Z]\.|[•\-–*]|(?i:chapter|annex|table|figure|section)\b\s*[\dA-Z.]*)\s*"
)
_SENTENCE_END = re.compile(r"[.;!?。؟…][\"”»')\]]*\s*$")
_LEADERS = re.compile(r"\.{4,}|(?:\.\s){4,}|…{2,}")
_FACT = re.compile(r"%|\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class NumberedUnit:
    """A line of the window: its number and its text."""

    number: int
    text: str


@dataclass(frozen=True)
class Subject:
    """What is looked for: each term with how much it counts."""

    weights: Mapping[str, float]

    @cached_property
    def total(self) -> float:
        """What a unit that holds every term would reach."""
        return sum(self.weights.values())


@dataclass(frozen=True)
class Match:
    """A span of units that shares words with the subject."""

    first: int
    last: int
    starts: str
    ends: str
    strength: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class _Scored:
    place: int
    score: float
    share: float
    found: frozenset[str]


@dataclass(frozen=True)
class Window:
    """The units of one call, their words counted once for all variables."""

    units: tuple[NumberedUnit, ...]

    @cached_property
    def words(self) -> list[list[Word]]:
        """The words of each unit."""
        return [split_words(unit.text) for unit in self.units]

    @cached_property
    def places(self) -> dict[str, dict[int, int]]:
        """For each term, the units it stands in and how often."""
        index: dict[str, dict[int, int]] = {}
        for place, words in enumerate(self.words):
            for term, count in Counter(word.term for word in words).items():
                index.setdefault(term, {})[place] = count
        return index

    @cached_property
    def headings(self) -> list[bool]:
        """Which units only name a subject."""
        return [is_heading(unit.text) for unit in self.units]

    @cached_property
    def usual_length(self) -> float:
        """The mean number of words in a unit."""
        return max(1.0, sum(map(len, self.words)) / max(1, len(self.words)))

    def rarity(self, term: str) -> float:
        """How much it says that a unit holds the term: the rarer in this window, the more."""
        holding = len(self.places.get(term, ()))
        return math.log(1 + (len(self.units) - holding + 0.5) / (holding + 0.5))


def make_subject(name: str, question: str, context: str = "") -> Subject:
    """The terms of a variable: its name counts most, then what the question puts in quotes."""
    weights: dict[str, float] = {}
    quoted = " ".join(_QUOTED.findall(question))
    for text, weight in ((context, 0.4), (quoted or question, 1.0), (name, 1.5)):
        for word in split_words(text):
            common = 0.3 if is_common(word.term) or word.term.isdecimal() else 1.0
            notion = 2.0 if is_notion(word.term) else 1.0
            weights[word.term] = max(weights.get(word.term, 0.0), weight * common * notion)
    return Subject(weights)


def rank(window: Window, subject: Subject) -> list[Match]:
    """The best spans for a subject, at most MOST_QUOTES, in the order of the document."""
    scored = sorted(_score(window, subject), key=lambda one: (-one.score, one.place))
    if not scored:
        return []
    best = scored[0].score
    chosen = {one.place: one for one in scored if one.score >= 0.5 * best}
    taken: set[int] = set()
    spans: list[list[_Scored]] = []
    for one in scored:
        if len(spans) == MOST_QUOTES or one.place not in chosen:
            break
        if one.place not in taken:
            span = _widen(window, chosen, taken, one)
            taken.update(part.place for part in span)
            spans.append(span)
    return sorted((_as_match(window, span) for span in spans), key=lambda match: match.first)


def _score(window: Window, subject: Subject) -> list[_Scored]:
    """BM25 over the units that hold enough of the subject and are more than a heading."""
    found: dict[int, set[str]] = {}
    for term in subject.weights:
        for place in window.places.get(term, ()):
            found.setdefault(place, set()).add(term)
    return [
        _Scored(
            place, _bm25(window, subject, place, terms), _share(subject, terms), frozenset(terms)
        )
        for place, terms in found.items()
        if _is_enough(subject, terms) and not window.headings[place]
    ]


def _is_enough(subject: Subject, found: set[str]) -> bool:
    """A single shared word is chance, unless it is what the whole subject is about."""
    weight = sum(subject.weights[term] for term in found)
    telling = [term for term in found if subject.weights[term] >= 1.0]
    if not telling:
        return False
    if any(is_notion(term) for term in telling) or weight >= 0.5 * subject.total:
        return True
    return len(found) >= 2 and weight >= min(3.0, max(1.8, 0.2 * subject.total))


def _share(subject: Subject, found: set[str]) -> float:
    return sum(subject.weights[term] for term in found) / min(subject.total, 6.0)


def _bm25(window: Window, subject: Subject, place: int, found: set[str]) -> float:
    length = 0.4 + 0.6 * len(window.words[place]) / window.usual_length
    return sum(
        subject.weights[term]
        * window.rarity(term)
        * (count * 2.2 / (count + 1.2 * length) if (count := window.places[term][place]) else 0)
        for term in sorted(found)  # the order of a set of strings differs from run to run
    )


def is_heading(text: str) -> bool:
    """A line that only names a subject: short, no sentence, no figure; or an entry of contents."""
    if _LEADERS.search(text):
        return True
    body = _NUMBERING.sub("", text)
    short = len(body.split()) < 9 and len(body) < 70
    return short and not _SENTENCE_END.search(body) and not _FACT.search(body)


def _widen(
    window: Window, chosen: Mapping[int, _Scored], taken: set[int], seed: _Scored
) -> list[_Scored]:
    """The unit with its equally good neighbours that follow or precede it without a gap."""
    span = [seed]
    for step in (1, -1):
        while len(span) < LONGEST_SPAN:
            edge = span[-1] if step == 1 else span[0]
            near = chosen.get(edge.place + step)
            if near is None or near.place in taken or near.score < 0.7 * seed.score:
                break
            gap = window.units[near.place].number - window.units[edge.place].number
            if gap != step:
                break
            span = [*span, near] if step == 1 else [near, *span]
    return span


def _as_match(window: Window, span: list[_Scored]) -> Match:
    first, last = span[0], span[-1]
    opening, closing = window.units[first.place], window.units[last.place]
    found = frozenset().union(*(part.found for part in span))
    start, _ = _clause(opening.text, window.words[first.place], found)
    _, end = _clause(closing.text, window.words[last.place], found)
    share = max(part.share for part in span)
    texts = [(window.units[part.place].text, window.words[part.place]) for part in span]
    return Match(
        first=opening.number,
        last=closing.number,
        starts=_first_words(opening.text[start:]),
        ends=_last_words(closing.text[:end]),
        strength="explicit" if share >= 0.6 else "implicit" if share >= 0.35 else "mention",
        words=_shared_words(texts, found),
    )


def _clause(text: str, words: Sequence[Word], found: frozenset[str]) -> tuple[int, int]:
    """From the start of the clause with the first word found to the end of that with the last."""
    hits = [word for word in words if word.term in found]
    begin, finish = min(word.start for word in hits), max(word.end for word in hits)
    marks = [mark.span() for mark in _CLAUSE_MARK.finditer(text)]
    start = max((after for _, after in marks if after <= begin), default=0)
    end = min((before for before, _ in marks if before >= finish), default=len(text))
    return (start, end) if len(text[start:end].split()) > 2 else (0, len(text))


def _first_words(text: str) -> str:
    words = list(re.finditer(r"\S+", text))[:WORDS_SHOWN]
    return text[words[0].start() : words[-1].end()] if words else ""


def _last_words(text: str) -> str:
    words = list(re.finditer(r"\S+", text))[-WORDS_SHOWN:]
    return text[words[0].start() : words[-1].end()] if words else ""


def _shared_words(
    texts: Sequence[tuple[str, Sequence[Word]]], found: frozenset[str]
) -> tuple[str, ...]:
    """The words as they stand in the text, each once, for the justification."""
    shown: dict[str, str] = {}
    for text, words in texts:
        for word in words:
            if word.term in found:
                shown.setdefault(word.term, text[word.start : word.end])
    return tuple(shown.values())[:6]
