"""A document is read to its end, a slice at a time, whatever goes wrong between."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import document_reading, document_store
from shared.document_reading import LOST_LIMIT, STALLED_LIMIT, Reader, read_slice
from shared.domain import blob_names
from shared.domain.errors import (
    DocumentError,
    ModelBusy,
    ModelRejected,
    ModelTimeout,
    PromptTooLong,
    StorageError,
)
from shared.domain.findings import DocumentFindings
from shared.domain.job import Document, Job, Variable
from shared.domain.messages import ReadDocument, SliceResult
from shared.domain.pages import Line, Page, PageState, Word
from shared.domain.progress import DocumentProgress
from shared.domain.readings import Answer, Finish, Prompt, Usage
from shared.domain.stored import decode, encode
from shared.ports import ExtractedDocument
from tests.fakes import FakeBlobs

JOB = Job(
    id="job",
    created="2026-01-01T00:00:00+00:00",
    user="user",
    email="a@example.org",
    variables=tuple(Variable(f"v{n}", f"Variable {n}", "what it means") for n in range(1, 9)),
    documents=(Document("d1", "plan.pdf", 9, "0" * 64),),
)


def _page(number: int) -> Page:
    words = f"On page {number} the ministry will expand solar power by the year 2030.".split()
    line = Line(
        words=tuple(
            Word(text, (70.0 + 30 * place, 100.0, 98.0 + 30 * place, 112.0))
            for place, text in enumerate(words)
        ),
        rect=(70.0, 100.0, 500.0, 112.0),
        block=0,
        size=11.0,
    )
    return Page(number, 595.0, 842.0, PageState.TEXT, lines=(line,))


@dataclass
class FakePdf:
    """An opened PDF of a few pages."""

    page_count: int
    title: str = "Plan"
    read: list[int] = field(default_factory=list)

    def pages(self, first: int = 1) -> Iterator[Page]:
        """The pages, counted."""
        for number in range(first, self.page_count + 1):
            self.read.append(number)
            yield _page(number)


@dataclass
class FakeExtractor:
    """`TextExtractor` whose PDFs are numbers of pages."""

    pages: int = 3
    error: str = ""
    version: str = "fake"
    read: list[int] = field(default_factory=list)

    @contextmanager
    def open(self, pdf: bytes) -> Iterator[ExtractedDocument]:  # noqa: ARG002  the port's
        """Open it, or say why not."""
        if self.error:
            raise DocumentError(self.error)
        yield FakePdf(self.pages, read=self.read)


@dataclass
class FakeModel:
    """Quotes the last unit for every variable; `faults` strike first, one a call."""

    faults: list[Exception] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, prompt: Prompt) -> Answer:
        """Answer as the rules want it."""
        self.before()
        with self._lock:
            if self.faults:
                raise self.faults.pop(0)
            self.asked.append("\n".join(message.text for message in prompt.messages))
        number, _, text = prompt.messages[1].text.splitlines()[-1].partition("|")
        asked = json.loads(prompt.messages[-1].text[prompt.messages[-1].text.index("{") :])
        words = text.split()
        quote = {
            "first": int(number), "last": int(number), "starts": " ".join(words[:4]),
            "ends": " ".join(words[-4:]), "strength": "explicit", "why": "",
        }  # fmt: skip
        entries = [
            {"variable": variable["variable"], "quotes": [quote], "answer": ""}
            for variable in asked["variables"]
        ]
        usage = Usage(input=100, output=10, calls=1)
        return Answer(json.dumps({"entries": entries}), "fake", Finish.STOP, usage)


class Bench:
    """One document on a bench."""

    def __init__(self, pages: int = 3, faults: list[Exception] | None = None) -> None:
        self.blobs = FakeBlobs()
        self.extractor = FakeExtractor(pages)
        self.model = FakeModel(faults or [])
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.blobs.write(blob_names.request("job"), encode(JOB))
        self.blobs.write(blob_names.pdf("job", "d1"), b"%PDF-")
        self.blobs.write(blob_names.current_run("job"), b"1")

    def slice(self, seconds: float = 60.0, run: int = 1) -> SliceResult:
        """One slice."""
        reader = Reader(self.blobs, self.extractor, self.model, lambda: self.now, calls_at_once=2)
        return read_slice(reader, ReadDocument("job", run, "d1", seconds))

    def finish(self, slices: int = 40) -> SliceResult:
        """Slices until it is done."""
        for _ in range(slices):
            if (result := self.slice()).done:
                return result
        raise AssertionError(f"not done after {slices} slices")

    @property
    def findings(self) -> DocumentFindings:
        """What was found."""
        return decode(DocumentFindings, self.blobs.read(blob_names.findings("job", "d1")))

    @property
    def progress(self) -> DocumentProgress:
        """What the state says."""
        return decode(DocumentProgress, self.blobs.read(blob_names.state("job", "d1")))


def test_one_slice_reads_a_document() -> None:
    """Pages, answers, findings and progress are all stored."""
    bench = Bench()
    result = bench.slice()
    assert (result.done, result.failed, result.variables_done) == (True, False, 8)
    assert bench.findings.state == "read"
    assert [len(finding.quotes) for finding in bench.findings.findings] == [1] * 8
    assert bench.progress.pages_done == 3
    assert bench.progress.readings_done == 2


def test_a_slice_of_no_time_advances_a_little() -> None:
    """With slices far too short everything is still read, each page and answer once."""
    bench = Bench(pages=5)
    for _ in range(60):
        if bench.slice(seconds=0.02).done:
            break
    assert bench.findings.state == "read"
    assert max(Counter(bench.model.asked).values()) == 1


@settings(max_examples=60, deadline=None)
@given(deaths=st.lists(st.integers(1, 30), max_size=6))
def test_dying_anywhere_changes_nothing(deaths: list[int]) -> None:
    """Storage that fails at any operation, again and again, costs no page and no answer twice."""
    bench = Bench()
    calm = Bench()
    calm.finish()
    for steps in deaths:
        with _failing_after(bench.blobs, steps):
            try:
                bench.slice()
            except StorageError:
                bench.blobs._leases.clear()  # it ran out
    bench.finish()
    assert bench.findings == calm.findings
    assert max(Counter(bench.model.asked).values()) == 1


@contextmanager
def _failing_after(blobs: FakeBlobs, steps: int) -> Iterator[None]:
    """Let the write after so many fail, but never one that stores a paid answer."""
    left, put = [steps], blobs.put

    def failing(name: str, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0 and "/readings/" not in name:
            raise StorageError("the storage is on fire")
        put(name, data)

    blobs.put = failing  # type: ignore[method-assign]
    try:
        yield
    finally:
        blobs.put = put  # type: ignore[method-assign]


def test_a_paid_answer_outlasts_storage_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Storing an answer is tried until storage is back; the answer is not asked for again."""
    monkeypatch.setattr(document_store, "STORE_AGAIN_SECONDS", 0.01)
    bench = Bench()
    put, refusals = bench.blobs.put, [3]

    def failing(name: str, data: bytes) -> None:
        if "/readings/" in name and refusals[0]:
            refusals[0] -= 1
            raise StorageError("the storage is away")
        put(name, data)

    bench.blobs.put = failing  # type: ignore[method-assign]
    assert bench.slice().done
    assert len(bench.model.asked) == 2


