"""The extractor: what it reads, and what a PDF can do to it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pymupdf
import pytest

from shared.adapters.pymupdf_processes import ChildServer, Limits
from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain.errors import DocumentError
from shared.domain.pages import Page, PageState
from tests.sample_pdfs import AES_256, Sheet, pdf_of

HOSTILE_CHILD = Path(__file__).with_name("hostile_pdf_child.py")
QUICK = Limits(opening_seconds=10, page_seconds=0.5, memory_bytes=1024**3)


@pytest.fixture(scope="module")
def extractor() -> Iterator[PymupdfTextExtractor]:
    """The extractor as it is used."""
    extractor = PymupdfTextExtractor()
    yield extractor
    extractor.close()


@pytest.fixture(scope="module")
def hostile() -> Iterator[PymupdfTextExtractor]:
    """An extractor whose child does what the page says: DIE, HANG, HOARD or BABBLE."""
    extractor = PymupdfTextExtractor(QUICK, ChildServer(HOSTILE_CHILD))
    yield extractor
    extractor.close()


def read(extractor: PymupdfTextExtractor, pdf: bytes) -> list[Page]:
    """All pages of a PDF."""
    with extractor.open(pdf) as opened:
        pages = list(opened.pages())
        assert len(pages) == opened.page_count
    return pages


def text_of(page: Page) -> str:
    """A page's words, a space between them."""
    return " ".join(word.text for line in page.lines for word in line.words)


def test_words_come_with_their_places(extractor: PymupdfTextExtractor) -> None:
    """A word's rectangle is where PyMuPDF itself finds the word."""
    pdf = Sheet().write(72, 100, "Net zero by 2050").write(72, 300, "Second paragraph").pdf()
    [page] = read(extractor, pdf)
    assert (page.number, page.width, page.height) == (1, 595, 842)
    assert page.state is PageState.TEXT
    assert text_of(page) == "Net zero by 2050 Second paragraph"
    [found] = pymupdf.open(stream=pdf)[0].search_for("2050")
    word = page.lines[0].words[3]
    assert word.text == "2050"
    assert word.rect == pytest.approx(tuple(found), abs=1)


def test_a_turned_page_is_read_as_shown(extractor: PymupdfTextExtractor) -> None:
    """Rectangles of a rotated page are those a viewer shows, and the line's angle is told."""
    sheet = Sheet().write(72, 100, "Turned page")
    sheet.page.set_rotation(90)
    [page] = read(extractor, sheet.pdf())
    assert (page.width, page.height) == (842, 595)
    assert text_of(page) == "Turned page"
    assert page.lines[0].angle == 90
    x0, y0, x1, y1 = page.lines[0].rect
    assert 742 - 15 < x0 < x1 < 742 + 15, "the baseline was 100 from the top, now from the right"
    assert 70 < y0 < y1 < 140


def test_places_are_counted_from_the_crop(extractor: PymupdfTextExtractor) -> None:
    """What a viewer cuts away does not shift what it shows."""
    sheet = Sheet().write(172, 200, "Cropped")
    sheet.page.set_cropbox(pymupdf.Rect(100, 100, 500, 700))
    [page] = read(extractor, sheet.pdf())
    assert (page.width, page.height) == (400, 600)
    assert page.lines[0].rect[0] == pytest.approx(72, abs=1)


def test_raised_marks_are_told_from_words(extractor: PymupdfTextExtractor) -> None:
    """A small raised figure after a word is a word of its own, marked as raised."""
    sheet = Sheet().write(72, 100, "since 2021.")
    end = 72 + pymupdf.get_text_length("since 2021.", fontsize=11)
    sheet.write(end, 96, "1", size=6).write(end + 6, 100, "It fell.")
    [page] = read(extractor, sheet.pdf())
    [line] = page.lines
    raised = [line.words[index].text for index in line.superscripts]
    assert raised == ["1"]
    assert [word.text for word in line.words] == ["since", "2021.", "1", "It", "fell."]


def test_type_and_rules_are_told(extractor: PymupdfTextExtractor) -> None:
    """Size and weight of a line, and the lines drawn on the page, come with it."""
    sheet = Sheet().write(72, 100, "Heading", size=18, bold=True).write(72, 140, "body text")
    sheet.grid([72, 200], [300, 320])
    [page] = read(extractor, sheet.pdf())
    heading, body = page.lines
    assert (heading.size, heading.bold, body.size, body.bold) == (18, True, 11, False)
    assert len(page.rules) == 4


