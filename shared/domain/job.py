"""What was asked: a job, its documents and its variables, and the states they pass through."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

DEFAULT_QUERY = (
    "Extract any quote that addresses “{variable_name}” "
    "which we define as “{variable_description}”."
)


class Task(StrEnum):
    """What the user wants of each variable."""

    QUOTES = "quotes"
    SUMMARIES = "summaries"


class OutputFormat(StrEnum):
    """How the workbook lays the findings out."""

    LIST = "list"
    TEXT = "text"
    BY_QUOTE = "by_quote"
    BY_QUOTE_LABELLED = "by_quote_labelled"
    CUSTOM = "custom"


class JobState(StrEnum):
    """Where a job stands, for people."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What a run is doing; `customStatus.stage`."""

    QUEUED = "queued"
    READING = "reading"
    WRITING = "writing"
    EMAILING = "emailing"
    DONE = "done"
    CANCELLING = "cancelling"


class DocumentState(StrEnum):
    """What became of a document."""

    READ = "read"
    PARTLY_READ = "partly_read"
    UNREADABLE = "unreadable"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Variable:
    """One thing to look for. `group` orders the layout and is never sent to the model."""

    id: str
    name: str
    description: str
    context: str = ""
    group: str = ""
    labels: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One uploaded PDF: `id` inside, the uploader's `name` outside.

    `size` is in bytes, `sha256` in hex of the stored PDF.
    """

    id: str
    name: str
    size: int
    sha256: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the user's own in the `custom` format."""

    name: str
    instructions: str = ""
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Output:
    """How answers are laid out."""

    format: OutputFormat = OutputFormat.LIST
    labels: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    instructions: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One validated submission, kept as `request.json`. Its id is the Durable instance id.

    `created` is ISO 8601 in UTC; `user` is the hash under which the one-job lock is held.
    """

    id: str
    created: str
    user: str
    email: str
    variables: tuple[Variable, ...]
    documents: tuple[Document, ...]
    query: str = DEFAULT_QUERY
    task: Task = Task.QUOTES
    justify: bool = True
    reading: str = "standard"
    output: Output = field(default_factory=Output)
    model: str = "gpt-4.1"
    mode: str = "live"
    fresh: bool = False

    def document(self, document_id: str) -> Document:
        """The document of that id.

        Raises:
            KeyError: the job has none of that id.
        """
        for document in self.documents:
            if document.id == document_id:
                return document
        raise KeyError(document_id)