def test_a_busy_model_is_waited_for_and_blames_nobody() -> None:
    """The document asks to be called later, and any number of waits fails nothing."""
    bench = Bench(faults=[ModelBusy("slow down", 30.0)] * 20)
    waits = []
    while not (result := bench.slice()).done:
        waits.append(result.retry_after)
    assert set(waits) == {30.0}
    assert bench.findings.state == "read"


def test_a_model_away_for_hours_fails_what_remains() -> None:
    """After six hours without an answer the cells say so."""
    bench = Bench(faults=[ModelBusy("nobody answers", 600.0)] * 99)
    while not bench.slice().done:
        bench.now += timedelta(minutes=30)
    assert bench.findings.state == "failed"
    assert "6 hours" in bench.findings.findings[0].reason


def test_a_refusing_model_fails_at_once_and_says_why() -> None:
    """A wrong key is no reason to wait."""
    bench = Bench(faults=[ModelRejected("The key is refused: set OPENAI_API_KEY.")] * 9)
    result = bench.slice()
    assert (result.done, result.failed) == (True, True)
    assert "OPENAI_API_KEY" in (bench.findings.error or "")


def test_a_reading_that_times_out_is_cut_smaller() -> None:
    """Two timeouts of one reading, over slices, count as too much asked."""
    bench = Bench(pages=12, faults=[ModelTimeout("no answer")] * 3)
    bench.finish()
    assert bench.findings.state == "read"


