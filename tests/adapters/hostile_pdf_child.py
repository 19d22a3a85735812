"""The PDF child with pages that kill it: what a hostile PDF may do, at the page a test names.

Run as the child program in place of the real one; it reads the fault from the page's own text.
"""

import os
import signal
import time
from typing import Any

from shared.adapters import pymupdf_child

_honest_read_page = pymupdf_child.read_page


def read_page(document: Any, number: int) -> dict[str, Any]:
    """Read a page, or do what its text says."""
    page = _honest_read_page(document, number)
    text = " ".join(line[6] for line in page.get("lines", []))
    if "DIE" in text:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "HANG" in text:
        while True:  # like a loop in C: no signal handler of Python's is ever asked
            time.sleep(0.01)
    if "HOARD" in text:
        pymupdf_child.read_page = _honest_read_page
        return {"failed": str(len(bytearray(8 * 1024**3)))}
    if "BABBLE" in text:
        return {"lines": "nonsense"}
    return page


if __name__ == "__main__":
    pymupdf_child.read_page = read_page
    pymupdf_child.main()
