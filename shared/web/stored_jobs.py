"""What storage knows of a job, read sparingly: a page polls, a thousand documents do not change."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from weakref import WeakKeyDictionary

from pydantic import BaseModel

from shared.domain import blob_names
from shared.domain.errors import FieldError, RequestProblem
from shared.domain.findings import FindingState
from shared.domain.job import Document, DocumentState, Job
from shared.domain.pages import PageState
from shared.domain.progress import DocumentProgress, RunOutcome
from shared.domain.readings import Usage
from shared.domain.stored import decode
from shared.ports import BlobStore
from shared.services import Services

FRESH_SECONDS = 2.0
JOBS_KEPT = 64
READS_AT_ONCE = 16

_JOB_ID = re.compile(r"[0-9a-f]{32}")


class _Quote(BaseModel):
    """Only that there is one."""


class _Cell(BaseModel):
    state: FindingState
    quotes: tuple[_Quote, ...] = ()


class _Findings(BaseModel):
    """What a summary needs of a `DocumentFindings`; the texts in it are not even decoded."""

    state: DocumentState
    error: str | None
    pages: int
    page_states: dict[str, int]
    usage: Usage
    model: str = ""
    findings: tuple[_Cell, ...]


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """What became of a document, small enough to remember a thousand of them.

    `pages_read` counts pages whose text is known; `error` says why the others are not read.
    `variables_done` counts complete cells: an absence that was looked for is one, a failure not.
    """

    state: DocumentState
    error: str | None
    pages: int
    pages_read: int
    variables_done: int
    has_quotes: bool
    usage: Usage
    model: str


_COMPLETE = frozenset({FindingState.FOUND, FindingState.NOT_FOUND})


def _summary(data: bytes) -> DocumentSummary:
    known = _Findings.model_validate_json(data)
    unread = {s: n for s, n in known.page_states.items() if not PageState(s).was_read}
    reasons = (f"{n} {'page' if n == 1 else 'pages'}: {state}" for state, n in unread.items())
    return DocumentSummary(
        state=known.state,
        error=known.error or "; ".join(reasons) or None,
        pages=known.pages,
        pages_read=sum(known.page_states.values()) - sum(unread.values()),
        variables_done=sum(cell.state in _COMPLETE for cell in known.findings),
        has_quotes=any(cell.quotes for cell in known.findings),
        usage=known.usage,
        model=known.model,
    )


@dataclass
class _Kept:
    """What this process remembers of one job."""

    job: Job
    lock: Lock = field(default_factory=Lock)
    progress: dict[str, DocumentProgress] = field(default_factory=dict)
    looked: dict[str, float] = field(default_factory=dict)
    summaries: dict[tuple[int, str], DocumentSummary] = field(default_factory=dict)


class StoredJobs:
    """Reads jobs from storage and remembers what does not change; safe between threads."""

    def __init__(self, blobs: BlobStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._blobs = blobs
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = Lock()

    def job(self, job_id: str) -> Job:
        """The job of that id.

        Raises:
            RequestProblem: 404 where there is none, 410 where it was erased.
        """
        if not _JOB_ID.fullmatch(job_id):
            raise _unknown()
        if self._blobs.find(blob_names.tombstone(job_id)) is not None:
            raise _erased()
        return self._find(job_id).job

    def run(self, job_id: str) -> int:
        """The number of its latest run."""
        return int(self._blobs.find(blob_names.current_run(job_id)) or b"1")

    def outcome(self, job_id: str, run: int) -> RunOutcome | None:
        """How a run ended; None while it goes on."""
        stored = self._blobs.find(blob_names.outcome(job_id, run))
        return decode(RunOutcome, stored) if stored else None

    def is_cancelled(self, job_id: str, run: int) -> bool:
        """Whether a run was told to stop."""
        return self._blobs.find(blob_names.cancelled(job_id, run)) is not None

    def progress(self, job_id: str, documents: Iterable[str]) -> dict[str, DocumentProgress]:
        """The counts of these documents, at most two seconds old."""
        kept = self._find(job_id)
        with kept.lock:
            now = self._clock()
            due = [d for d in documents if now - kept.looked.get(d, -1e9) >= FRESH_SECONDS]
            for document, data in self._read(due, lambda d: blob_names.state(job_id, d)):
                kept.looked[document] = now
                if data:  # a lease creates the blob empty
                    kept.progress[document] = decode(DocumentProgress, data)
            return dict(kept.progress)

    def summaries(self, job_id: str, run: int, *, ended: bool) -> dict[str, DocumentSummary]:
        """What became of the documents that are done, each read once while a run lasts.

        One listing finds them, however many they are. `ended`: the run is, so that what was
        remembered under its number stays true.
        """
        kept = self._find(job_id)
        prefix = f"jobs/{job_id}/findings/"
        names = (name[len(prefix) :] for name in self._blobs.names(prefix))
        done = [name.removesuffix(".json") for name in names if name.endswith(".json")]
        epoch = run if not ended else -run
        with kept.lock:
            due = [each for each in done if (epoch, each) not in kept.summaries]
            for document, data in self._read(due, lambda d: blob_names.findings(job_id, d)):
                if data:
                    kept.summaries[epoch, document] = _summary(data)
            return {d: s for (at, d), s in kept.summaries.items() if at == epoch}

    def _read(
        self, documents: list[str], name: Callable[[str], str]
    ) -> list[tuple[str, bytes | None]]:
        if not documents:
            return []
        with ThreadPoolExecutor(min(READS_AT_ONCE, len(documents))) as threads:
            blobs = threads.map(lambda each: self._blobs.find(name(each)), documents)
            return list(zip(documents, blobs, strict=True))

    def _find(self, job_id: str) -> _Kept:
        with self._lock:
            if job_id in self._kept:
                self._kept.move_to_end(job_id)
                return self._kept[job_id]
        stored = self._blobs.find(blob_names.request(job_id))
        if stored is None:
            raise _unknown()
        with self._lock:
            kept = self._kept.setdefault(job_id, _Kept(decode(Job, stored)))
            while len(self._kept) > JOBS_KEPT:
                self._kept.popitem(last=False)
            return kept


_of_services: WeakKeyDictionary[Services, StoredJobs] = WeakKeyDictionary()


def stored_jobs(services: Services) -> StoredJobs:
    """The process's memory of the jobs in these services' storage."""
    if services not in _of_services:
        _of_services[services] = StoredJobs(services.blobs)
    return _of_services[services]


def job_document(job: Job, document_id: str) -> Document:
    """A document of a job.

    Raises:
        RequestProblem: 404, it has none of that id.
    """
    try:
        return job.document(document_id)
    except KeyError:
        message = "This job has no such document; the job's page lists those it has."
        errors = (FieldError("document", message),)
        raise RequestProblem(404, "There is no such document.", errors) from None


def _unknown() -> RequestProblem:
    message = "No job has this id; check the link, or submit the documents again."
    return RequestProblem(404, "There is no such job.", (FieldError("job", message),))


def _erased() -> RequestProblem:
    message = "This job and its documents were erased after their time; submit them again."
    return RequestProblem(410, "This job was erased.", (FieldError("job", message),))
