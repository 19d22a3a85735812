"""Results and marked PDFs as downloads, and the page's own files."""

from __future__ import annotations

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import blob_names
from shared.domain.errors import DocumentError, RequestProblem
from shared.domain.findings import DocumentFindings
from shared.domain.job import DocumentState, Job, JobState
from shared.domain.stored import encode
from shared.web.file_names import attachment, leaves_its_folder, shown_name
from shared.web.page_files import page_file
from tests.web.conftest import PDF, Site
from tests.web.test_status import findings, finish


class FakeHighlighter:
    """`Highlighter` that puts a mark at the end."""

    def __init__(self, fault: DocumentError | None = None) -> None:
        self.calls = 0
        self.fault = fault

    def highlight(self, pdf: bytes, job: Job, findings: DocumentFindings) -> bytes:
        """The PDF and its document's id."""
        self.calls += 1
        if self.fault:
            raise self.fault
        assert job.document(findings.document).name
        return pdf + findings.document.encode()


def test_stored_results_are_given_out_as_they_are(site: Site) -> None:
    """A download is saved, never run in this site's name."""
    job = site.job()
    finish(site, job, JobState.COMPLETED)
    site.blobs.write(blob_names.results(job), b'{"job": {}}')
    answer = site.results(job)
    assert (answer.code, answer.response.get_body()) == (200, b'{"job": {}}')
    assert answer.response.headers["Content-Disposition"].startswith("attachment;")
    assert answer.response.headers["X-Content-Type-Options"] == "nosniff"


def test_before_the_end_what_is_known_is_given_out(site: Site) -> None:
    """`results.json` of a running job has its documents and no made-up findings."""
    answer = site.results(site.job(("a.pdf", PDF)))
    assert answer.code == 200
    assert [each["name"] for each in answer.json["documents"]] == ["a.pdf"]


def test_a_marked_pdf_is_made_once(site: Site) -> None:
    """Not before its document is finished; then it is kept."""
    job = site.job(("Plán 2030.pdf", PDF))
    marker = FakeHighlighter()
    site.services.highlighter = marker
    assert site.highlighted(job, "d1").code == 404
    done = findings("d1", state=DocumentState.READ)
    site.blobs.write(blob_names.findings(job, "d1"), encode(done))
    for _ in range(2):
        answer = site.highlighted(job, "d1")
        assert answer.response.get_body() == PDF + b"d1"
    assert marker.calls == 1
    named = answer.response.headers["Content-Disposition"]
    assert "filename*=UTF-8''Pl%C3%A1n%202030%20%28highlighted%29.pdf" in named
    assert site.highlighted(job, "d2").code == 404
    assert site.highlighted(job, "../d1").code == 404


def test_a_pdf_that_cannot_be_marked_says_why(site: Site) -> None:
    """422 with the document's name and the reason."""
    job = site.job(("a.pdf", PDF))
    site.services.highlighter = FakeHighlighter(DocumentError("it is damaged"))
    site.blobs.write(
        blob_names.findings(job, "d1"), encode(findings("d1", state=DocumentState.READ))
    )
    answer = site.highlighted(job, "d1")
    assert answer.code == 422
    assert "a.pdf" in answer.faults[0][1]
    assert "damaged" in answer.faults[0][1]


@given(st.text(max_size=60))
def test_no_name_breaks_out_of_its_header(name: str) -> None:
    """Whatever a file is called, its header is one line of ASCII with balanced quotes."""
    header = attachment(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert "/" not in header


@given(st.text(max_size=60))
def test_a_shown_name_stays_in_its_folder(name: str) -> None:
    """Shown names have no way up, no root, no drive; showing them again changes nothing."""
    shown = shown_name(name)
    assert not leaves_its_folder(shown)
    assert "\\" not in shown
    assert shown_name(shown) == shown


def ask(path: str, **headers: str) -> func.HttpRequest:
    """A GET."""
    return func.HttpRequest("GET", f"http://reader.test{path}", headers=headers, body=b"")


def test_pages_let_nothing_foreign_in() -> None:
    """The policy allows this site's own parts only, nothing inline."""
    for name in ("index.html", "job.html"):
        answer = page_file(name, ask("/"))
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = answer.get_body().decode()
        assert "http://" not in text.replace("http://www.w3.org", "")
        assert "https://" not in text
        assert " style=" not in text
        assert "<script>" not in text


def test_a_page_the_browser_has_is_not_sent_again() -> None:
    """304 by its hash."""
    tag = page_file("style.css", ask("/")).headers["ETag"]
    again = page_file("style.css", ask("/", **{"If-None-Match": tag}))
    assert (again.status_code, again.get_body()) == (304, b"")


@pytest.mark.parametrize("name", ["../problems.py", "nothing.js", "", "__init__.py", "..%2f"])
def test_nothing_else_is_served(name: str) -> None:
    """Only the page's own files have names."""
    with pytest.raises(RequestProblem) as refused:
        page_file(name, ask("/"))
    assert refused.value.status == 404
