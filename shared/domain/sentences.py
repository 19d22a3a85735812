"""Text → the spans of its sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sentencex import get_sentence_boundaries

LONGEST = 120
"""Words in a unit; longer ones are cut at clause marks."""

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
_CLAUSE = (
    re.compile(r";\s+|；\s*"),
    re.compile(r":\s+|：\s*"),
    re.compile(r"[,،]\s+|[，、]\s*"),
    re.compile(r"\s+"),
)
_MAY_BE_MARK = re.compile(r"[.!?]\d")
"""What both patterns below need; looking back at every letter of a text takes long."""

_MERGED_MARK = re.compile(r"(?<=[^\W\d_]{2}[.!?])\d{1,3}(?=\s+[A-ZÀ-Þ]|\s*$)")
_YEAR_MARK = re.compile(r"(?<=\b(?:19|20)\d\d\.)\d{1,2}(?=\s+[A-ZÀ-Þ]|\s*$)")


def sentence_spans(text: str, language: str) -> list[Span]:
    """Spans that hold every sentence of the text, white space at their edges left out.

    A footnote mark that is printed as part of the last word (“emissions.12 The”) ends up between
    two spans: it belongs to neither sentence.
    """
    spans: list[Span] = []
    for start, end in _without_marks(text, _joined(text, list(_boundaries(text, language)))):
        for first, last in _items(text, start, end):
            spans.extend(_short_enough(text, first, last))
    return spans


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
    for start, end in spans:
        first, last = start, end
        mark = _LEADING_MARK.match(text, start, end)
        if mark and start and not text[start - 1].isspace():
            first = mark.end()
        trailing = _TRAILING_MARK.search(text, first, end)
        if trailing and _is_mark(text, trailing.start()):
            last = trailing.start()
        yield _trimmed(text, first, last)


_LEADING_MARK = re.compile(r"\d{1,3}\s+")
_TRAILING_MARK = re.compile(r"\d{1,3}\s*$")


def _is_mark(text: str, start: int) -> bool:
    return any(
        match.start() == start
        for pattern in (_MERGED_MARK, _YEAR_MARK)
        for match in pattern.finditer(text, max(0, start - 8))
        if match.start() <= start
    )


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _items(text: str, start: int, end: int) -> Iterator[Span]:
    """The members of a list written as one sentence with semicolons."""
    cuts: list[int] = []
    depth, last = 0, start
    for match in _LIST_SIGNS.finditer(text, start, end):
        sign = match[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth = max(0, depth - 1)
        elif depth == 0 and len(text[last : match.end()].split()) >= ITEM_WORDS:
            cuts.append(match.end())
            last = match.end()
    if len(cuts) < 2 or len(text[last:end].split()) < ITEM_WORDS - 1:
        cuts = cuts if len(cuts) > 2 else []
    for cut in [*cuts, end]:
        if _trimmed(text, start, cut)[0] < _trimmed(text, start, cut)[1]:
            yield _trimmed(text, start, cut)
        start = cut


def _short_enough(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut at the clause mark nearest the middle until every part is short enough."""
    if start >= end:
        return
    if _count(text[start:end]) <= LONGEST:
        yield start, end
        return
    middle = (start + end) // 2
    quarter = (end - start) // 4
    for pattern in _CLAUSE:
        cuts = [m.end() for m in pattern.finditer(text, start + quarter, end - quarter)]
        if cuts:
            cut = min(cuts, key=lambda position: abs(position - middle))
            break
    else:
        cut = middle
    yield from _short_enough(text, *_trimmed(text, start, cut))
    yield from _short_enough(text, *_trimmed(text, cut, end))


def _count(text: str) -> int:
    """Words; where there are no spaces, as many as would fit."""
    return max(len(text.split()), len(_UNSPACED.findall(text)) // 2, len(text) // LETTERS_A_WORD)


ITEM_WORDS = 4
LETTERS_A_WORD = 15
"""More than any language's average, the space included."""

_LIST_SIGNS = re.compile(r"[(\[)\]]|;(?=\s)")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
