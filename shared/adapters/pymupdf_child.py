"""The program in which PyMuPDF runs, so that a hostile PDF takes down a process and no worker.

Started once as a server that has paid for the import of PyMuPDF, it forks a child for each
document. The child limits its own memory and time, sends its pages one by one, and dies with the
server, which ends when its socket closes. Nothing of this project is imported here.

A document's socket carries frames: four bytes of length, then JSON. The child says `{}` as soon as
it lives, then `{"pages", "title"}` or `{"error"}`; it reads the first page number (four bytes)
and answers with one frame a page. Millions of numbers are in these frames, so that the sides of
all words are one list, written by one format.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

import pymupdf

FLAGS = (
    pymupdf.TEXT_PRESERVE_WHITESPACE
    | pymupdf.TEXT_MEDIABOX_CLIP
    | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
    | pymupdf.TEXT_COLLECT_VECTORS
)
"""Ligatures are not preserved: “ﬁ” is read as “fi”, as a reader types it."""

ORDER = struct.Struct("<IddI")
"""What a child may use: bytes of memory, seconds to open, seconds a page, pages."""

LENGTH = struct.Struct("<I")
PAINTED = 16 | 32
"""Character flags of glyphs that are filled or stroked; text with neither is invisible."""

SUPERSCRIPT, BOLD = 1, 16
TEXT_BLOCK, VECTOR_BLOCK = 0, 3
RULE_WIDTH = 3.0
"""A drawn rectangle thinner than this (points) is a rule."""

MOST_RULES = 2000
"""Pages with more drawn lines than this are maps and charts, not tables."""


def serve(control: socket.socket) -> None:
    """Fork a child for each order until the other end closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    while True:
        message, handles, _, _ = socket.recv_fds(control, ORDER.size, 2)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            _live(ORDER.unpack(message), handles[0], handles[1])
        for handle in handles:
            os.close(handle)


def _live(order: tuple[int, float, float, int], wire: int, file: int) -> None:
    code = 1
    try:
        memory, opening_seconds, page_seconds, most_pages = order
        _limit(memory)
        gc.disable()  # nothing here lives long enough to be worth looking for
        with socket.socket(fileno=wire) as peer:
            _send(peer, {})
            read_document(peer, file, opening_seconds, page_seconds, most_pages)
        code = 0
    except OSError:
        pass  # the reader has gone, and nobody is left to tell
    finally:
        os._exit(code)


