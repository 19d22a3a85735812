"""Pages per second: extraction and units, the child process included, against raw PyMuPDF."""

from __future__ import annotations

import os
import time
from pathlib import Path

from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain.errors import DocumentError
from shared.domain.units import build_units

TARGET = 0.5


def find_pdfs() -> Path | None:
    """The folder of real PDFs, where there is one."""
    root = Path(__file__).resolve().parents[1]
    folder = Path(os.environ.get("POLICY_READER_PDFS") or root.parent / "shared" / "pdfs")
    return folder if folder.is_dir() else None


def samples() -> dict[str, bytes]:
    """The PDFs to measure: real ones, or some made here."""
    folder = find_pdfs()
    if folder is not None:
        return {path.name: path.read_bytes() for path in sorted((folder / "policy").glob("*.pdf"))}
    return {"made here.pdf": _made_here(100)}


def _made_here(pages: int) -> bytes:
    import pymupdf

    document = pymupdf.open()
    line = "The measure reduces emissions of greenhouse gases by twelve per cent."
    for number in range(pages):
        page = document.new_page()
        page.insert_text((72, 60), [f"Sample plan, page {number + 1}"])
        page.insert_text((72, 100), [line] * 45)
    data: bytes = document.tobytes()
    return data


def raw_seconds(pdf: bytes) -> tuple[int, float]:
    """Pages, and the seconds PyMuPDF needs for their `dict` in this process."""
    import pymupdf

    started = time.perf_counter()
    document = pymupdf.open(stream=pdf, filetype="pdf")
    for number in range(document.page_count):
        document[number].get_text("dict")
    return document.page_count, time.perf_counter() - started


def our_seconds(extractor: PymupdfTextExtractor, pdf: bytes) -> tuple[int, float]:
    """Units, and the seconds from bytes to units."""
    started = time.perf_counter()
    with extractor.open(pdf) as opened:
        pages = list(opened.pages())
        title = opened.title
    units = build_units(title, pages).units
    return len(units), time.perf_counter() - started


def main() -> None:
    """Print the table."""
    import pymupdf

    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    extractor = PymupdfTextExtractor()
    total_pages, total_raw, total_ours = 0, 0.0, 0.0
    print(f"{'document':<44} {'pages':>6} {'units':>7} {'raw p/s':>8} {'ours p/s':>8} {'ratio':>6}")
    our_seconds(extractor, _made_here(1))  # PyMuPDF is imported, here and there, before the clock
    try:
        for name, pdf in samples().items():
            try:
                units, ours = our_seconds(extractor, pdf)
            except DocumentError:
                continue
            pages, raw = raw_seconds(pdf)
            total_pages, total_raw, total_ours = (
                total_pages + pages,
                total_raw + raw,
                total_ours + ours,
            )
            print(_row(name[:44], pages, units, raw, ours))
    finally:
        extractor.close()
    print(_row("all", total_pages, 0, total_raw, total_ours) + f"   target ≥ {TARGET}")


def _row(name: str, pages: int, units: int, raw: float, ours: float) -> str:
    return (
        f"{name:<44} {pages:>6} {units or '':>7} {pages / raw:>8.0f} {pages / ours:>8.0f}"
        f" {raw / ours:>6.2f}"
    )


if __name__ == "__main__":
    main()
