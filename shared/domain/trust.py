"""How far the text layer of a page can be believed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.domain.pages import Line, PageState

LITTLE_TEXT = 25
"""Words below which a picture, not the text, is what the page is about."""

PICTURE_SHARE = 0.15
GARBLED_SHARE = 0.05
HIDDEN_SHARE = 0.5

_GARBLED = re.compile(r"[\ufffd\ue000-\uf8ff\x00-\x08\x0e-\x1f\x7f-\x9f]|\(cid:\d+\)")
_BULLETS = re.compile(r"^[\uf000-\uf0ff\uf020-\uf0ff]$")
_LETTER = re.compile(r"[^\W\d_]")
_ARABIC_LETTER = re.compile(r"[\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc]")
_REVERSED_YEAR = re.compile(r"(?<!\d)\d{2}(?:91|02)(?!\d)")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def judge(lines: Sequence[Line], image_share: float, hidden_words: int) -> tuple[PageState, str]:
    """Return the state of a page's text layer, and why where it is not simply text."""
    words = [word.text for line in lines for word in line.words]
    text = " ".join(words)
    letters = len(_LETTER.findall(text))
    if not words or (letters < 2 and len(words) < 5):
        if image_share > PICTURE_SHARE:
            return PageState.PICTURE_UNREAD, "the page is a picture without text"
        return (PageState.TEXT if words else PageState.BLANK), ""
    if hidden_words > HIDDEN_SHARE * len(words):
        reason = (
            "its text is invisible, laid under the picture by a text recognition we cannot check"
        )
        return PageState.UNTRUSTED, reason
    if len(_GARBLED.findall(_without_bullets(words))) > GARBLED_SHARE * len(text):
        return PageState.UNTRUSTED, "its fonts do not say which letters they show"
    if len(words) < LITTLE_TEXT and image_share > PICTURE_SHARE:
        return PageState.PICTURE_UNREAD, "most of the page is a picture, and its text is not read"
    return _judge_digits(text, letters)


def _without_bullets(words: list[str]) -> str:
    return " ".join(word for word in words if not _BULLETS.match(word))


def _judge_digits(text: str, letters: int) -> tuple[PageState, str]:
    """Arabic text layers are known to turn numbers round or to change their digits."""
    is_arabic = len(_ARABIC_LETTER.findall(text)) * 2 > letters
    if is_arabic and len(_REVERSED_YEAR.findall(text)) > len(_YEAR.findall(text)):
        return PageState.UNTRUSTED, "its numbers are turned round in the text layer"
    return PageState.TEXT, ""
