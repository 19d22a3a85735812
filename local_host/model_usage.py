"""Counts tokens as a provider would: a quarter of the characters, and a cache of prefixes."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

SMALLEST_CACHED = 1024
CACHE_STEP = 128
PREFIXES_KEPT = 20_000


def count_tokens(text: str) -> int:
    """About as many as a tokenizer makes of English prose."""
    return (len(text) + 3) // 4


class PrefixCache:
    """Prefixes of whole messages that were answered before; the schema comes before them all."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, None] = OrderedDict()

    def look_up(self, head: str, messages: Sequence[tuple[str, str]]) -> tuple[int, int]:
        """The tokens of a request, and how many of them the cache holds."""
        total, cached = count_tokens(head), 0
        for key, tokens in _prefixes(head, messages):
            total = tokens
            if tokens >= SMALLEST_CACHED and key in self._seen:
                cached = tokens // CACHE_STEP * CACHE_STEP
        return total, cached

    def remember(self, head: str, messages: Sequence[tuple[str, str]]) -> None:
        """Called when the answer is ready: calls that ran beside this one found nothing yet."""
        for key, _ in _prefixes(head, messages):
            self._seen[key] = None
            self._seen.move_to_end(key)
        while len(self._seen) > PREFIXES_KEPT:
            self._seen.popitem(last=False)


def _prefixes(head: str, messages: Sequence[tuple[str, str]]) -> list[tuple[str, int]]:
    digest = hashlib.sha256(head.encode())
    tokens = count_tokens(head)
    prefixes = []
    for role, text in messages:
        digest.update(f"\x00{role}\x00{text}".encode())
        tokens += count_tokens(text)
        prefixes.append((digest.hexdigest(), tokens))
    return prefixes


def hash_request(model: str, messages: Any) -> str:
    """The same for the same messages to the same model, whatever the order of their keys."""
    canonical = json.dumps([model, messages], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
