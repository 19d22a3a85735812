"""Findings say what was found, and of what was not, why: a pure fold over stored readings."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.findings import (
    DocumentFindings,
    FindingState,
    fold_findings,
    unread_document,
)
from shared.domain.job import DocumentState, Job, Task
from shared.domain.pages import PageState
from shared.domain.plan import Owed, plan_readings
from shared.domain.prompts import variable_number
from shared.domain.readings import Answer, Finish, Reading
from shared.domain.steps import Ask
from shared.domain.stored import decode, encode
from shared.domain.units import DocumentText
from shared.domain.windows import cut_windows
from tests.reading_samples import (
    Model,
    answer_with,
    as_answer,
    make_answer,
    make_job,
    make_sentences,
    make_text,
    point_at,
    read_all,
)

nothing = answer_with(lambda *_: [])


def find_first(number: int, owed: Owed) -> Sequence[dict[str, object]]:
    """Variable 1 is addressed by the first unit of each window, the others never."""
    return [point_at(owed.window.units[0])] if number == 1 else []


def fold(
    job: Job,
    text: DocumentText,
    known: Mapping[str, Reading],
    *,
    window: int = 1_200,
    cancelled: bool = False,
    error: str | None = None,
) -> DocumentFindings:
    """The findings of the job's document."""
    owed = plan_readings(job, cut_windows(text, window))
    return fold_findings(job, job.documents[0], text, owed, known, cancelled=cancelled, error=error)


def read(job: Job, text: DocumentText, model: Model) -> dict[str, Reading]:
    """All answers of a model that is asked until the end."""
    return read_all(job, plan_readings(job, cut_windows(text, 1_200)), model)


def check_pages(findings: DocumentFindings) -> None:
    """Every page is accounted for in every cell."""
    for cell in findings.findings:
        assert cell.pages_read + len(cell.pages_not_read) == findings.pages
        if cell.state is not FindingState.FOUND:
            assert bool(cell.reason) == (cell.state is not FindingState.NOT_FOUND)


def test_a_document_read_to_its_end() -> None:
    """Found with quotes, or not found in all pages with all readings."""
    job, text = make_job(8), make_sentences(120)
    known = read(job, text, answer_with(find_first))
    findings = fold(job, text, known)
    check_pages(findings)
    assert findings.state is DocumentState.READ
    assert findings.error is None
    first, second = findings.findings[:2]
    assert first.state is FindingState.FOUND
    assert len(first.quotes) >= 2
    assert (second.state, second.reason) == (FindingState.NOT_FOUND, "")
    assert second.pages_read == 12
    assert second.readings.owed == second.readings.done > 1
    assert findings.usage.calls == len(known)
    assert findings.model == "a-model"


@settings(max_examples=25)
@given(st.randoms(), st.floats(0, 1))
def test_fold_knows_no_order(dice: random.Random, share: float) -> None:
    """The same readings give the same findings, in whatever order they are stored."""
    job, text = make_job(4), make_sentences(60)
    known = read(job, text, answer_with(find_first))
    kept = [item for item in known.items() if dice.random() < share]
    findings = fold(job, text, dict(kept))
    check_pages(findings)
    dice.shuffle(kept)
    assert fold(job, text, dict(kept)) == findings
    assert decode(DocumentFindings, encode(findings)) == findings


def test_what_was_not_asked_is_not_absent() -> None:
    """A cell whose readings are not all there never says not found, and names the pages."""
    job, text = make_job(2), make_sentences(120)
    owed = plan_readings(job, cut_windows(text, 1_200))
    known = read_all(job, owed[:1], nothing)
    findings = fold(job, text, known, cancelled=True)
    check_pages(findings)
    assert findings.state is DocumentState.CANCELLED
    for cell in findings.findings:
        assert cell.state is FindingState.PARTLY_READ
        assert cell.readings.done == 1
        assert 0 < cell.pages_read < 12
        assert "cancelled" in cell.reason
    failed = fold(job, text, known, error="The worker was lost.")
    assert failed.state is DocumentState.PARTLY_READ
    assert failed.error == "The worker was lost."
    assert "The worker was lost" in failed.findings[0].reason


