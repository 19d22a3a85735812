"""One PDF end to end: ports in, findings out, a slice at a time.

Each page's text and each model answer is stored before the next begins, and everything between
them is a pure function of what is stored; so a slice that dies costs only what was under way.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Semaphore

from shared.document_store import DocumentStore, PageWriter
from shared.domain import blob_names
from shared.domain.errors import DocumentError, LeaseLost
from shared.domain.findings import DocumentFindings, fold_findings, unread_document
from shared.domain.job import Document, DocumentState
from shared.domain.messages import ReadDocument, SliceResult
from shared.domain.pages import Page, PageState
from shared.domain.plan import Owed, plan_readings
from shared.domain.progress import DocumentProgress, DocumentStage
from shared.domain.readings import Reading, Usage
from shared.domain.steps import count
from shared.domain.stored import encode
from shared.domain.units import DocumentText, build_units
from shared.domain.windows import cut_windows
from shared.lease_keeper import LEASE_SECONDS, LeaseKeeper
from shared.model_calls import Going, ModelCalls
from shared.ports import BlobStore, LanguageModel, Lease, TextExtractor
from shared.run_watch import RunWatch

STALLED_LIMIT = 3
"""Slices that ended by themselves without advance, after which what remains is failed."""

LOST_LIMIT = 10
"""Slices that never ended, since the last advance. Higher than the other: a worker that dies
takes its neighbours with it, and three deaths in a row must not be blamed on the innocent."""

MODEL_PATIENCE = timedelta(hours=6)
"""How long a document waits for a model that cannot be reached before what remains is failed."""

HELD_ELSEWHERE_SECONDS = 3.0
WAIT_FOR_TURN_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 600.0
SAVE_EVERY_SECONDS = 1.0

_TEXT_TURNS = Semaphore(os.cpu_count() or 1)
"""Text is work for the processor: more documents at once than cores would all be late, where the
first could already be with the model."""


@dataclass(frozen=True, slots=True)
class Reader:
    """What reading needs of the world. `calls_at_once` is the model calls of one document."""

    blobs: BlobStore
    extractor: TextExtractor
    model: LanguageModel
    clock: Callable[[], datetime]
    calls_at_once: int = 4


def read_slice(reader: Reader, asked: ReadDocument) -> SliceResult:
    """Work on a document until it is done, the slice is over, or there is reason to wait.

    Raises:
        StorageError: storage does not answer; nothing stored is lost.
    """
    watch = RunWatch(reader.blobs, asked.job, asked.run)
    if not watch.is_current():
        return _stale()
    lease = _take_lease(reader.blobs, blob_names.state(asked.job, asked.document), watch)
    if lease is None:
        return _held_elsewhere()
    try:
        with LeaseKeeper(lease) as keeper:
            return _Slice(reader, asked, watch, keeper).work()
    except LeaseLost:
        return _held_elsewhere()


def _take_lease(blobs: BlobStore, name: str, watch: RunWatch) -> Lease | None:
    """The document's lease; in a cancelled run its holder is about to stop, so wait for that."""
    until = time.monotonic() + LEASE_SECONDS
    while (lease := blobs.lease(name, LEASE_SECONDS)) is None:
        if watch.is_wanted() or time.monotonic() > until:
            return None
        time.sleep(1)
    return lease


def _stale() -> SliceResult:
    return SliceResult(done=True, advanced=False, variables_done=0, stale=True)


def _held_elsewhere() -> SliceResult:
    return SliceResult(
        done=False, advanced=False, variables_done=0, retry_after=HELD_ELSEWHERE_SECONDS
    )


