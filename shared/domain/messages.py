"""The JSON that crosses Durable boundaries: ids, counts and frozen settings, never text.

One message goes into each activity and one comes out. What is missing in a message fails loudly,
so that one of another version is not half understood.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar, cast

from shared.domain.stored import adapter

M = TypeVar("M")


def to_json(message: object) -> dict[str, Any]:
    """A message as a plain JSON object."""
    if not hasattr(message, "__dataclass_fields__"):
        raise TypeError(f"not a message: {type(message).__name__}")
    return asdict(message)  # type: ignore[call-overload, no-any-return]


def from_json(shape: type[M], value: object) -> M:
    """The message whose JSON `value` is.

    Raises:
        pydantic.ValidationError: it is not of this shape.
    """
    decoded: M = adapter(cast(Hashable, shape)).validate_python(value)
    return decoded


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run needs of the settings, frozen at its start so that replays agree.

    `*_seconds` are durations; `calls_per_generation` counts activity calls before the
    orchestrator continues as new.
    """

    documents_in_flight: int = 8
    slice_seconds: float = 60
    calls_per_generation: int = 200
    fault_delay_seconds: float = 15
    fault_delay_limit_seconds: float = 600
    email_patience_seconds: float = 86_400


@dataclass(frozen=True, slots=True)
class Delay:
    """A document that asked to wait: its ordinal (from 1), and until when (ISO 8601, UTC)."""

    document: int
    until: str
    faults: int = 0


@dataclass(frozen=True, slots=True)
class RunJob:
    """Input of `run_job`, and all that one generation hands to the next.

    Documents are ordinals from 1; ordinal n is document id `d{n}`. `next_document` is the first
    one never called; `open` holds those called and not done. `run` counts from 1.
    """

    job: str
    run: int
    documents: int
    variables: int
    settings: RunSettings = field(default_factory=RunSettings)
    generation: int = 1
    next_document: int = 1
    open: tuple[Delay, ...] = ()
    done: int = 0
    failed: int = 0
    cells_done: int = 0


@dataclass(frozen=True, slots=True)
class LookAtRun:
    """Input of `look_at_run`."""

    job: str
    run: int


@dataclass(frozen=True, slots=True)
class RunLook:
    """Whether this run is still the job's latest, and whether it is to stop."""

    current: bool
    cancelled: bool


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """Input of `read_document`: work on one document for at most a slice."""

    job: str
    run: int
    document: str
    slice_seconds: float


@dataclass(frozen=True, slots=True)
class SliceResult:
    """What a slice of `read_document` came to.

    `retry_after` in seconds, None to be called again at once. `failed` is True where the document
    ended `failed` or `unreadable`; `cancelled` where the run is to stop; `stale` where it is no
    longer the job's latest run.
    """

    done: bool
    advanced: bool
    variables_done: int
    retry_after: float | None = None
    failed: bool = False
    cancelled: bool = False
    stale: bool = False


@dataclass(frozen=True, slots=True)
class WriteReport:
    """Input of `write_report`."""

    job: str
    run: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What the report came to. `state` is the job's: completed, failed or cancelled.

    `problem` is empty, or says why there is no workbook. `documents` counts all, `failed` those
    that failed or were unreadable.
    """

    state: str
    documents: int
    failed: int
    findings: int
    quotes: int
    tokens: int
    cost: float
    problem: str = ""


@dataclass(frozen=True, slots=True)
class SendEmail:
    """Input of `send_email`; `purpose` is one of the mails a run sends, such as `finished`."""

    job: str
    run: int
    purpose: str


@dataclass(frozen=True, slots=True)
class EmailResult:
    """`state` is `sent`, `waiting` (see `retry_after`, seconds) or `failed` (see `problem`)."""

    state: str
    retry_after: float | None = None
    problem: str = ""
