"""Mails say what happened, in counts and names only."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.job import DocumentState, JobState
from shared.domain.mail import DocumentNote, Keeping, finished_mail, fits, notes_of
from shared.domain.progress import RunOutcome
from shared.domain.readings import Usage
from shared.domain.report_source import STAND_IN_NOTICE
from tests.example_findings import JOB, example_findings

OUTCOME = RunOutcome(
    *(1, JobState.COMPLETED, "2026-03-01T09:00:00+00:00", 3, 1, 6, 3, Usage(), "gpt-4.1-2025-04-14")
)
KEEPING = Keeping("https://reader.example", "2026-03-02 09:00 UTC")
NOTES = (DocumentNote("broken.pdf", DocumentState.UNREADABLE, "it needs a password"),)


def test_a_finished_mail_says_what_was_read_and_what_not() -> None:
    """Counts, the documents not read with their reason, the link and its end are all there."""
    mail = finished_mail(JOB, OUTCOME, NOTES, KEEPING, b"xlsx")
    for words in (
        *(
            "3 documents",
            "2 of 3 read in full, 1 not read",
            "2 variables",
            "3 quotes",
            "- broken.pdf: unreadable",
        ),
        *("it needs a password", "https://reader.example/jobs/job-1", "2026-03-02 09:00 UTC"),
        "results.xlsx",
    ):
        assert words in mail.text
    assert [file.content for file in mail.attachments] == [b"xlsx"]
    assert '<a href="https://reader.example/jobs/job-1">' in mail.html


def test_read_in_full_counts_what_results_call_read() -> None:
    """Partly read documents are told apart, from those read and from those not read."""
    notes = notes_of(zip(JOB.documents, example_findings(), strict=True))
    text = finished_mail(JOB, OUTCOME, notes, KEEPING, None).text
    assert "1 of 3 read in full, 1 partly read, 1 not read." in text
    assert "- scan.pdf: partly read. 3 pages are pictures" in text
    ended = replace(OUTCOME, state=JobState.FAILED)
    text = finished_mail(JOB, ended, notes, KEEPING, None).text
    assert "ended early: 1 of 3 read in full, 1 partly read, 1 not read." in text
    text = finished_mail(JOB, replace(OUTCOME, failed=0), (), KEEPING, None).text
    assert "3 of 3 read in full." in text


@pytest.mark.parametrize(
    ("pictures", "said"), [(2, "2 of 27 pages are"), (1, "1 of 27 pages is a")]
)
def test_picture_pages_of_a_read_document_are_told(pictures: int, said: str) -> None:
    """A document with a few pictures counts as read, and the mail says how many pages they are."""
    states = {"text": 27 - pictures, "picture unread": pictures}
    first, *_ = example_findings()
    charts = replace(first, page_states=states)
    notes = notes_of([(JOB.documents[0], charts)])
    outcome = replace(OUTCOME, documents=1, failed=0)
    text = finished_mail(JOB, outcome, notes, KEEPING, None).text
    assert "1 of 1 read in full." in text
    assert f"- CAN LT-LEDS.pdf: read. {said} picture" in text
    assert "Not read in full" not in text


def test_no_quote_leaves_the_service_in_a_mail_body() -> None:
    """Neither text nor HTML holds words of a document."""
    notes = notes_of(zip(JOB.documents, example_findings(), strict=True))
    mail = finished_mail(JOB, OUTCOME, notes, KEEPING, None)
    assert "net zero by 2050" not in mail.text + mail.html
    assert [note.name for note in notes] == ["scan.pdf", "broken.pdf"]
    assert notes[0].reason == "3 pages are pictures"


def test_a_workbook_that_does_not_fit_becomes_a_link() -> None:
    """Without an attachment the mail does not speak of one."""
    mail = finished_mail(JOB, OUTCOME, (), KEEPING, None)
    assert not mail.attachments
    assert "attached" not in mail.text
    assert "Your results: https://reader.example/jobs/job-1" in mail.text


def test_without_an_address_there_is_no_link() -> None:
    """No public address means no invented one."""
    mail = finished_mail(JOB, OUTCOME, (), Keeping("", ""), None)
    assert "http" not in mail.text
    assert "get it where you submitted the documents" in mail.text


def test_without_an_address_nobody_is_sent_to_results_that_are_kept() -> None:
    """Where no link is given, the mail says only that the service keeps no copy for ever."""
    mail = finished_mail(JOB, OUTCOME, (), Keeping("", KEEPING.expires), b"xlsx")
    assert "http" not in mail.text
    assert "are kept until" not in mail.text
    assert f"deletes its own copy of the results by {KEEPING.expires}" in mail.text


@pytest.mark.parametrize(
    ("state", "subject"),
    [(JobState.FAILED, "could not read"), (JobState.CANCELLED, "cancelled")],
)
def test_failed_and_cancelled_jobs_are_told_too(state: JobState, subject: str) -> None:
    """However a job ends, its subject says so."""
    mail = finished_mail(JOB, replace(OUTCOME, state=state), NOTES, KEEPING, b"x")
    assert subject in mail.subject


def test_a_stand_in_is_named_in_subject_and_body() -> None:
    """A demonstration cannot be taken for results."""
    mail = finished_mail(JOB, replace(OUTCOME, model="stand-in-keywords"), (), KEEPING, None)
    assert mail.subject.startswith("Demonstration")
    assert mail.text.startswith(STAND_IN_NOTICE)
    assert STAND_IN_NOTICE in mail.html


def test_a_missing_workbook_is_explained() -> None:
    """The problem of a run is in its mail."""
    mail = finished_mail(JOB, replace(OUTCOME, problem="No workbook."), (), KEEPING, None)
    assert "No workbook." in mail.text


def test_many_documents_are_counted_not_listed() -> None:
    """A mail names twenty documents and counts the rest."""
    notes = tuple(DocumentNote(f"{n}.pdf", DocumentState.FAILED, "") for n in range(50))
    text = finished_mail(JOB, OUTCOME, notes, KEEPING, None).text
    assert text.count(".pdf: failed") == 20
    assert "30 further documents" in text


@given(st.text(max_size=60))
def test_names_cannot_write_the_mail(name: str) -> None:
    """A file name adds neither markup nor lines of its own."""
    note = DocumentNote(f"<b>{name}\n</p>", DocumentState.FAILED, "<script>")
    mail = finished_mail(JOB, OUTCOME, (note,), KEEPING, None)
    assert "<b>" not in mail.html
    assert "<script>" not in mail.html
    plain = finished_mail(
        JOB, OUTCOME, (DocumentNote("x", DocumentState.FAILED, "y"),), KEEPING, None
    )
    assert len(mail.text.split("\n")) == len(plain.text.split("\n"))


@given(st.integers(0, 3000))
def test_the_size_is_counted_in_base64(size: int) -> None:
    """An attachment fits exactly if its base64 form does."""
    assert fits(size, 0.002) == (len(base64.b64encode(bytes(size))) <= 2000)
