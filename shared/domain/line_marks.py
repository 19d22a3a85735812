"""What the beginning and the end of a printed line say about it."""

from __future__ import annotations

import re
from itertools import pairwise

from shared.domain.rows import Row

BULLET = re.compile(
    r"^(?:[•▪●◦§‣⁃∙·○■□▫➢➤►▶✓✔❖\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf02d\u2022*–—-]|o|v|Ø|ü)$"
)
ENUMERATOR = re.compile(
    r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})\)|(?:\d{1,2}|[a-zA-Z]|[ivx]{1,5}|[IVX]{1,5})\.|\d{1,2}°)$"
)
SECTION = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[IVX]{1,5}\.|[A-Z]\.)$")
SECTION_WORD = re.compile(
    r"^(?:chapter|part|section|annex|appendix|chapitre|annexe|partie|cap[ií]tulo|anexo|глава)$",
    re.IGNORECASE,
)
CAPTION_NUMBERED = re.compile(
    r"^(?:figure|fig\.|table|tableau|box|encadré|graph|graphique|chart|map|carte|tabla|figura|cuadro"
    r"|gráfico|quadro|рисунок|таблица)\s+(?:[A-Z]{1,2}[\s.-]?)?[\dIVX]",
    re.IGNORECASE,
)
SOURCE = re.compile(r"^(?:sources?|notes?|fuente)\s*:", re.IGNORECASE)
_ENDS = re.compile(r"[.!?:;。！？：؟…][\"'”’»)\]\d]*$")
STARTS_LOWER = re.compile(r"^[(\[“\"‘]?[a-zß-öø-ÿа-яё]")
_LEADERS = re.compile(r"\.{4,}|(?:\. ){4,}|…{2,}")


STARTS_UPPER = re.compile(r"^[(\[“\"‘«]?[A-ZÀ-ÖØ-ÞА-Я]")
_BEFORE_ITEM = re.compile(r"[.;:,!?)]$|\b(?:and|or|et|ou|y|o)$")


LONGEST_MARKER = 7
"""Characters of “(xviii)”."""

TAIL = 12
"""Characters at the end of a text that tell how it ends; the rest need not be searched."""


def ends(text: str) -> bool:
    """Whether a line ends a sentence or a member of a list, footnote mark included."""
    return _ENDS.search(text[-TAIL:]) is not None


def goes_before_item(text: str) -> bool:
    """Whether the next line may be a numbered item."""
    return _BEFORE_ITEM.search(text[-TAIL:]) is not None


def has_leaders(text: str) -> bool:
    """Whether dots lead to a page number, as in a table of contents."""
    return ("..." in text or ". . " in text or "……" in text) and _LEADERS.search(text) is not None


def succeeds(first: str, second: str) -> bool:
    """Whether two enumerators follow each other: “1.” and “2.”, “(a)” and “(b)”."""
    one, two = first.strip("(). "), second.strip("(). ")
    if one.isdecimal() and two.isdecimal():
        return int(two) == int(one) + 1
    if len(one) == len(two) == 1 and one.isalpha() and two.isalpha():
        return ord(two) == ord(one) + 1
    romans = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
    return (one.lower(), two.lower()) in pairwise(romans)


def starts_with_bullet(row: Row) -> bool:
    """Whether a segment begins with a sign that is nothing but a list marker."""
    first = row.words[0].text
    return not (first.isalnum() or first in "*–—-§") and BULLET.match(first) is not None


def marker_length(row: Row) -> int:
    """Words at the start of a row that mark a list item: 0 or 1."""
    if len(row.words) < 2:
        return 0
    first = row.words[0].text
    if len(first) > LONGEST_MARKER:
        return 0
    if BULLET.match(first):
        return 0 if first == "§" and row.words[1].text[0].isdecimal() else 1
    return 1 if ENUMERATOR.match(first) and 0 not in row.raised else 0