def test_an_empty_page_is_blank(extractor: PymupdfTextExtractor) -> None:
    """A page with nothing on it was read, and is blank."""
    [page] = read(extractor, pdf_of(""))
    assert (page.state, page.lines, page.reason) == (PageState.BLANK, (), "")


def test_a_picture_is_not_taken_for_an_empty_page(extractor: PymupdfTextExtractor) -> None:
    """A scan without text says that it was not read."""
    sheet = Sheet()
    picture = pymupdf.Pixmap(pymupdf.csGRAY, pymupdf.IRect(0, 0, 50, 50), False)
    picture.clear_with(128)
    sheet.page.insert_image(pymupdf.Rect(50, 50, 500, 700), pixmap=picture)
    [page] = read(extractor, sheet.pdf())
    assert page.state is PageState.PICTURE_UNREAD
    assert page.reason
    assert page.image_share == pytest.approx(450 * 450 / (595 * 842), abs=0.2)


def test_invisible_text_is_not_trusted(extractor: PymupdfTextExtractor) -> None:
    """The text layer that a scanner hides under its picture is read, but marked."""
    sheet = Sheet()
    for index in range(10):
        sheet.page.insert_text((72, 100 + 14 * index), "hidden words of a scan", render_mode=3)
    [page] = read(extractor, sheet.pdf())
    assert page.state is PageState.UNTRUSTED
    assert "invisible" in page.reason


def test_ligatures_are_read_as_letters(extractor: PymupdfTextExtractor) -> None:
    """“ﬁ” is what a typesetter made of f and i; nobody searches for it."""
    document = pymupdf.open()
    page = document.new_page()
    page.insert_htmlbox(pymupdf.Rect(72, 72, 300, 200), "e\ufb03cient of\ufb01ce")
    [read_page] = read(extractor, document.tobytes())
    assert text_of(read_page) == "efficient office"


def test_reading_can_begin_in_the_middle(extractor: PymupdfTextExtractor) -> None:
    """Pages already stored are not read again, and asking twice gives the same."""
    with extractor.open(pdf_of("one", "two", "three")) as opened:
        assert [page.number for page in opened.pages(2)] == [2, 3]
        assert [text_of(page) for page in opened.pages(3)] == ["three"]
        assert [text_of(page) for page in opened.pages()] == ["one", "two", "three"]
        assert list(opened.pages(4)) == []


def test_the_title_is_told(extractor: PymupdfTextExtractor) -> None:
    """The title of the metadata comes with the document."""
    document = pymupdf.open(stream=pdf_of("text"))
    document.set_metadata({"title": "Climate\n Plan"})
    with extractor.open(document.tobytes()) as opened:
        assert opened.title == "Climate Plan"


def test_an_owner_password_forbids_nothing(extractor: PymupdfTextExtractor) -> None:
    """A file that opens without a password is read, whatever it forbids."""
    pdf = pdf_of(
        "Copying forbidden",
        encryption=AES_256,
        owner_pw="owner",
        user_pw="",
        permissions=0,
    )
    [page] = read(extractor, pdf)
    assert text_of(page) == "Copying forbidden"


@pytest.mark.parametrize(
    ("pdf", "remedy"),
    [
        (b"", "upload it again"),
        (b"hello, I am text", "upload the document as PDF"),
        (b"PK\x03\x04 a Word file", "save it as PDF"),
        (b"%PDF-1.7 and nothing else", "print it to a new PDF"),
        (
            pdf_of("x", encryption=AES_256, user_pw="u", owner_pw="o"),
            "without a password",
        ),
    ],
    ids=["empty", "text", "zip", "damaged", "password"],
)
def test_what_cannot_be_opened_says_why(
    extractor: PymupdfTextExtractor, pdf: bytes, remedy: str
) -> None:
    """Each kind of unreadable file gets the fact and its remedy."""
    with pytest.raises(DocumentError, match=remedy), extractor.open(pdf):
        pytest.fail("it was opened")


