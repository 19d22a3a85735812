"""How many tokens a text may take, without a tokenizer: an upper estimate by script.

A tokenizer would be one more dependency, fetched vocabulary and all, for a number that only keeps
windows within bounds. The shares err on the high side for the tokenizers in use since 2023.
"""

from __future__ import annotations

import re
from math import ceil

_PER_CHARACTER = (
    # Ordinary European prose takes 4 to 5 letters a token; names and terms fewer.
    (re.compile(r"[A-Za-z ]+"), 1 / 3),
    (re.compile(r"[\u00c0-\u024f\u0370-\u058f\u0600-\u06ff]+"), 1 / 1.5),
)
_ELSE = 1.0
"""Digits, punctuation, ideographs and the scripts tokenizers know little of."""


def estimate_tokens(text: str) -> int:
    """At least as many tokens as `text` takes, in practice; 0 for an empty text."""
    known, total = 0, 0.0
    for characters, share in _PER_CHARACTER:
        length = sum(len(run) for run in characters.findall(text))
        known += length
        total += length * share
    return ceil(total + (len(text) - known) * _ELSE)
