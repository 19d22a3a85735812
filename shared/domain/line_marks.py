"""What the beginning and the end of a printed line say about it."""

from __future__ import annotations

import re

from shared.domain.rows import Row

BULLET = re.compile(
    r"^(?:[•▪●◦§‣⁃∙·○■□▫➢➤►▶✓✔❖\uf0b7\uf0a7\uf0d8\uf0fc\uf076\uf02d\u2022*–—-]|o|v|Ø|ü)$"
)
ENUMERATOR = re.compile(
    r"^(?:\(?(?:\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})\)|(?:\d{1,2}|[a-zA-Z]|[ivx]{1,5})\.|\d{1,2}°)$"
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
ENDS = re.compile(r"[.!?:;。！？：؟…][\"'”’»)\]\d]*$")
STARTS_LOWER = re.compile(r"^[(\[“\"‘]?[a-zß-öø-ÿа-яё]")
LEADERS = re.compile(r"\.{4,}|(?:\. ){4,}|…{2,}")


def marker_length(row: Row) -> int:
    """Words at the start of a row that mark a list item: 0 or 1."""
    if len(row.words) < 2:
        return 0
    first = row.words[0].text
    if BULLET.match(first):
        return 1
    if ENUMERATOR.match(first) and 0 not in row.raised:
        return 1
    return 0
