"""An independent look at quotes: does the text stand on its page, as PyMuPDF alone reads it?

White space and line-end hyphens are normalised by leaving white space and hyphens out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
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
            on = "".join(pages[number - 1] for number in quote["pdf_pages"])
            if _normal(quote["text"]) not in on:
                yield f"{names[finding['document']]} p.{quote['pdf_pages']}: {quote['text'][:90]}"


def _pages(path: Path) -> list[str]:
    with pymupdf.open(path) as pdf:
        return [_normal(page.get_text()) for page in pdf]


def _normal(text: str) -> str:
    return re.sub(r"[\s\u00ad\u2010-\u2015-]+", "", unicodedata.normalize("NFKC", text))
