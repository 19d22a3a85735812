"""Paragraphs and tables in reading order → numbered units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.domain.clauses import clause_spans
from shared.domain.hyphens import Vocabulary
from shared.domain.pages import PageState
from shared.domain.paragraphs import Paragraph
from shared.domain.sentences import sentence_spans, trimmed
from shared.domain.table_units import header_of, row_parts
from shared.domain.tables import Table
from shared.domain.unit import Place, Unit, UnitKind
from shared.domain.wording import Wording, word


@dataclass(frozen=True, slots=True)
class Piece:
    """A unit's text and its places, and what is printed around it."""

    text: str
    places: tuple[Place, ...]
    marker: str = ""
    note: str = ""
    sentence: str = ""
    """The whole of the sentence it is a part of."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the whole document says about its parts."""

    vocabulary: Vocabulary
    language: str
    states: Mapping[int, PageState]


@dataclass(slots=True)
class UnitWriter:
    """Writes units one after another, and remembers what stands above them."""

    facts: Facts
    number: int = 0
    group: int = 0
    path: list[tuple[int, str]] = field(default_factory=list)
    in_list: bool = False
    lead_in: str = ""
    last_sentence: str = ""
    header: str = ""
    columns: tuple[float, ...] = ()

    def write(self, flow: Iterable[Paragraph | Table]) -> Iterator[Unit]:
        """The units of a document, numbered from 1."""
        for item in flow:
            if isinstance(item, Table):
                yield from self._table(item)
            elif item.kind is UnitKind.HEADING:
                yield from self._heading(item)
            elif item.kind is UnitKind.LIST_ITEM:
                yield from self._list_item(item)
            else:
                yield from self._paragraph(item)

    def _table(self, table: Table) -> Iterator[Unit]:
        self.group += 1
        self.in_list = False
        continued = table.xs == self.columns
        if not continued:
            self.header, self.columns = header_of(table), table.xs
        for row, wording, marker in row_parts(table, self.facts.vocabulary):
            lead_in = self.header if row or continued else ""
            for piece in self._sentences(wording, marker):
                yield self._unit(UnitKind.TABLE_ROW, piece, lead_in)

    def _heading(self, paragraph: Paragraph) -> Iterator[Unit]:
        self.group += 1
        self.in_list = False
        wording = word(paragraph.rows, self.facts.vocabulary)
        while self.path and self.path[-1][0] >= paragraph.level:
            self.path.pop()
        span = _inside_marks(wording, 0, len(wording.text))
        if span[0] < span[1]:
            piece = Piece(*wording.cut(*span))
            yield self._unit(UnitKind.HEADING, piece)
            self.path.append((paragraph.level, piece.text))
            self.last_sentence = piece.text

    def _list_item(self, paragraph: Paragraph) -> Iterator[Unit]:
        if not self.in_list:
            self.group += 1
            ends_open = self.last_sentence.endswith((":", "："))
            self.lead_in = self.last_sentence if ends_open else ""
        self.in_list = True
        wording = word(paragraph.rows, self.facts.vocabulary, paragraph.skip)
        for piece in self._sentences(wording, _marker(paragraph)):
            yield self._unit(UnitKind.LIST_ITEM, piece, self.lead_in)

    def _paragraph(self, paragraph: Paragraph) -> Iterator[Unit]:
        self.group += 1
        is_body = paragraph.kind is UnitKind.SENTENCE
        self.in_list = self.in_list and not is_body
        wording = word(paragraph.rows, self.facts.vocabulary, paragraph.skip)
        for piece in self._sentences(wording, _marker(paragraph)):
            yield self._unit(paragraph.kind, piece)
            if is_body:
                self.last_sentence = piece.sentence

    def _sentences(self, wording: Wording, marker: str = "") -> Iterator[Piece]:
        """The clauses of a wording, raised marks at their edges left out of the text."""
        text = _without_marks(wording)
        found: list[tuple[int, int]] = []
        wholes: list[str] = []
        for sentence in sentence_spans(text, self.facts.language):
            for clause in clause_spans(text, *sentence):
                span = _inside_marks(wording, *clause)
                if span[0] < span[1]:
                    found.append(span)
                    wholes.append(wording.text[sentence[0] : sentence[1]])
        ends = [start for start, _ in found[1:]] + [len(wording.text)]
        for place, ((start, end), after) in enumerate(zip(found, ends, strict=False)):
            before = f"{marker} {wording.text[:start]}".strip() if place == 0 else ""
            note = wording.text[end:after].strip()
            yield Piece(*wording.cut(start, end), before, note, wholes[place])

    def _unit(self, kind: UnitKind, piece: Piece, lead_in: str = "") -> Unit:
        self.number += 1
        return Unit(
            number=self.number,
            kind=kind,
            text=piece.text,
            places=piece.places,
            paragraph=self.group,
            heading=tuple([heading for _, heading in self.path]),
            lead_in=lead_in,
            source=self._source(piece.places),
            marker=piece.marker,
            note=piece.note,
        )

    def _source(self, places: tuple[Place, ...]) -> PageState:
        states = {self.facts.states[place.page] for place in places}
        for doubtful in (PageState.UNTRUSTED, PageState.OCR):
            if doubtful in states:
                return doubtful
        return PageState.TEXT


def _marker(paragraph: Paragraph) -> str:
    return " ".join(word.text for word in paragraph.rows[0].words[: paragraph.skip])


def _without_marks(wording: Wording) -> str:
    """The text with raised marks blanked, so that they do not hide the end of a sentence."""
    text = wording.text
    for start, end in wording.marks:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _inside_marks(wording: Wording, start: int, end: int) -> tuple[int, int]:
    """Narrow a span until neither edge is a raised mark or a space."""
    text = wording.text
    if not wording.marks and start < end and not text[start].isspace():
        return trimmed(text, start, end)
    while True:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        marks = [(first, last) for first, last in wording.marks if start <= first and last <= end]
        if marks and marks[0][0] == start:
            start = marks[0][1]
        elif marks and marks[-1][1] == end:
            end = marks[-1][0]
        else:
            return start, end