def test_a_prompt_that_is_too_long_is_cut_smaller() -> None:
    """A window that does not fit is halved and both halves are read."""
    bench = Bench(pages=12, faults=[PromptTooLong("too long")])
    bench.finish()
    assert bench.findings.state == "read"
    assert len(bench.model.asked) > 2


def test_an_unreadable_document_is_an_outcome() -> None:
    """What cannot be opened is unreadable, with the reason, and its job goes on."""
    bench = Bench()
    bench.extractor.error = "a password is needed"
    result = bench.slice()
    assert (result.done, result.failed) == (True, True)
    assert bench.findings.state == "unreadable"
    assert bench.findings.error == "a password is needed"


def test_a_document_held_elsewhere_is_left_alone() -> None:
    """While another worker holds the lease this one does nothing and asks to be called later."""
    bench = Bench()
    assert bench.blobs.lease(blob_names.state("job", "d1"), 30) is not None
    result = bench.slice()
    assert (result.done, result.retry_after) == (False, document_reading.HELD_ELSEWHERE_SECONDS)
    assert bench.model.asked == []


def test_a_zombie_that_lost_its_lease_writes_no_findings() -> None:
    """A worker whose lease was taken stops without a word, and its answers are kept."""
    bench = Bench()

    def steal() -> None:
        bench.blobs._leases.clear()
        bench.blobs.lease(blob_names.state("job", "d1"), 30)

    bench.model.before = steal
    assert bench.slice().done is False
    assert bench.blobs.find(blob_names.findings("job", "d1")) is None
    assert list(bench.blobs.names(blob_names.readings("job", "d1")))


def test_cancel_keeps_what_is_known() -> None:
    """A cancel between calls ends the document at once, with the cells known so far."""
    bench = Bench()

    def cancel() -> None:
        bench.blobs.write(blob_names.cancelled("job", 1), b"")
        time.sleep(1.1)  # longer than the markers are left unlooked at

    bench.model.before = cancel
    result = bench.slice()
    assert (result.done, result.cancelled) == (True, True)
    states = Counter(str(finding.state) for finding in bench.findings.findings)
    assert bench.findings.state == "cancelled"
    assert states["partly_read"] > 0


def test_cancel_before_reading_opens_nothing() -> None:
    """A document of a cancelled run is never opened."""
    bench = Bench()
    bench.blobs.write(blob_names.cancelled("job", 1), b"")
    assert bench.slice().done
    assert bench.extractor.read == []
    assert bench.findings.state == "cancelled"


def test_a_run_that_is_not_the_latest_touches_nothing() -> None:
    """A zombie of an earlier run stops before it begins."""
    bench = Bench()
    bench.blobs.write(blob_names.current_run("job"), b"2")
    assert bench.slice(run=1).stale
    assert bench.blobs.find(blob_names.state("job", "d1")) is None


def test_a_run_overtaken_while_it_reads_writes_no_findings() -> None:
    """A zombie that a later run overtakes in the middle leaves its answers, and nothing else."""
    bench = Bench()

    def overtake() -> None:
        bench.blobs.write(blob_names.current_run("job"), b"2")
        time.sleep(1.1)  # longer than the markers are left unlooked at

    bench.model.before = overtake
    assert bench.slice(run=1).stale
    assert bench.blobs.find(blob_names.findings("job", "d1")) is None


def test_a_finished_document_is_not_read_again() -> None:
    """A duplicate call of a finished document says so and costs nothing."""
    bench = Bench()
    bench.finish()
    asked = len(bench.model.asked)
    assert bench.slice().done
    assert len(bench.model.asked) == asked


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        (DocumentProgress(run=1, stalled=STALLED_LIMIT), "no advance"),
        (DocumentProgress(run=1, started=LOST_LIMIT), "was lost"),
    ],
)
def test_attempts_have_an_end(progress: DocumentProgress, words: str) -> None:
    """After too many slices without advance, or lost with their worker, what remains is failed."""
    bench = Bench()
    bench.blobs.write(blob_names.state("job", "d1"), encode(progress))
    result = bench.slice()
    assert (result.done, result.failed) == (True, True)
    assert words in (bench.findings.error or "")


def test_lost_slices_of_a_document_that_advances_do_not_count() -> None:
    """Advance wipes the slate: kills spread over a long document never fail it."""
    bench = Bench()
    bench.blobs.write(
        blob_names.state("job", "d1"), encode(DocumentProgress(run=1, started=LOST_LIMIT - 1))
    )
    assert bench.finish().failed is False