def test_nothing_read_is_failed() -> None:
    """Where no reading succeeded, cells and document are failed and say why."""
    job, text = make_job(2), make_sentences(20)
    known = read(job, text, lambda *_: as_answer("Certainly!"))
    findings = fold(job, text, known)
    check_pages(findings)
    assert findings.state is DocumentState.FAILED
    assert "could not be used" in (findings.error or "")
    assert {cell.state for cell in findings.findings} == {FindingState.FAILED}
    assert fold(job, text, {}, error="No key.").state is DocumentState.FAILED


def test_one_failed_reading_costs_its_variable_alone() -> None:
    """A variable the model fails on is partly read or failed; its neighbours are complete."""
    job, text = make_job(3), make_sentences(120)

    def model(ask: Ask, owed: Owed) -> Answer:
        numbers = [variable_number(variable) for variable in ask.variables]
        if 2 in numbers and owed.window.first > 1:
            numbers.remove(2)
        return make_answer({number: [] for number in numbers})

    findings = fold(job, text, read(job, text, model))
    check_pages(findings)
    states = [cell.state for cell in findings.findings]
    assert states == [FindingState.NOT_FOUND, FindingState.PARTLY_READ, FindingState.NOT_FOUND]
    assert "readings failed" in findings.findings[1].reason
    assert findings.state is DocumentState.PARTLY_READ


def test_words_not_in_the_document_are_never_not_found() -> None:
    """Invented passages leave a failed or partly read cell, not an empty one."""
    job, text = make_job(1), make_sentences(20)
    invented = {"first": 3, "last": 3, "starts": "pigs can", "ends": "fly"}
    quote = {**invented, "strength": "explicit", "why": ""}
    findings = fold(job, text, read(job, text, answer_with(lambda *_: [quote])))
    (cell,) = findings.findings
    assert cell.state is FindingState.FAILED
    assert not cell.quotes
    assert "words are not in the document" in cell.reason


@pytest.mark.parametrize("state", [PageState.UNTRUSTED, PageState.FAILED, PageState.PICTURE_UNREAD])
def test_pages_without_trusted_text_are_not_read(state: PageState) -> None:
    """Absence on a page that could not be read is no absence; the page and the reason are told."""
    job, text = make_job(1), make_sentences(40)
    text = make_text(text.units, {3: state})
    findings = fold(job, text, read(job, text, nothing))
    check_pages(findings)
    (cell,) = findings.findings
    assert cell.state is FindingState.PARTLY_READ
    assert cell.pages_not_read == (3,)
    assert "1 of 4 pages" in cell.reason
    assert findings.state is DocumentState.PARTLY_READ
    assert set(findings.page_reasons) == {3}
    assert findings.page_reasons[3]
    assert findings.page_states == {"text": 3, str(state): 1}


def test_a_few_pictures_do_not_make_a_document_partly_read() -> None:
    """One picture in twenty pages leaves the document read, but its cells claim none there."""
    job, text = make_job(1), make_sentences(40)
    few = make_text(text.units, {20: PageState.PICTURE_UNREAD}, pages=20)
    findings = fold(job, few, read(job, few, nothing))
    assert findings.state is DocumentState.READ
    assert findings.findings[0].state is FindingState.PARTLY_READ
    assert findings.findings[0].pages_not_read == (20,)
    many = make_text(text.units, dict.fromkeys(range(18, 21), PageState.PICTURE_UNREAD), pages=20)
    assert fold(job, many, read(job, many, nothing)).state is DocumentState.PARTLY_READ


