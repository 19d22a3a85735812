"""Passages → verbatim quotes: the words are sliced from the units, never taken from the model."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from shared.domain.checks import Passage
from shared.domain.merging import merge_passages, strength_rank
from shared.domain.pages import PageState, Rect
from shared.domain.units import DocumentText, Place, Unit, UnitKind

CONTEXT_CHARACTERS = 300
"""Of the text shown before and after a quote, at most."""

REPEATED_CHARACTERS = 25
"""A text at least this long that stands elsewhere, too, is told to do so; “Yes.” is not."""

VERBATIM = "verbatim"
DOUBTFUL = "text layer doubtful"
"""Said instead of “verbatim” where the text layer may not say what is printed."""

_WORST_FIRST = (
    PageState.UNTRUSTED,
    PageState.SCRIPT_NOT_READABLE,
    PageState.PICTURE_UNREAD,
    PageState.OCR,
)


@dataclass(frozen=True, slots=True)
class QuoteBox:
    """A rectangle on a page (from 1), in points from its top left as shown."""

    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Quote:
    """A verbatim passage. `units` are the numbers of its whole, consecutive units.

    `focus` is a character span in `text`.
    """

    id: str
    text: str
    focus: tuple[int, int]
    pdf_pages: tuple[int, ...]
    printed_pages: tuple[str, ...]
    units: tuple[int, ...]
    kind: str
    heading: tuple[str, ...]
    before: str
    after: str
    strength: str
    justification: str | None
    labels: dict[str, list[str]]
    source: str
    checks: tuple[str, ...]
    boxes: tuple[QuoteBox, ...]
    also_on_pages: tuple[int, ...] = ()
    focus_boxes: tuple[QuoteBox, ...] = ()


class QuoteSlicer:
    """Slices the quotes of one document, whose id is `document`."""

    def __init__(self, document: str, text: DocumentText) -> None:
        self.document = document
        self._units = text.units
        self._by_number = {unit.number: unit for unit in text.units}
        self._index = {unit.number: place for place, unit in enumerate(text.units)}
        self._printed = {page.number: page.printed for page in text.pages}
        self._alike: dict[str, list[int]] = {}
        for place, unit in enumerate(text.units):
            self._alike.setdefault(_folded(unit.text), []).append(place)

    def slice(
        self, variable: str, passages: Iterable[Passage], *, justify: bool
    ) -> tuple[Quote, ...]:
        """The quotes of one variable: merged, the strongest first, then as in the document."""
        merged = merge_passages(passages, self._by_number)
        quotes: dict[str, Quote] = {}
        ranked = sorted(merged, key=lambda p: (strength_rank(p.strength), p.first))
        for passage in ranked:
            quote = self._quote(variable, passage, justify=justify)
            same = quotes.get(_folded(quote.text))
            quotes[_folded(quote.text)] = _one_of(same, quote) if same else quote
        return tuple(quotes.values())

    def _quote(self, variable: str, passage: Passage, *, justify: bool) -> Quote:
        first, last = self._index[passage.first], self._index[passage.last]
        units = self._units[first : last + 1]
        text, offsets = _join_units(units)
        focus_first = passage.focus_first - passage.first
        focus_last = passage.focus_last - passage.first
        start = offsets[focus_first] + passage.focus_start
        end = offsets[focus_last] + passage.focus_end
        places = [
            (offset, p) for o, u in zip(offsets, units, strict=True) for offset, p in _at(o, u)
        ]
        pages = tuple(dict.fromkeys(place.page for _, place in places))
        source = _source(units)
        return Quote(
            id=_quote_id(self.document, variable, text),
            text=text,
            focus=(start, end),
            pdf_pages=pages,
            printed_pages=tuple(self._printed[page] for page in pages if self._printed.get(page)),
            units=tuple(range(passage.first, passage.last + 1)),
            kind=str(_kind(units)),
            heading=units[0].heading,
            before=_tail(self._units[first - 1].text) if first else "",
            after=_head(self._units[last + 1].text) if last + 1 < len(self._units) else "",
            strength=str(passage.strength),
            justification=passage.why or None if justify else None,
            labels={},
            source=str(source),
            checks=_checks(source, renumbered=passage.renumbered),
            boxes=line_boxes(place for _, place in places),
            also_on_pages=self._elsewhere(first, last, pages),
            focus_boxes=line_boxes(
                place
                for offset, place in places
                if offset < end and offset + place.end - place.start > start
            ),
        )

    def _elsewhere(self, first: int, last: int, pages: tuple[int, ...]) -> tuple[int, ...]:
        """Other pages on which the same units stand, one after the other."""
        folded = [_folded(unit.text) for unit in self._units[first : last + 1]]
        if sum(map(len, folded)) < REPEATED_CHARACTERS:
            return ()
        found: set[int] = set()
        for place in self._alike[folded[0]]:
            span = self._units[place : place + len(folded)]
            if place != first and [_folded(unit.text) for unit in span] == folded:
                found.update(page for unit in span for page in unit.pages)
        return tuple(sorted(found - set(pages)))


def line_boxes(places: Iterable[Place]) -> tuple[QuoteBox, ...]:
    """One rectangle for each line of print that the places, in text order, run along."""
    boxes: list[QuoteBox] = []
    for place in places:
        before = boxes[-1] if boxes else None
        if before and before.page == place.page and _same_line(before.rect, place.rect):
            boxes[-1] = QuoteBox(place.page, _around(before.rect, place.rect))
        else:
            boxes.append(QuoteBox(place.page, place.rect))
    return tuple(boxes)


def _same_line(one: Rect, other: Rect) -> bool:
    """Side by side, at the same height, with no gutter between: in whichever direction."""
    height = min(one[3] - one[1], other[3] - other[1])
    shared = min(one[3], other[3]) - max(one[1], other[1])
    gap = max(one[0], other[0]) - min(one[2], other[2])
    return shared > height / 2 and gap < 3 * height


def _around(one: Rect, other: Rect) -> Rect:
    return (
        min(one[0], other[0]),
        min(one[1], other[1]),
        max(one[2], other[2]),
        max(one[3], other[3]),
    )


def _join_units(units: Sequence[Unit]) -> tuple[str, list[int]]:
    """The text of consecutive units, and where in it each of them begins.

    Between units stands what is printed between them: footnote marks, as words of their own, and
    the signs and numbers of a list.
    """
    text, offsets = "", []
    for place, unit in enumerate(units):
        if place:
            before = units[place - 1]
            apart = before.paragraph != unit.paragraph or unit.marker
            text += (f" {before.note}" if before.note else "") + ("\n" if apart else " ")
            text += f"{unit.marker} " if unit.marker else ""
        offsets.append(len(text))
        text += unit.text
    return text, offsets


def _at(offset: int, unit: Unit) -> Iterable[tuple[int, Place]]:
    """The unit's places with where each begins in a text that holds the unit at `offset`."""
    return ((offset + place.start, place) for place in unit.places)


