"""A guess at a text's language, good enough to choose rules for its sentences."""

from __future__ import annotations

import re
from collections import Counter

_SCRIPTS = {
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
}
_STOP_WORDS = {
    "en": {"the", "and", "of", "to", "in", "is", "for", "that", "with", "by"},
    "fr": {"le", "la", "les", "des", "et", "du", "dans", "pour", "une", "est", "aux"},
    "es": {"el", "los", "las", "y", "del", "en", "que", "para", "una", "con"},
    "pt": {"o", "os", "das", "dos", "e", "do", "da", "que", "para", "uma", "com", "não"},
    "de": {"der", "die", "und", "das", "von", "zu", "mit", "den", "ist", "für"},
    "it": {"il", "di", "che", "e", "per", "una", "del", "della", "con", "gli"},
    "nl": {"de", "het", "een", "van", "en", "voor", "met", "zijn", "op", "dat"},
}
_WORD = re.compile(r"[^\W\d_]+")
SAMPLE = 20_000
"""Characters looked at; a document's language shows long before."""


def guess_language(text: str) -> str:
    """Two letters, `en` where nothing speaks for another."""
    sample = text[:SAMPLE]
    letters = len(re.findall(r"[^\W\d_]", sample)) or 1
    for language, script in _SCRIPTS.items():
        if len(script.findall(sample)) > 0.3 * letters:
            return language
    words = Counter(_WORD.findall(sample.lower()))
    scores = {
        language: sum(words[word] for word in stop_words)
        for language, stop_words in _STOP_WORDS.items()
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] > scores["en"] else "en"
