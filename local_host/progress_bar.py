"""How far a job is, in the terminal: one line rewritten, or plain lines where nobody looks."""

import shutil
import time
from collections.abc import Mapping
from typing import Any, TextIO

BAR_WIDTH = 24
PLAIN_EVERY_SECONDS = 5.0


class ProgressBar:
    """Shows custom statuses on a stream; leaves the last one standing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._shown = ""
        self._shown_at = 0.0
        self._shown_key: object = None

    def show(self, progress: Mapping[str, Any]) -> None:
        """Show a status where it says something new."""
        line = describe(progress)
        if line == self._shown or not line:
            return
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[2K{line[:width]}")
        elif self._is_due(progress):
            self._stream.write(line + "\n")
        else:
            return
        self._stream.flush()
        self._shown = line

    def interrupt(self, message: str) -> None:
        """Print a message on a line of its own."""
        self.close()
        self._stream.write(message + "\n")
        self._stream.flush()

    def close(self) -> None:
        """End the rewritten line, so that what follows begins on a new one."""
        if self._rewrites and self._shown:
            self._stream.write("\n")
            self._stream.flush()
        self._shown = ""

    def _is_due(self, progress: Mapping[str, Any]) -> bool:
        """A plain line for each change of stage or finished document, and now and then."""
        key = (progress.get("stage"), _count(progress, "documents", "done"))
        now = time.monotonic()
        if key == self._shown_key and now - self._shown_at < PLAIN_EVERY_SECONDS:
            return False
        self._shown_key, self._shown_at = key, now
        return True


def describe(progress: Mapping[str, Any]) -> str:
    """Return a status in one line; empty where there is none yet."""
    if not progress:
        return ""
    done, total = (_count(progress, "variables", name) for name in ("done", "total"))
    documents = _count(progress, "documents", "done") + _count(progress, "documents", "failed")
    filled = BAR_WIDTH * done // total if total else 0
    bar = "█" * filled + "░" * (BAR_WIDTH - filled)
    counts = f"{documents}/{_count(progress, 'documents', 'total')} documents"
    return f"{bar} {counts}, {done}/{total} variables  {progress.get('message', '')}".rstrip()


def _count(progress: Mapping[str, Any], of: str, name: str) -> int:
    return int(progress.get(of, {}).get(name, 0))
