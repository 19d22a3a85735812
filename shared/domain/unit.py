"""What the model can point at: a unit of text, its place, and a document made of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.domain.pages import PageState, Rect


class UnitKind(StrEnum):
    """What a unit is in the document's layout."""

    SENTENCE = "sentence"
    LIST_ITEM = "list_item"
    TABLE_ROW = "table_row"
    HEADING = "heading"
    FOOTNOTE = "footnote"
    CAPTION = "caption"


class Place(NamedTuple):
    """Where `text[start:end]` of a unit stands: one printed word, or part of one."""

    start: int
    end: int
    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item, table row, heading, footnote or caption.

    `number` counts from 1 through the document. `places` are in text order and cover every
    character of `text` but white space. `paragraph` is equal for units of one paragraph, list or
    table. `heading` is the path of headings above it; `lead_in` the line a list hangs on or the
    header row of a table. `marker` is the sign or number printed before its text, `note` the
    raised footnote marks printed after it; both are left out of the text.
    """

    number: int
    kind: UnitKind
    text: str
    places: tuple[Place, ...]
    paragraph: int
    heading: tuple[str, ...] = ()
    lead_in: str = ""
    source: PageState = PageState.TEXT
    marker: str = ""
    note: str = ""

    @property
    def pages(self) -> tuple[int, ...]:
        """The PDF pages it stands on, in order."""
        return tuple(dict.fromkeys(place.page for place in self.places))


@dataclass(frozen=True, slots=True)
class PageOutcome:
    """What became of one page; `printed` is the page number printed on it, or empty."""

    number: int
    state: PageState
    reason: str = ""
    printed: str = ""


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A whole document as units. `pages` has one entry for each page, in order."""

    title: str
    units: tuple[Unit, ...]
    pages: tuple[PageOutcome, ...]
