"""How well units fit what human annotators marked: gold quotes by whole units, printed pages."""

from __future__ import annotations

import json
import re
import statistics
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.text import find_pdfs
from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain.errors import DocumentError
from shared.domain.units import DocumentText, build_units

_SAME = str.maketrans(
    "\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u00ab\u00bb\u2032\u00b4`", "''''\"\"\"\"\"'''"
)
_NOTHING = re.compile(r"[\u2010-\u2015\u2212\u00ac\-\s\u00a0•▪●◦§\uf0b7\uf0a7\u00ad\u200b\ufeff]+")
_EDGES = re.compile(r"^\W+|\W+$")


@dataclass(frozen=True, slots=True)
class Gold:
    """One quote as an annotator wrote it down, the PDF pages it stands on, and the page cited."""

    document: str
    text: str
    pages: tuple[int, ...]
    cited: str


@dataclass(frozen=True, slots=True)
class Fit:
    """The run of whole units that holds a gold quote; `ratio` is run ÷ gold length."""

    gold: Gold
    run: str
    ratio: float
    exact: bool


def normalise(text: str) -> str:
    """Fold what typesetters and annotators write differently."""
    return _NOTHING.sub("", unicodedata.normalize("NFKC", text.translate(_SAME)))


def read_gold(folder: Path, domain: str = "policy") -> list[Gold]:
    """Distinct located gold quotes of one domain."""
    found: dict[tuple[str, str, int], Gold] = {}
    for line in (folder / "gold.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["domain"] != domain:
            continue
        cited = entry["annotated_pages"] or []
        for index, text in enumerate(entry["quotes"]):
            if entry["match"][index] == "case":
                page = entry["pages"][index]
                one = str(cited[index]) if len(cited) == len(entry["quotes"]) else ""
                everywhere = tuple(entry["all_pages"][index])
                found.setdefault(
                    (entry["doc"], text, page), Gold(entry["doc"], text, everywhere, one.strip())
                )
    return list(found.values())


def fits(text: DocumentText, quotes: list[Gold]) -> Iterator[tuple[Gold, Fit | None]]:
    """Each quote with the shortest run of whole units around it, or None where there is none."""
    pieces = [normalise(unit.text) for unit in text.units]
    starts, total = [], 0
    for piece in pieces:
        starts.append(total)
        total += len(piece)
    whole = "".join(pieces)
    for gold in quotes:
        yield gold, _fit(text, whole, starts, pieces, gold)


def _fit(
    text: DocumentText, whole: str, starts: list[int], pieces: list[str], gold: Gold
) -> Fit | None:
    wanted = _EDGES.sub("", normalise(gold.text))
    best: Fit | None = None
    position = whole.find(wanted)
    while position >= 0:
        first = bisect_right(starts, position) - 1
        last = bisect_right(starts, position + len(wanted) - 1) - 1
        run = "".join(pieces[first : last + 1])
        shown = " ¦ ".join(unit.text for unit in text.units[first : last + 1])
        ratio = len(run) / len(wanted)
        fit = Fit(gold, shown, ratio, _EDGES.sub("", run) == wanted)
        if best is None or fit.ratio < best.ratio:
            best = fit
        position = whole.find(wanted, position + 1)
    return best


def read_documents(folder: Path, names: set[str]) -> dict[str, DocumentText]:
    """The units of the documents that can be opened."""
    extractor = PymupdfTextExtractor()
    texts = {}
    try:
        for name in sorted(names):
            try:
                with extractor.open((folder / name).read_bytes()) as opened:
                    texts[name] = build_units(opened.title, list(opened.pages()))
            except DocumentError as problem:
                print(f"{name}: {problem}")
    finally:
        extractor.close()
    return texts


def page_agreement(texts: dict[str, DocumentText], quotes: list[Gold]) -> tuple[int, int]:
    """How many cited pages are the printed page of the quote's PDF page, and of how many."""
    right = told = 0
    for gold in quotes:
        if gold.document not in texts or not gold.cited:
            continue
        told += 1
        pages = [texts[gold.document].pages[number - 1] for number in gold.pages]
        cited = {page.lstrip("0") for page in re.split(r"[^\w]+", gold.cited.lower())}
        right += any(
            (page.printed.lower().lstrip("0") or str(page.number)) in cited for page in pages
        )
    return right, told


def main() -> None:
    """Print the table; `misses` as an argument lists every quote that is not whole units."""
    folder = find_pdfs()
    if folder is None:
        print("no real PDFs at hand: set POLICY_READER_PDFS to their folder")
        return
    quotes = read_gold(folder)
    texts = read_documents(folder, {gold.document for gold in quotes})
    found: list[Fit] = []
    lost: list[Gold] = []
    for name, text in texts.items():
        for gold, fit in fits(text, [gold for gold in quotes if gold.document == name]):
            if fit is None:
                lost.append(gold)
            else:
                found.append(fit)
    if "misses" in sys.argv:
        for gold in lost:
            print("LOST", gold.document, gold.pages, gold.text[:200])
        for fit in found:
            if not fit.exact:
                print(f"{fit.ratio:.2f} {fit.gold.document} {fit.gold.pages}")
                print(f"   gold {fit.gold.text!r}\n   run  {fit.run!r}")
    total = len(found) + len(lost)
    ratios = sorted(fit.ratio for fit in found)
    right, told = page_agreement(texts, quotes)
    rows = [
        ("gold quotes", f"{total}", ""),
        ("inside consecutive units", f"{len(found) / total:.1%}", ""),
        ("exact by whole units", f"{sum(f.exact for f in found) / total:.1%}", "≥ 65%"),
        (
            "under half the run",
            f"{sum(f.ratio > 2 for f in found) / total:.1%}",  # the quote is less than half
            "≤ 12%",
        ),
        ("run ÷ gold, 90th percentile", f"{statistics.quantiles(ratios, n=10)[8]:.2f}", "≤ 2.2"),
        ("printed page is the cited page", f"{right / max(told, 1):.1%} of {told}", "≥ 98%"),
    ]
    for label, value, target in rows:
        print(f"{label:<32} {value:>14}   {target}")


if __name__ == "__main__":
    main()
