"""Python's search for unreachable objects, put off while many objects that live are made.

Each search walks all that was made before, and a long document is millions of words and places,
none of them in a cycle: the searches take a fifth of the time and find nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_pauses = 0
_was_on = False


@contextmanager
def no_collection() -> Iterator[None]:
    """No search during the block; the last of several blocks, in any threads, restores it.

    Where searches were off before, they stay off.
    """
    global _pauses, _was_on  # noqa: PLW0603 - the switch itself is one for the whole process
    with _lock:
        if not _pauses:
            _was_on = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if not _pauses and _was_on:
                gc.enable()
