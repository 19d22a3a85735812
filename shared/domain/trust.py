"""How far the text layer of a page can be believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from shared.domain.pages import Line, Page, PageState

LITTLE_TEXT = 25
"""Words below which a picture, not the text, is what the page is about."""

PICTURE_SHARE = 0.15
GARBLED_SHARE = 0.05
HIDDEN_SHARE = 0.5

PICTURE_ONLY = "the page is a picture without text"
MOSTLY_PICTURE = "most of the page is a picture, and its text is not read"
GARBLED_FONTS = "its fonts do not say which letters they show"
HIDDEN_LAYER = "its text is invisible, laid under the picture by a text recognition"
TURNED_NUMBERS = "its numbers are turned round in the text layer"
TURNED_ELSEWHERE = "numbers are turned round in the text layer of this document"

_GARBLED = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f\x7f-\x9f]|\(cid:\d+\)")
_BULLET = re.compile(r"(?<!\S)[\uf000-\uf0ff](?!\S)")
_DRAWN = re.compile(r"[\s._…•·\-–—=*|]+")
_SIGNS = re.compile(r"[\W_]+")
_PLAIN = re.compile(r"[\t -~\u00a0-\u024f\u2010-\u2026]+")
"""What most pages consist of, and nothing below looks for."""

_LETTER = re.compile(r"[^\W\d_]")
_ARABIC_LETTER = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_REVERSED_YEAR = re.compile(r"(?<!\d)\d{2}(?:91|02)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def judge(lines: Sequence[Line], image_share: float, hidden_words: int) -> tuple[PageState, str]:
    """Return the state of a page's text layer, and why where it is not simply text."""
    words = [word.text for line in lines for word in line.words]
    text = " ".join(words)
    has_picture = image_share > PICTURE_SHARE
    if not words:
        return (PageState.PICTURE_UNREAD, PICTURE_ONLY) if has_picture else (PageState.BLANK, "")
    doubt = _doubt(text, hidden_words > HIDDEN_SHARE * len(words))
    if doubt:
        return PageState.UNTRUSTED, doubt
    if has_picture and len(words) < LITTLE_TEXT:
        return PageState.PICTURE_UNREAD, MOSTLY_PICTURE
    return PageState.TEXT, ""


def judge_together(pages: Sequence[Page]) -> Sequence[Page]:
    """The pages, distrusted alike where one of them was found to turn numbers round.

    Whatever made the text layer made it for all pages, and most pages hold too few years to show.
    """
    if not any(page.reason == TURNED_NUMBERS for page in pages):
        return pages
    return [
        replace(page, state=PageState.UNTRUSTED, reason=TURNED_ELSEWHERE)
        if page.state is PageState.TEXT and _is_mostly_arabic(_text(page.lines))
        else page
        for page in pages
    ]


def _text(lines: Sequence[Line]) -> str:
    return " ".join([word.text for line in lines for word in line.words])


def _is_mostly_arabic(text: str) -> bool:
    return 2 * len(_ARABIC_LETTER.findall(text)) > len(_LETTER.findall(text))


def _doubt(text: str, is_hidden: bool) -> str:
    if is_hidden:
        return HIDDEN_LAYER
    if _is_noise(text):
        return GARBLED_FONTS
    strange = _PLAIN.sub("", text)
    if not strange and "(cid:" not in text:
        return ""
    may_be_garbled = "(cid:" in text or _GARBLED.search(strange) is not None
    if may_be_garbled and len(_GARBLED.findall(_BULLET.sub("", text))) > GARBLED_SHARE * len(text):
        return GARBLED_FONTS
    is_arabic = _ARABIC_LETTER.search(strange) is not None
    return TURNED_NUMBERS if is_arabic and _has_turned_numbers(text) else ""


def _is_noise(text: str) -> bool:
    """Mostly signs, lines of dots and rules aside."""
    sample = _DRAWN.sub("", text[:2000])
    return len(sample) >= 4 and 2 * len(_SIGNS.sub("", sample)) < len(sample)


def _has_turned_numbers(text: str) -> bool:
    """Arabic text layers are known to turn numbers round: 2020 becomes 0202."""
    if not _is_mostly_arabic(text):
        return False
    return len(_REVERSED_YEAR.findall(text)) > len(_YEAR.findall(text))
