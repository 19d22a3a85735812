"""Pages → numbered units: what the model can point at.

Lines → running heads and feet out → columns and tables → paragraphs → sentences → units.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.domain.furniture import find_furniture
from shared.domain.garbage import no_collection
from shared.domain.hyphens import count_words
from shared.domain.languages import guess_language
from shared.domain.pages import Page
from shared.domain.paragraph_kinds import classify
from shared.domain.paragraphs import Paragraph, continues, split_block
from shared.domain.reading_order import read_in_order
from shared.domain.rows import Row, body_size
from shared.domain.tables import Table
from shared.domain.trust import judge_together
from shared.domain.turning import upright_height, upright_rows, upright_rules
from shared.domain.unit import DocumentText, PageOutcome, Place, Unit, UnitKind
from shared.domain.unit_writing import Facts, UnitWriter

__all__ = ["DocumentText", "PageOutcome", "Place", "Unit", "UnitKind", "build_units"]


def build_units(title: str, pages: Sequence[Page]) -> DocumentText:
    """A document's units, numbered from 1 in reading order, and what became of each page.

    Total and deterministic: any pages give a text, the same pages the same.
    """
    with no_collection():
        return _build(title, pages)


def _build(title: str, pages: Sequence[Page]) -> DocumentText:
    pages = judge_together(pages)
    furniture = find_furniture(pages)
    rows = [
        upright_rows(
            page,
            [
                (order, line)
                for order, line in enumerate(page.lines)
                if line.words and order not in dropped
            ],
        )
        for page, dropped in zip(pages, furniture.lines, strict=True)
    ]
    everything = [row for page_rows in rows for row in page_rows]
    facts = Facts(
        count_words(everything),
        guess_language(" ".join([row.text for row in everything])),
        {page.number: page.state for page in pages},
    )
    flow = _joined(_flow(pages, rows, body_size(everything)))
    outcomes = tuple(
        PageOutcome(page.number, page.state, page.reason, printed)
        for page, printed in zip(pages, furniture.printed, strict=True)
    )
    return DocumentText(title, tuple(UnitWriter(facts).write(flow)), outcomes)


def _flow(
    pages: Sequence[Page], rows: Sequence[list[Row]], body: float
) -> Iterator[Paragraph | Table]:
    """Everything in reading order, page by page."""
    for page, page_rows in zip(pages, rows, strict=True):
        height = upright_height(page)
        for block in read_in_order(page_rows, upright_rules(page)):
            if block.table is not None:
                yield block.table
                continue
            for paragraph in split_block(block.rows):
                classify(paragraph, body, height)
                yield paragraph


def _joined(flow: Iterator[Paragraph | Table]) -> list[Paragraph | Table]:
    """The flow with what was broken by a column's or page's end put together again."""
    joined: list[Paragraph | Table] = []
    unfinished: Paragraph | None = None
    for item in flow:
        if isinstance(item, Paragraph):
            if unfinished is not None and continues(unfinished, item):
                unfinished.rows.extend(item.rows)
                continue
            if item.kind in {UnitKind.SENTENCE, UnitKind.LIST_ITEM, UnitKind.HEADING}:
                unfinished = item
        joined.append(item)
    return joined
