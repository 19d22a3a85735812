"""Text → the spans of its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

Span = tuple[int, int]

_NO_END = re.compile(
    r"(?:\b(?:approx|ca|cf|vs|no|nos|art|arts|fig|figs|tab|sec|para|pp?|vol|ed|eds|al|resp|incl|"
    r"est|max|min|dept|gov|env|op|cit|viz|etc|e\.g|i\.e|eg|ie|ex|mt|st|mr|mrs|ms|dr|prof|inc|ltd|"
    r"co|corp|u\.s|u\.k|u\.n|bzw|z\.b|nr|núm|pág|pag|hab|env)|\b[A-Z])\.\s*$",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^(?:figure|fig|table|tableau|box|encadré|graphique|chart|map|carte|tabla|figura|cuadro"
    r"|gráfico|quadro|annex|annexe|anexo|рисунок|таблица)\.?\s+[\dA-Z][\d.\-–]*\s*$",
    re.IGNORECASE,
)
_ALWAYS_END = re.compile(r"\betc\.\s*$", re.IGNORECASE)
_STARTS_SENTENCE = re.compile(r"^[“\"'‘«(\[]*[A-ZÀ-ÖØ-ÞА-Я]")
_CONTINUES = re.compile(r"^[\s]*[a-zß-öø-ÿа-я,;:)\]%]")
_MAY_BE_MARK = re.compile(r"[.!?]\d")
"""What both patterns below need; looking back at every letter of a text takes long."""

_MERGED_MARK = re.compile(r"(?<=[^\W\d_]{2}[.!?])\d{1,3}(?=\s+[A-ZÀ-Þ]|\s*$)")
_YEAR_MARK = re.compile(r"(?<=\b(?:19|20)\d\d\.)\d{1,2}(?=\s+[A-ZÀ-Þ]|\s*$)")


def sentence_spans(text: str, language: str) -> list[Span]:
    """Spans that hold every sentence of the text, white space at their edges left out.

    A footnote mark that is printed as part of the last word (“emissions.12 The”) ends up between
    two spans: it belongs to neither sentence.
    """
    found = _without_marks(text, _joined(text, list(_boundaries(text, language))))
    return [span for span in found if span[0] < span[1]]


def _boundaries(text: str, language: str) -> Iterator[Span]:
    hidden = text
    if _MAY_BE_MARK.search(text):
        hidden = _YEAR_MARK.sub(_blank, _MERGED_MARK.sub(_blank, text))
    for boundary in get_sentence_boundaries(language, hidden):
        yield boundary["start_index"], boundary["end_index"]


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _joined(text: str, spans: list[Span]) -> list[Span]:
    """Undo splits after abbreviations and before what cannot begin a sentence."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and _is_no_boundary(text[joined[-1][0] : joined[-1][1]], text[start:end]):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _is_no_boundary(before: str, after: str) -> bool:
    if not after.strip() or not before.strip():
        return True
    if _LABEL.match(before):
        return True
    if _CONTINUES.match(after) and not before.rstrip().endswith((":", ";")):
        return True
    tail = before.rstrip()[-12:]
    return bool(_NO_END.search(tail)) and not (
        _ALWAYS_END.search(tail) and _STARTS_SENTENCE.match(after)
    )


def _without_marks(text: str, spans: list[Span]) -> Iterator[Span]:
    for start, stop in spans:
        first, end = start, stop
        if start and not text[start - 1].isspace():
            mark = _LEADING_MARK.match(text, start, stop)
            first = mark.end() if mark else start
        first, end = trimmed(text, first, end)
        ends_in_digit = first < end and text[end - 1].isdigit()
        trailing = _TRAILING_MARK.search(text, first, end) if ends_in_digit else None
        if trailing and _is_mark(text, trailing.start()):
            end = trailing.start()
        yield trimmed(text, first, end)


_LEADING_MARK = re.compile(r"\d{1,3}\s+")
_TRAILING_MARK = re.compile(r"\d{1,3}\s*$")


def _is_mark(text: str, start: int) -> bool:
    return any(
        match.start() == start
        for pattern in (_MERGED_MARK, _YEAR_MARK)
        for match in pattern.finditer(text, max(0, start - 8))
        if match.start() <= start
    )


def trimmed(text: str, start: int, end: int) -> Span:
    """The span without the white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
