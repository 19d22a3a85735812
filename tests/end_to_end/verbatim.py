"""An independent look at quotes: does the text stand on its page, as PyMuPDF alone reads it?

White space and hyphens are left out on both sides, nothing else. Each line of a quote is looked
for by itself, since a table may be printed side by side; a line may go on on the next page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pymupdf


def missing_quotes(results: dict[str, Any], pdfs: dict[str, Path]) -> Iterator[str]:
    """Each quote that does not stand on the pages it names, by document name."""
    names = {document["id"]: document["name"] for document in results["documents"]}
    texts = {name: _pages(path) for name, path in pdfs.items()}
    for finding in results["findings"]:
        pages = texts[names[finding["document"]]]
        for quote in finding["quotes"]:
            on = [pages[number - 1] for number in quote["pdf_pages"]]
            if not all(_stands(_normal(line), on) for line in quote["text"].split("\n")):
                yield f"{names[finding['document']]} p.{quote['pdf_pages']}: {quote['text'][:90]}"


def _stands(line: str, pages: list[str]) -> bool:
    """Whether the line stands on one page, or ends one and begins the next."""
    if any(line in page for page in pages):
        return True
    return any(
        line[:cut] in page and line[cut:] in following
        for page, following in pairwise(pages)
        for cut in range(1, len(line))
    )


def _pages(path: Path) -> list[str]:
    with pymupdf.open(path) as pdf:
        return [_normal(page.get_text()) for page in pdf]


def _normal(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010-]+", "", text)