def test_blank_pages_are_read() -> None:
    """A blank page holds nothing, and that is known."""
    job, text = make_job(1), make_sentences(20)
    text = make_text(text.units, {3: PageState.BLANK}, pages=3)
    findings = fold(job, text, read(job, text, nothing))
    assert findings.findings[0].state is FindingState.NOT_FOUND
    assert findings.findings[0].pages_read == 3


def test_no_text_at_all_is_unreadable() -> None:
    """Pictures without text are unreadable, never not found."""
    job = make_job(1)
    pages = {1: PageState.PICTURE_UNREAD, 2: PageState.BLANK}
    findings = fold(job, make_text((), pages, pages=2), {})
    check_pages(findings)
    assert findings.state is DocumentState.UNREADABLE
    assert findings.findings[0].state is FindingState.UNREADABLE
    assert "2 pages" in (findings.error or "")
    single = fold(job, make_text((), pages, pages=1), {})
    assert single.error == "No text was found on its only page."
    assert single.findings[0].reason == "no text was found on its only page"
    stopped = fold(job, make_text((), pages, pages=2), {}, cancelled=True)
    assert stopped.state is DocumentState.CANCELLED
    assert stopped.findings[0].state is FindingState.PARTLY_READ


def test_documents_never_opened() -> None:
    """Each variable has its cell, with the reason of the document."""
    job = make_job(2)
    for state, cell_state in {
        DocumentState.UNREADABLE: FindingState.UNREADABLE,
        DocumentState.FAILED: FindingState.FAILED,
        DocumentState.CANCELLED: FindingState.PARTLY_READ,
    }.items():
        findings = unread_document(job, job.documents[0], state, "It needs a password.", pages=2)
        check_pages(findings)
        assert [cell.state for cell in findings.findings] == [cell_state] * 2
        assert findings.findings[0].reason == findings.error == "It needs a password."


def test_answers_of_all_windows_are_kept_in_order() -> None:
    """Summaries join what each window gave, in document order; quotes tasks have none."""
    job, text = make_job(1, task=Task.SUMMARIES), make_sentences(120)

    def model(ask: Ask, owed: Owed) -> Answer:
        del ask
        return make_answer({1: []}, v1=f"From {owed.window.first} [{owed.window.first}]")

    (cell,) = fold(job, text, read(job, text, model)).findings
    lines = (cell.answer or "").splitlines()
    assert len(lines) == cell.readings.owed
    numbers = [int(line.split()[1]) for line in lines]
    assert numbers == sorted(numbers)


QUOTES = st.fixed_dictionaries(
    {
        "first": st.integers(-5, 50),
        "last": st.integers(-5, 50),
        "starts": st.text(max_size=8) | st.sampled_from(["Measure", "Measure 3 cuts", "cuts"]),
        "ends": st.text(max_size=8) | st.sampled_from(["2003", "by 2007", "tonnes by"]),
        "strength": st.sampled_from(["explicit", "implicit", "mention", "huge"]),
        "why": st.text(max_size=5),
    }
)


@settings(max_examples=60)
@given(st.lists(QUOTES, max_size=4), st.sampled_from(Finish))
def test_no_answer_whatsoever_becomes_an_invented_quote(
    quotes: list[dict[str, object]], finish: Finish
) -> None:
    """Whatever a model answers, quotes are exact slices, or the cell says what went wrong."""
    job, text = make_job(1), make_sentences(45)
    answer = json.dumps({"entries": [{"variable": 1, "quotes": quotes, "answer": ""}]})
    findings = fold(job, text, read(job, text, lambda *_: as_answer(answer, finish)))
    check_pages(findings)
    texts = [unit.text for unit in text.units]
    (cell,) = findings.findings
    for quote in cell.quotes:
        units = texts[quote.units[0] - 1 : quote.units[1]]
        assert quote.text.replace("\n", " ") == " ".join(units)
    if quotes and not cell.quotes:
        assert cell.state is not FindingState.NOT_FOUND, "a lost quote reads as absence"
