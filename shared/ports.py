"""What the app needs of the world; adapters provide it, tests replace it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from shared.domain.findings import DocumentFindings
from shared.domain.job import Job
from shared.domain.mail import Mail
from shared.domain.pages import Page
from shared.domain.readings import Answer, Prompt
from shared.domain.report import Report


class Lease(Protocol):
    """The right to write one blob, until it is released or not renewed in time."""

    def renew(self) -> None:
        """Hold it for its full time again.

        Raises:
            LeaseLost: another worker may hold it.
        """

    def write(self, data: bytes) -> None:
        """Overwrite the leased blob.

        Raises:
            LeaseLost: another worker may hold it.
        """

    def release(self) -> None:
        """Give it up; does nothing if it is gone already."""


class BlobStore(Protocol):
    """Named bytes in one container, with the conditional writes that concurrency needs."""

    def read(self, name: str) -> bytes:
        """The blob's bytes.

        Raises:
            BlobMissing: there is none.
        """

    def find(self, name: str) -> bytes | None:
        """The blob's bytes, or None."""

    def find_version(self, name: str) -> tuple[bytes, str] | None:
        """The blob's bytes and ETag, or None."""

    def write(self, name: str, data: bytes) -> None:
        """Create or overwrite."""

    def create(self, name: str, data: bytes) -> bool:
        """Create if absent; False where a blob of that name exists."""

    def replace(self, name: str, data: bytes, version: str) -> bool:
        """Overwrite if the ETag is still `version`; False where it is not."""

    def delete(self, name: str) -> None:
        """Delete; a missing blob is fine."""

    def names(self, prefix: str) -> Iterator[str]:
        """The names that begin with `prefix`, in order."""

    def folders(self, prefix: str) -> Iterator[str]:
        """The next path segments below `prefix` (which ends in `/`) that have blobs under them."""

    def lease(self, name: str, seconds: int) -> Lease | None:
        """A lease on an existing or new blob for 15 to 60 s; None while another holds it."""

    def check(self) -> None:
        """Returns if the store answers.

        Raises:
            StorageError: it does not.
        """


class ExtractedDocument(Protocol):
    """A PDF opened by an extractor."""

    @property
    def page_count(self) -> int:
        """Pages in the PDF."""

    @property
    def title(self) -> str:
        """The title in its metadata, or empty."""

    def pages(self, first: int = 1) -> Iterator[Page]:
        """The pages from `first` on, in order, each as soon as it is known.

        A page that cannot be read is a `Page` of state `failed`; the iteration goes on.
        """


class TextExtractor(Protocol):
    """PDF → pages. `version` changes whenever its output may."""

    version: str

    def open(self, pdf: bytes) -> AbstractContextManager[ExtractedDocument]:
        """Open a PDF.

        Raises:
            DocumentError: not a PDF, a password is needed, damaged beyond repair, too large.
        """


class LanguageModel(Protocol):
    """Reads windows."""

    def ask(self, prompt: Prompt) -> Answer:
        """One call; retries of its own are bounded and short.

        Raises:
            ModelBusy: asked to wait longer than a slice should, or unreachable.
            ModelTimeout: no answer in time.
            PromptTooLong: the prompt does not fit the model.
            ModelRejected: no call will succeed until someone acts.
        """


class WorkbookWriter(Protocol):
    """Sheets of plain rows → a workbook file."""

    def write(self, report: Report) -> bytes:
        """The bytes of an .xlsx file."""


class Highlighter(Protocol):
    """Marks quotes on the pages of a PDF."""

    def highlight(self, pdf: bytes, job: Job, findings: DocumentFindings) -> bytes:
        """The PDF with its quotes marked; the original is untouched.

        Raises:
            DocumentError: the PDF cannot be opened or written.
        """


class Mailer(Protocol):
    """Sends mail."""

    def send(self, mail: Mail) -> str:
        """Hand the mail to the service and wait until it is accepted; the service's id of it.

        Raises:
            MailBusy: throttled or unreachable; try again later.
            MailRejected: it will never be accepted.
        """