def _limit(memory: int) -> None:
    if sys.platform == "linux":
        die_with_parent = 1
        ctypes.CDLL(None).prctl(die_with_parent, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def read_document(
    peer: socket.socket, file: int, opening_seconds: float, page_seconds: float, most_pages: int
) -> None:
    """Open the PDF, say what it is, and send its pages from the one asked for."""
    _alarm(opening_seconds)
    try:
        document, header = _open(file, most_pages)
    except Exception as problem:  # noqa: BLE001 - whatever the PDF provoked is its outcome
        document, header = None, {"error": "damaged", "detail": _said(problem)}
    _alarm(0)
    _send(peer, header)
    asked = peer.recv(LENGTH.size, socket.MSG_WAITALL)
    if document is None or len(asked) < LENGTH.size:
        return
    for number in range(LENGTH.unpack(asked)[0], document.page_count + 1):
        _alarm(page_seconds)
        page = read_page(document, number)
        _alarm(0)  # waiting for a slow reader is no fault of the page
        _send(peer, page)


def _open(file: int, most_pages: int) -> tuple[Any, dict[str, Any]]:
    data = os.pread(file, os.fstat(file).st_size, 0)
    document = pymupdf.open(stream=data, filetype="pdf")
    # Copying may be forbidden by a flag in the file; who uploads a document to have it read owns
    # that choice, so only a password that is truly needed stops us.
    if document.needs_pass and not document.authenticate(""):
        return None, {"error": "password"}
    if document.page_count < 1:
        return None, {"error": "no pages"}
    if document.page_count > most_pages:
        return None, {"error": "too many pages", "detail": str(document.page_count)}
    title = (document.metadata or {}).get("title") or ""
    return document, {"pages": document.page_count, "title": _encodable(title)}


def read_page(document: Any, number: int) -> dict[str, Any]:
    """Return one page as plain JSON; what MuPDF cannot read is a page with a reason."""
    try:
        return _read_page(document[number - 1], number)
    except MemoryError:
        return {"failed": "it needs more memory than one page may take"}
    except Exception as problem:  # noqa: BLE001 - the PDF may provoke any error in the library
        return {"failed": f"the PDF is damaged here ({_said(problem)})"}


def _read_page(page: Any, number: int) -> dict[str, Any]:
    width, height = page.rect.width, page.rect.height
    shown = None
    if page.rotation:
        shown = page.rotation_matrix
        page.set_rotation(0)  # MuPDF keeps lines together only where text runs upright
    label = page.get_label() if number else ""
    textpage = page.get_textpage(flags=FLAGS)
    blocks = textpage.extractDICT()["blocks"]
    styles: dict[tuple[int, int], dict[str, Any]] = {}
    rules: list[tuple[float, float, float, float]] = []
    text_blocks = 0  # words count these alone
    for block in blocks:
        if block["type"] == TEXT_BLOCK:
            for line_index, line in enumerate(block["lines"]):
                styles[text_blocks, line_index] = line
            text_blocks += 1
        elif block["type"] == VECTOR_BLOCK and _is_rule(block["bbox"]):
            rules.append(block["bbox"])
    if len(rules) > MOST_RULES:
        rules = []
    rects: list[Any] = []
    lines = list(_lines(textpage.extractWORDS(), styles, shown, rects))
    rects.extend(rules)
    if shown is not None:
        rects = [tuple(pymupdf.Rect(rect) * shown) for rect in rects]
    return {
        "size": [round(width, 2), round(height, 2)],
        "label": _encodable(label or ""),
        "images": _image_share(page, width * height),
        "rules": len(rules),
        "lines": lines,
        "sides": tuple(chain.from_iterable(rects)),
    }


def _is_rule(box: tuple[float, float, float, float]) -> bool:
    short, long = sorted((box[2] - box[0], box[3] - box[1]))
    return short < RULE_WIDTH and long > 4 * RULE_WIDTH


def _image_share(page: Any, area: float) -> float:
    """How much of the page pictures cover; overlapping ones count once where they are equal."""
    if not page.get_images():
        return 0.0
    boxes = {tuple(image["bbox"]) for image in page.get_image_info()}
    inner = page.rect
    covered = sum(abs(pymupdf.Rect(box) & inner) for box in boxes)
    return round(min(1.0, covered / area), 3) if area > 0 else 0.0


Words = list[tuple[float, float, float, float, str, int, int, int]]


def _lines(
    words: Words, styles: dict[tuple[int, int], Any], shown: Any, rects: list[Any]
) -> Iterator[list[Any]]:
    """Each line as [block, size, bold, hidden, angle, raised, text].

    `text` is its words with a space between them; the rectangle of each is added to `rects`.
    """
    for key, group in groupby(words, key=_BLOCK_AND_LINE):
        line = styles.get(key)
        if line is not None:
            yield _line(list(group), line, key[0], shown, rects)


_BLOCK_AND_LINE = itemgetter(5, 6)


def _line(
    words: Words, line: dict[str, Any], block: int, shown: Any, rects: list[Any]
) -> list[Any]:
    spans = line["spans"]
    only = spans[0] if len(spans) == 1 else None
    printed = only["text"] if only else "".join([span["text"] for span in spans])
    flags = 0
    for span in spans:
        flags |= span["flags"]
    raised: list[int] = []
    if not flags & SUPERSCRIPT and len(printed.split()) == len(words):
        texts = [word[4] for word in words]
        rects.extend([word[:4] for word in words])
    else:
        texts, added, raised = _parts(words, spans, printed)
        rects.extend(added)
    return [
        block,
        round((only or max(spans, key=_length))["size"], 1),
        1 if flags & BOLD and 2 * _length_with(BOLD, "flags", spans) > len(printed) else 0,
        1 if 2 * _length_with(PAINTED, "char_flags", spans) < len(printed) else 0,
        _angle(line["dir"], shown),
        raised,
        _encodable(" ".join(texts)),
    ]


def _length_with(bits: int, flags: str, spans: list[Any]) -> int:
    """How many characters have one of the bits set."""
    return sum([len(span["text"]) for span in spans if span[flags] & bits])


def _length(span: dict[str, Any]) -> int:
    return len(span["text"].strip())


def _parts(words: Words, spans: list[Any], printed: str) -> tuple[list[str], list[Any], list[int]]:
    """Words cut where marks are raised, and put together where only MuPDF saw an end."""
    texts: list[str] = []
    rects: list[Any] = []
    raised: list[int] = []
    for word, start, glued in _with_starts(words, printed):
        for text, rect, is_raised in _cut_at_raised(word, start, spans):
            if glued and texts and not is_raised and (len(texts) - 1) not in raised:
                texts[-1] += text
                rects[-1] = _union(rects[-1], rect)
            else:
                if is_raised:
                    raised.append(len(texts))
                texts.append(text)
                rects.append(rect)
    return texts, rects, raised


def _with_starts(words: Words, text: str) -> Iterator[tuple[Any, int, bool]]:
    """Each word with its offset in the line's text, and whether it touches the word before.

    MuPDF ends a word where the writing direction changes, even inside what is printed as one.
    """
    position = 0
    for word in words:
        found = text.find(word[4], position)
        start = found if found >= 0 else position
        yield word, start, found == position and position > 0 and not text[position - 1].isspace()
        position = start + len(word[4])


def _cut_at_raised(
    word: Any, start: int, spans: list[Any]
) -> list[tuple[str, tuple[float, float, float, float], bool]]:
    """Cut a word where a raised mark begins or ends: “2021.¹” is a word and a mark."""
    box = (word[0], word[1], word[2], word[3])
    if not any(span["flags"] & SUPERSCRIPT for span in spans):
        return [(word[4], box, False)]
    parts: list[tuple[str, tuple[float, float, float, float], bool]] = []
    position, end = 0, start + len(word[4])
    for span in spans:
        first, last = max(position, start), min(position + len(span["text"]), end)
        if first < last:
            is_raised = bool(span["flags"] & SUPERSCRIPT)
            text = word[4][first - start : last - start]
            left, right = max(box[0], span["bbox"][0]), min(box[2], span["bbox"][2])
            if left >= right:
                left, right = box[0], box[2]
            top, bottom = (span["bbox"][1], span["bbox"][3]) if is_raised else (box[1], box[3])
            if parts and parts[-1][2] == is_raised:
                text, left = parts[-1][0] + text, parts[-1][1][0]
                parts.pop()
            parts.append((text, (left, top, right, bottom), is_raised))
        position += len(span["text"])
    return parts or [(word[4], box, False)]


def _angle(direction: tuple[float, float], shown: Any) -> int:
    x, y = direction
    if shown is not None:
        x, y = x * shown.a + y * shown.c, x * shown.b + y * shown.d
    if abs(x) >= abs(y):
        return 0 if x >= 0 else 180
    return 90 if y > 0 else 270


def _union(first: Any, second: Any) -> list[float]:
    return [
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    ]


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def _said(problem: BaseException) -> str:
    return _encodable(" ".join(str(problem).split()))[:120] or type(problem).__name__


def _alarm(seconds: float) -> None:
    """Let the kernel kill this process unless called again in time; C code cannot put it off."""
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _send(peer: socket.socket, frame: dict[str, Any]) -> None:
    sides = frame.pop("sides", ())
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    if sides:
        numbers = ("%.1f," * len(sides) % sides)[:-1]
        text = f'{text[:-1]},"sides":[{numbers}]}}'
    body = text.encode()
    peer.sendall(LENGTH.pack(len(body)) + body)


def main() -> None:
    """Serve on the socket whose descriptor is the first argument."""
    pymupdf.TOOLS.mupdf_display_errors(False)
    pymupdf.TOOLS.mupdf_display_warnings(False)
    serve(socket.socket(fileno=int(sys.argv[1])))


if __name__ == "__main__":
    main()
