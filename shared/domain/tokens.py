"""How many tokens a text may take, without a tokenizer: an upper estimate by script.

A tokenizer would be one more dependency, fetched vocabulary and all, for a number that only keeps
windows within bounds. The shares err on the high side for the tokenizers in use since 2023.
"""

from __future__ import annotations

import re
from math import ceil

_PER_CHARACTER = (
    # Ordinary English prose takes 4.5 characters a token, spaces included; names and terms fewer.
    (re.compile(r"[A-Za-z ]+"), 1 / 4),
    # Up to three digits share a token, but numbers are short.
    (re.compile(r"[0-9]+"), 1 / 2),
    # Latin letters with marks, Greek, Cyrillic, Armenian, Hebrew, Arabic.
    (re.compile(r"[\u00c0-\u06ff]+"), 1 / 1.5),
)
_ELSE = 1.0
"""Punctuation, ideographs and the scripts tokenizers know little of."""


def estimate_tokens(text: str) -> int:
    """At least as many tokens as `text` takes, in practice; 0 for an empty text."""
    known, total = 0, 0.0
    for characters, share in _PER_CHARACTER:
        length = sum(len(run) for run in characters.findall(text))
        known += length
        total += length * share
    return ceil(total + (len(text) - known) * _ELSE)
