"""Whether the hyphen at the end of a line belongs to the word.

Four in ten line-end hyphens of real plans belong to compounds such as net-zero, so the document
itself decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from shared.domain.rows import Row

SOFT_HYPHEN = "\u00ad"
HYPHENS = ("-", "\u2010", SOFT_HYPHEN)
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")

Vocabulary = Counter[str]


def count_words(rows: Iterable[Row]) -> Vocabulary:
    """How often each word is printed whole, within a line."""
    printed: Counter[str] = Counter()
    broken = False
    for row in rows:
        words = row.text.split(" ")
        if broken:
            del words[0]
        broken = row.words[-1].text.endswith(HYPHENS)
        printed.update(words[:-1] if broken else words)
    vocabulary: Vocabulary = Counter()
    for word, times in printed.items():
        vocabulary[_bare(word)] += times
    return vocabulary


def loses_hyphen(before: str, after: str, vocabulary: Vocabulary) -> bool:
    """Whether “before” (ending in a hyphen) and “after” are one word without the hyphen.

    A soft hyphen always goes. Another goes if the joined form is the commoner in the document,
    or if nothing but this line end ever shows either form or either part: “finalis-” and “ing”.
    """
    if before.endswith(SOFT_HYPHEN):
        return True
    first, second = _bare(before), _bare(after)
    joined, compound = vocabulary[first + second], vocabulary[f"{first}-{second}"]
    if joined or compound:
        return joined > compound
    return after[:1].islower() and not vocabulary[first] and not vocabulary[second]


def joins(before: str, after: str) -> bool:
    """Whether a line that ends in “before” goes on within the same word."""
    return (
        before.endswith(HYPHENS) and len(before) > 1 and before[-2].isalnum() and after[0].isalnum()
    )


def _bare(word: str) -> str:
    return word.lower() if word.isalpha() else _EDGES.sub("", word).lower()