class _Slice:
    """The work of one slice, under the document's lease."""

    def __init__(
        self, reader: Reader, asked: ReadDocument, watch: RunWatch, keeper: LeaseKeeper
    ) -> None:
        self._reader = reader
        self._store = DocumentStore(reader.blobs, asked.job, asked.document)
        self._run = asked.run
        self._watch = watch
        self._keeper = keeper
        self._deadline = time.monotonic() + asked.slice_seconds
        self._saved = float("-inf")
        self._advanced = False
        self._job = self._store.job()
        self._document: Document = self._job.document(asked.document)
        self._progress = self._begin()

    def work(self) -> SliceResult:
        """The slice; see `read_slice`."""
        if self._progress.stage is DocumentStage.DONE:
            return self._result()
        hopeless = self._hopeless()
        self._save(started=self._progress.started + 1, stage=DocumentStage.READING, force=True)
        try:
            text = self._text(extract=not hopeless)
        except DocumentError as error:
            return self._conclude(self._unread(DocumentState.UNREADABLE, str(error)))
        if text is None:
            return self._stop_early(hopeless)
        owed = plan_readings(self._job, cut_windows(text))
        known = self._store.readings()
        if not hopeless and self._watch.is_wanted():
            calls = ModelCalls(self._reader.model, self._job, owed, known, self._progress.timeouts)
            calls.run(self._reader.calls_at_once, self._going(owed, known))
            self._progress = replace(self._progress, timeouts=calls.timeouts)
            hopeless = calls.rejected or self._out_of_patience(calls)
            if calls.unfinished and not hopeless and self._watch.is_wanted():
                return self._put_off(owed, known, calls.busy_seconds)
        self._count(owed, known)
        return self._conclude(self._fold(text, owed, known, hopeless))

    # Attempts

    def _begin(self) -> DocumentProgress:
        """What earlier slices left; a new run starts its own count of attempts."""
        progress = self._store.progress()
        if progress is None:
            return DocumentProgress(run=self._run)
        if progress.run != self._run:
            return DocumentProgress(
                run=self._run, pages_total=progress.pages_total, title=progress.title
            )
        return progress

    def _hopeless(self) -> str:
        """Why nothing more is to be tried, or empty."""
        progress = self._progress
        if progress.stalled >= STALLED_LIMIT:
            return f"Reading made no advance in {STALLED_LIMIT} attempts."
        if progress.started - progress.ended >= LOST_LIMIT:
            return f"The worker was lost {LOST_LIMIT} times while reading this document."
        return ""

    def _out_of_patience(self, calls: ModelCalls) -> str:
        since = self._progress.waiting_since
        if calls.busy_seconds is None or self._advanced or not since:
            return ""
        if self._reader.clock() - datetime.fromisoformat(since) < MODEL_PATIENCE:
            return ""
        hours = MODEL_PATIENCE.total_seconds() / 3600
        return f"The model could not be reached for {hours:.0f} hours: {calls.busy_reason}"

    # Pages

    def _text(self, *, extract: bool) -> DocumentText | None:
        """The document's units, or None where the slice ended before all pages are known."""
        while not _TEXT_TURNS.acquire(timeout=1.0):
            if not self._may_go_on():
                return None
        try:
            pages = self._pages(extract=extract)
            return None if pages is None else build_units(self._progress.title, pages)
        finally:
            _TEXT_TURNS.release()

    def _pages(self, *, extract: bool) -> list[Page] | None:
        """Every page of the document, or None where the slice ended before all are known."""
        known = self._store.pages()
        if extract and (not self._progress.pages_total or self._missing(known)):
            if not self._may_go_on():
                return None
            self._extract(known)
        self._save(pages_done=len(known), force=True)
        missing = self._missing(known)
        if not self._progress.pages_total or (missing and extract and self._watch.is_wanted()):
            return None
        reason = "not reached" if self._watch.is_wanted() else "cancelled before it was read"
        known |= {number: Page(number, 0, 0, PageState.FAILED, reason) for number in missing}
        return [known[number] for number in sorted(known)]

    def _missing(self, known: dict[int, Page]) -> list[int]:
        return [n for n in range(1, self._progress.pages_total + 1) if n not in known]

    def _extract(self, known: dict[int, Page]) -> None:
        """Add the missing pages to `known`, each stored as soon as it is there."""
        with (
            self._reader.extractor.open(self._store.pdf()) as opened,
            PageWriter(self._store_page) as writer,
        ):
            self._save(pages_total=opened.page_count, title=opened.title, force=True)
            missing = self._missing(known)
            for page in opened.pages(missing[0]) if missing else ():
                known[page.number] = page
                writer.add(page)
                self._save(pages_done=len(known))
                if not self._may_go_on():
                    break

    def _store_page(self, page: Page) -> None:
        self._store.store_page(page)
        self._advanced = True

    # Readings

    def _store_reading(self, reading: Reading) -> None:
        self._store.store_reading(reading)
        self._advanced = True

    def _going(self, owed: tuple[Owed, ...], known: dict[str, Reading]) -> Going:
        return Going(
            store=self._store_reading,
            in_time=self._may_go_on,
            wanted=self._watch.is_wanted,
            tick=lambda: self._show(owed, known),
        )

    def _may_go_on(self) -> bool:
        if self._keeper.lost.is_set():
            raise LeaseLost("Another worker has taken the document over.")
        return time.monotonic() < self._deadline and self._watch.is_wanted()

    # Ends of a slice

    def _stop_early(self, hopeless: str) -> SliceResult:
        """Not all pages are known: cancelled, hopeless, or simply the end of the slice."""
        if hopeless:
            state = DocumentState.FAILED
        elif self._watch.is_wanted():
            return self._put_off((), {}, None if self._advanced else WAIT_FOR_TURN_SECONDS)
        else:
            state, hopeless = DocumentState.CANCELLED, "The job was cancelled before it was read."
        return self._conclude(self._unread(state, hopeless))

    def _unread(self, state: DocumentState, reason: str) -> DocumentFindings:
        pages = self._progress.pages_total
        return unread_document(self._job, self._document, state, reason, pages)

    def _put_off(
        self, owed: tuple[Owed, ...], known: dict[str, Reading], busy_seconds: float | None
    ) -> SliceResult:
        """The slice is over and the next one goes on; after a while, where the model is busy.

        Advance wipes the slate. Waiting for the model is nobody's fault and counts as no attempt.
        """
        self._count(owed, known)
        progress = self._progress
        stalled = 0 if self._advanced else progress.stalled + (busy_seconds is None)
        since = "" if self._advanced else progress.waiting_since
        self._save(
            started=0 if self._advanced else progress.started,
            ended=0 if self._advanced else progress.ended + 1,
            stalled=stalled,
            waiting_since="" if busy_seconds is None else since or self._now(),
            force=True,
        )
        if busy_seconds is not None:
            busy_seconds = min(busy_seconds, LONGEST_WAIT_SECONDS)
        return replace(self._result(), retry_after=busy_seconds)

    def _fold(
        self,
        text: DocumentText,
        owed: tuple[Owed, ...],
        known: dict[str, Reading],
        hopeless: str,
    ) -> DocumentFindings:
        return fold_findings(
            self._job,
            self._document,
            text,
            owed,
            known,
            cancelled=not self._watch.is_wanted(),
            error=hopeless or None,
        )

    def _conclude(self, findings: DocumentFindings) -> SliceResult:
        """Write the findings, then say that the document is done."""
        if not self._watch.is_wanted() and not self._watch.is_current():
            return _stale()
        self._save(force=True)  # proves that the lease is still held
        self._store.store_findings(findings)
        failed = findings.state in {DocumentState.FAILED, DocumentState.UNREADABLE}
        self._advanced = True
        self._save(
            stage=DocumentStage.DONE,
            failed=failed,
            variables_done=len(self._job.variables),
            usage=findings.usage,
            force=True,
        )
        return self._result()

    def _result(self) -> SliceResult:
        done = self._progress.stage is DocumentStage.DONE
        return SliceResult(
            done=done,
            advanced=self._advanced,
            variables_done=self._progress.variables_done,
            failed=self._progress.failed,
            cancelled=not self._watch.is_wanted(),
        )

    # Progress

    def _show(self, owed: tuple[Owed, ...], known: dict[str, Reading]) -> None:
        if time.monotonic() - self._saved >= SAVE_EVERY_SECONDS:
            self._count(owed, known)
            self._save(force=True)

    def _count(self, owed: tuple[Owed, ...], known: dict[str, Reading]) -> None:
        if owed:
            counted = count(self._job, owed, known)
            self._save(
                readings_owed=counted.owed,
                readings_done=counted.done,
                variables_done=counted.variables_done,
                usage=sum((r.answer.usage for r in known.values()), start=Usage()),
            )

    def _save(self, *, force: bool = False, **changes: object) -> None:
        """Change the progress, and write it where that is worth a request."""
        if self._advanced:
            # Were this slice lost now, it would be the first since the last advance.
            changes = {"started": 1, "ended": 0, "stalled": 0, **changes}
        self._progress = replace(
            self._progress,
            **changes,  # type: ignore[arg-type]  # names and types are DocumentProgress's own
            updated=self._now(),
        )
        if force or time.monotonic() - self._saved >= SAVE_EVERY_SECONDS:
            self._keeper.write(encode(self._progress))
            self._saved = time.monotonic()

    def _now(self) -> str:
        return self._reader.clock().isoformat()