def _one_of(kept: Quote, repeated: Quote) -> Quote:
    pages = {*kept.also_on_pages, *repeated.pdf_pages, *repeated.also_on_pages}
    return replace(kept, also_on_pages=tuple(sorted(pages - set(kept.pdf_pages))))


def _quote_id(document: str, variable: str, text: str) -> str:
    """The same for the same words, whatever else is found beside them."""
    digest = hashlib.sha256(_folded(text).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{document}-{variable}-{digest[:10]}"


def _kind(units: Sequence[Unit]) -> UnitKind:
    return next((unit.kind for unit in units if unit.kind is not UnitKind.HEADING), units[0].kind)


def _source(units: Sequence[Unit]) -> PageState:
    """The least trustworthy of the units' sources."""
    sources = {unit.source for unit in units}
    return next((state for state in _WORST_FIRST if state in sources), PageState.TEXT)


def _checks(source: PageState, *, renumbered: bool) -> tuple[str, ...]:
    """What is known of the words; those of a doubtful text layer may differ from the print."""
    words = DOUBTFUL if source is PageState.UNTRUSTED else VERBATIM
    return (words, "renumbered") if renumbered else (words,)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _tail(text: str) -> str:
    if len(text) <= CONTEXT_CHARACTERS:
        return text
    return "… " + text[-CONTEXT_CHARACTERS:].partition(" ")[2]


def _head(text: str) -> str:
    if len(text) <= CONTEXT_CHARACTERS:
        return text
    return text[:CONTEXT_CHARACTERS].rpartition(" ")[0] + " …"