def test_too_many_pages_are_refused() -> None:
    """A PDF above the page limit is refused with its number of pages."""
    extractor = PymupdfTextExtractor(Limits(pages=2))
    try:
        with pytest.raises(DocumentError, match="3 pages"), extractor.open(pdf_of("", "", "")):
            pytest.fail("it was opened")
    finally:
        extractor.close()


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("DIE", "crashed"),
        ("HANG", "longer than 0.5 seconds"),
        ("HOARD", "memory"),
        ("BABBLE", "crashed"),
    ],
)
def test_a_deadly_page_costs_only_itself(
    hostile: PymupdfTextExtractor, fault: str, reason: str
) -> None:
    """The page on which a child dies fails with a reason; those after it are read."""
    pages = read(hostile, pdf_of("first", fault, "third"))
    assert [page.state for page in pages] == [PageState.TEXT, PageState.FAILED, PageState.TEXT]
    assert reason in pages[1].reason
    assert text_of(pages[2]) == "third"


def test_deaths_are_counted(hostile: PymupdfTextExtractor) -> None:
    """A document that goes on killing is given up: every page is still accounted for."""
    pages = read(hostile, pdf_of("fine", "DIE", "DIE", "DIE", "fine", "fine"))
    states = [page.state for page in pages]
    assert states == [PageState.TEXT, *[PageState.FAILED] * 5]
    assert "not tried" in pages[5].reason


def test_the_server_may_die(hostile: PymupdfTextExtractor) -> None:
    """A server killed between two documents is started again, unnoticed."""
    assert read(hostile, pdf_of("before"))
    process = hostile._server._process
    assert process is not None
    process.kill()
    process.wait()
    assert text_of(read(hostile, pdf_of("after"))[0]) == "after"


def test_no_process_is_left() -> None:
    """After its document a child is gone, zombies included; after closing, the server is."""
    own = PymupdfTextExtractor()
    read(own, pdf_of("one", "two"))
    server = own._server._process
    assert server is not None
    children = psutil.Process(server.pid).children()
    psutil.wait_procs(children, timeout=10)
    assert psutil.Process(server.pid).children() == []
    own.close()
    assert not psutil.pid_exists(server.pid)


def test_processes_die_with_their_parent(tmp_path: Path) -> None:
    """A worker that is killed leaves no PDF process behind, not even one that hangs."""
    program = f"""
import sys, time
from pathlib import Path
from shared.adapters.pymupdf_processes import ChildServer, Limits
from shared.adapters.pymupdf_text import PymupdfTextExtractor
extractor = PymupdfTextExtractor(Limits(page_seconds=60), ChildServer(Path({str(HOSTILE_CHILD)!r})))
with extractor.open(Path(sys.argv[1]).read_bytes()) as opened:
    pages = opened.pages()
    next(pages)
    print(extractor._server._process.pid, flush=True)
    next(pages)
"""
    pdf = tmp_path / "hang.pdf"
    pdf.write_bytes(pdf_of("fine", "HANG"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", program, str(pdf)], stdout=subprocess.PIPE, env=environment
    ) as parent:
        assert parent.stdout is not None
        server = psutil.Process(int(parent.stdout.readline()))
        family = [server, *server.children()]
        assert len(family) == 2, "the server and the child that hangs"
        parent.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_two_threads_read_at_once(extractor: PymupdfTextExtractor) -> None:
    """Documents read at the same time do not mix."""
    texts: dict[str, str] = {}

    def run(name: str) -> None:
        pages = read(extractor, pdf_of(*[f"{name} {page}" for page in range(20)]))
        texts[name] = " ".join(text_of(page) for page in pages)

    threads = [threading.Thread(target=run, args=(name,)) for name in ("left", "right", "third")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in ("left", "right", "third"):
        assert texts[name] == " ".join(f"{name} {page}" for page in range(20))


def test_pymupdf_stays_out_of_this_process(tmp_path: Path) -> None:
    """Importing and using the extractor never loads PyMuPDF beside our own code."""
    program = """
import sys
from pathlib import Path
from shared.adapters.pymupdf_text import PymupdfTextExtractor
extractor = PymupdfTextExtractor()
with extractor.open(Path(sys.argv[1]).read_bytes()) as opened:
    assert len(list(opened.pages())) == 1
extractor.close()
assert "pymupdf" not in sys.modules
"""
    pdf = tmp_path / "sample.pdf"
    pdf.write_bytes(pdf_of("text"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program, str(pdf)], check=True, env=environment)
