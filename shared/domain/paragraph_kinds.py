"""What a paragraph is: heading, list item, footnote, caption or body text."""

from __future__ import annotations

import re

from shared.domain.line_marks import (
    CAPTION_NUMBERED,
    SECTION,
    SECTION_WORD,
    SOURCE,
    STARTS_LOWER,
    has_leaders,
    marker_length,
)
from shared.domain.paragraphs import Paragraph
from shared.domain.rows import Row
from shared.domain.unit import UnitKind


def classify(paragraph: Paragraph, body: float, page_height: float) -> None:
    """Set kind, marker and heading level of a paragraph."""
    first = paragraph.first
    text = paragraph.text
    words = sum(len(row.words) for row in paragraph.rows)
    if has_leaders(text):
        paragraph.kind = UnitKind.LIST_ITEM
        return
    if (CAPTION_NUMBERED.match(text) and words <= 60) or (SOURCE.match(text) and words <= 60):
        paragraph.kind = UnitKind.CAPTION
        return
    if _is_footnote(paragraph, body, page_height):
        paragraph.kind, paragraph.skip = UnitKind.FOOTNOTE, 1
        return
    level = _heading_level(paragraph, body, words)
    if level:
        paragraph.kind, paragraph.level = UnitKind.HEADING, level
        return
    paragraph.skip = marker_length(first)
    if paragraph.skip:
        paragraph.kind = UnitKind.LIST_ITEM


def _is_footnote(paragraph: Paragraph, body: float, page_height: float) -> bool:
    first = paragraph.first
    number = first.words[0].text
    if len(first.words) < 2 or not re.match(r"^(?:\d{1,3}|[*†‡]|[ivx]{1,4})$", number):
        return False
    if first.rect[1] < 0.4 * page_height:
        return False
    return 0 in first.raised or first.size < 0.93 * body


def _heading_level(paragraph: Paragraph, body: float, words: int) -> int:
    """0 for no heading; small numbers are high in the document."""
    first, text = paragraph.first, paragraph.text
    if not _could_be_heading(paragraph, text, words):
        return 0
    number = _section_number(first)
    large = first.size > 1.12 * body
    capitals = text.isupper() and words >= 2 and first.size >= 0.95 * body
    if text.endswith((".", ";", ",", "?")) and not (large and words < 12):
        return 0
    if not (large or first.bold or capitals or _is_line_apart(paragraph, body, words)):
        return 0
    if not (large or number) and words > 14:
        return 0
    return _level(first, body, number)


def _is_line_apart(paragraph: Paragraph, body: float, words: int) -> bool:
    """A short line in slightly larger type that does not run on."""
    return len(paragraph.rows) == 1 and words <= 10 and paragraph.first.size > 1.04 * body


def _level(first: Row, body: float, number: str) -> int:
    depth = number.strip(".").count(".")
    if depth:
        return 2 + depth
    if first.size > 1.12 * body:
        return 1 if first.size > 1.5 * body else 2
    return 2 if number else 5


def _could_be_heading(paragraph: Paragraph, text: str, words: int) -> bool:
    if words > 25 or len(paragraph.rows) > 4 or STARTS_LOWER.match(text):
        return False
    return bool(re.search(r"[^\W\d_]{2}", text))


def _section_number(first: Row) -> str:
    word = first.words[0].text
    numbered = SECTION.match(word) and len(first.words) > 1
    return word if numbered or SECTION_WORD.match(word) else ""
