"""Everything that can go wrong on purpose.

PolicyReaderError
├── RequestProblem       the request is not understood or wrong: HTTP 4xx, all faults at once
├── DocumentError        permanent: the outcome of one document, never of its job
├── ModelError
│   ├── ModelBusy        transient: asked to wait, unreachable, broken for now
│   ├── ModelTimeout     transient, but counted: one reading may simply be too large
│   ├── PromptTooLong    this reading must be split
│   └── ModelRejected    permanent until an operator acts: key, deployment, quota
├── MailError
│   ├── MailBusy         transient: throttled or unreachable
│   └── MailRejected     permanent: the service will never take this mail
└── StorageError
    ├── BlobMissing
    └── LeaseLost        another worker has taken over: stop writing
"""

from __future__ import annotations

from dataclasses import dataclass


class PolicyReaderError(Exception):
    """Base of all expected failures; its text is fit for the user."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with a request: which field or file, the fact and the remedy."""

    field: str
    message: str


class RequestProblem(PolicyReaderError):
    """A request that cannot be taken, with everything wrong with it at once.

    Attributes:
        status: the HTTP status, one of design section 3.
        errors: each fault, naming its field or file.
        extra: further members of the problem+json answer.
        retry_after: seconds, for 429 and 503.
    """

    def __init__(
        self,
        status: int,
        title: str,
        errors: tuple[FieldError, ...] = (),
        *,
        extra: dict[str, str] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.errors = errors
        self.extra = extra or {}
        self.retry_after = retry_after


class DocumentError(PolicyReaderError):
    """A document that will never be readable; the text says why and what to do."""


class ModelError(PolicyReaderError):
    """The language model gave no usable answer."""


class ModelBusy(ModelError):
    """The service asked to wait, or could not be reached.

    Attributes:
        retry_after: seconds to wait before asking again.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelTimeout(ModelError):
    """No answer within the time of one call."""


class PromptTooLong(ModelError):
    """The window does not fit the model's context."""


class ModelRejected(ModelError):
    """The service refuses every call: a wrong key, an unknown model, an empty account."""


class MailError(PolicyReaderError):
    """A mail was not accepted."""


class MailBusy(MailError):
    """The mail service asked to wait, or could not be reached.

    Attributes:
        retry_after: seconds to wait before trying again.
    """

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MailRejected(MailError):
    """The mail service will never take this mail."""


class StorageError(PolicyReaderError):
    """Blob Storage did not do what was asked."""


class BlobMissing(StorageError):
    """No blob of that name."""


class LeaseLost(StorageError):
    """The lease is gone: another worker may be writing."""
