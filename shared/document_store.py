"""What a document's reading leaves in storage: pages, answers, progress, findings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self, TypeVar

from shared.domain import blob_names
from shared.domain.errors import StorageError
from shared.domain.findings import DocumentFindings
from shared.domain.job import Job
from shared.domain.pages import Page
from shared.domain.progress import DocumentProgress
from shared.domain.readings import Reading
from shared.domain.stored import decode, encode
from shared.ports import BlobStore

T = TypeVar("T")

TRANSFERS = 8
"""Blobs on their way to or from storage at once."""

STORE_AGAIN_SECONDS = 2.0
STORE_PATIENCE_SECONDS = 120.0
"""How long storing a paid answer is tried; with a slice and a call, still under 5 minutes."""


class DocumentStore:
    """The blobs of one document of one job."""

    def __init__(self, blobs: BlobStore, job: str, document: str) -> None:
        self._blobs = blobs
        self._job = job
        self._document = document

    def job(self) -> Job:
        """The job it belongs to."""
        return decode(Job, self._blobs.read(blob_names.request(self._job)))

    def pdf(self) -> bytes:
        """The PDF as it was uploaded."""
        return self._blobs.read(blob_names.pdf(self._job, self._document))

    def progress(self) -> DocumentProgress | None:
        """What earlier slices left, or None; it is written through the document's lease."""
        stored = self._blobs.find(blob_names.state(self._job, self._document))
        return decode(DocumentProgress, stored) if stored else None

    def pages(self) -> dict[int, Page]:
        """The pages stored so far, by number."""
        pages = self._all(blob_names.pages(self._job, self._document), Page)
        return {page.number: page for page in pages}

    def store_page(self, page: Page) -> None:
        """Keep a page."""
        self._blobs.write(blob_names.page(self._job, self._document, page.number), encode(page))

    def readings(self) -> dict[str, Reading]:
        """The answers stored so far, by key."""
        readings = self._all(blob_names.readings(self._job, self._document), Reading)
        return {reading.key: reading for reading in readings}

    def store_reading(self, reading: Reading) -> None:
        """Keep an answer; it is paid, so it is worth more patience than any other write."""
        name = blob_names.reading(self._job, self._document, reading.key)
        until = time.monotonic() + STORE_PATIENCE_SECONDS
        while True:
            try:
                return self._blobs.write(name, encode(reading))
            except StorageError:
                if time.monotonic() > until:
                    raise
                time.sleep(STORE_AGAIN_SECONDS)

    def store_findings(self, findings: DocumentFindings) -> None:
        """Keep the cells of the document."""
        self._blobs.write(blob_names.findings(self._job, self._document), encode(findings))

    def _all(self, prefix: str, shape: type[T]) -> list[T]:
        names = list(self._blobs.names(prefix))
        with ThreadPoolExecutor(TRANSFERS) as transfers:
            return [decode(shape, data) for data in transfers.map(self._blobs.read, names)]


class PageWriter:
    """Stores pages in the background, a few at once; leaving it waits for all of them."""

    def __init__(self, store: Callable[[Page], None]) -> None:
        self._store = store
        self._threads = ThreadPoolExecutor(TRANSFERS)
        self._writes = deque[Future[None]]()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        for write in self._writes:
            write.result()

    def add(self, page: Page) -> None:
        """Take a page; waits where storage is behind."""
        self._writes.append(self._threads.submit(self._store, page))
        while len(self._writes) > 2 * TRANSFERS:
            self._writes.popleft().result()
