"""The mails a job sends: counts and names only, never quotes, in text and HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from html import escape

from shared.domain.findings import DocumentFindings
from shared.domain.job import Document, DocumentState, Job, JobState
from shared.domain.pages import PageState
from shared.domain.progress import RunOutcome
from shared.domain.report_source import STAND_IN_NOTICE, count, has_stand_in

NAMED_LIMIT = 20
"""Documents named in a mail; of more, the mail says how many."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one address. Mails of equal `key` are one mail sent twice."""

    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    key: str = ""


@dataclass(frozen=True, slots=True)
class DocumentNote:
    """What a mail says of a document of which any page or reading is missing."""

    name: str
    state: DocumentState
    reason: str


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where the results lie and until when; `public_url` is empty where there is no address."""

    public_url: str
    expires: str


def fits(size: int, limit_mb: float) -> bool:
    """Whether an attachment of `size` bytes stays within a mail's limit once it is base64."""
    return (size + 2) // 3 * 4 <= limit_mb * 1_000_000


def notes_of(documents: Iterable[tuple[Document, DocumentFindings]]) -> tuple[DocumentNote, ...]:
    """The documents that have gaps, with the reason: of one that was read, its picture pages."""
    return tuple(
        DocumentNote(document.name, found.state, reason)
        for document, found in documents
        if (reason := _gap(found)) or found.state is not DocumentState.READ
    )


def _gap(found: DocumentFindings) -> str:
    if found.state is not DocumentState.READ:
        return found.error or _first_reason(found)
    pictures = found.page_states.get(PageState.PICTURE_UNREAD, 0)
    are = "is a picture" if pictures == 1 else "are pictures"
    return f"{pictures:,} of {count(found.pages, 'page')} {are}" if pictures else ""


def _first_reason(found: DocumentFindings) -> str:
    return next((finding.reason for finding in found.findings if finding.reason), "")


def finished_mail(
    job: Job,
    outcome: RunOutcome,
    notes: tuple[DocumentNote, ...],
    keeping: Keeping,
    workbook: bytes | None,
) -> Mail:
    """The mail at the end of a run, however it ended. Without `workbook` it carries a link."""
    blocks = tuple(
        block
        for block in (
            _notice(outcome),
            _opening(job, outcome, notes),
            _found(outcome),
            _where(job, keeping, attached=workbook is not None),
            _not_read([note for note in notes if note.state is not DocumentState.READ]),
            _with_pictures([note for note in notes if note.state is DocumentState.READ]),
            outcome.problem,
        )
        if block
    )
    mail = Mail(
        to=job.email,
        subject=_subject(job, outcome),
        text="\n\n".join(blocks) + "\n",
        html=_html(blocks),
    )
    if workbook is None:
        return mail
    return replace(mail, attachments=(Attachment("results.xlsx", XLSX, workbook),))


def _subject(job: Job, outcome: RunOutcome) -> str:
    documents = count(len(job.documents), "document")
    match outcome.state:
        case JobState.FAILED:
            return f"Policy Reader could not read your {documents}"
        case JobState.CANCELLED:
            return f"Policy Reader: your job was cancelled ({documents})"
        case _:
            demonstration = "Demonstration: " if has_stand_in(outcome.model) else ""
            return f"{demonstration}Policy Reader results: {documents}"


def _notice(outcome: RunOutcome) -> str:
    return STAND_IN_NOTICE if has_stand_in(outcome.model) else ""


def _opening(job: Job, outcome: RunOutcome, notes: Sequence[DocumentNote]) -> str:
    variables = count(len(job.variables), "variable")
    documents = count(outcome.documents, "document")
    match outcome.state:
        case JobState.FAILED if outcome.failed < outcome.documents:
            return (
                f"Your job over {documents} and {variables} ended early: {_extent(outcome, notes)}."
            )
        case JobState.FAILED:
            none = "Your document" if outcome.documents == 1 else f"None of your {documents}"
            not_read = "could not be read" if outcome.documents == 1 else "could be read"
            return f"{none} {not_read}, so nothing was found for {variables}."
        case JobState.CANCELLED:
            return (
                f"Your job over {documents} and {variables} was cancelled. "
                "What was read until then is kept."
            )
        case _:
            return (
                f"Policy Reader has finished your job over {documents} and {variables}: "
                f"{_extent(outcome, notes)}."
            )


def _extent(outcome: RunOutcome, notes: Sequence[DocumentNote]) -> str:
    """How many documents were read in full, in part and not, as their states say it."""
    states = Counter(note.state for note in notes)
    partly = states[DocumentState.PARTLY_READ]
    not_read = states.total() - states[DocumentState.READ] - partly
    parts = [f"{outcome.documents - partly - not_read:,} of {outcome.documents:,} read in full"]
    parts += [f"{partly:,} partly read"] if partly else []
    parts += [f"{not_read:,} not read"] if not_read else []
    return ", ".join(parts)


def _found(outcome: RunOutcome) -> str:
    if outcome.state is JobState.FAILED and outcome.failed == outcome.documents:
        return ""
    return (
        f"The results hold {count(outcome.quotes, 'quote')}. Each of the "
        f"{count(outcome.findings, 'cell')} (document × variable) says what was found, or why "
        "nothing was."
    )


def _where(job: Job, keeping: Keeping, *, attached: bool) -> str:
    parts = ["The workbook is attached: results.xlsx."] if attached else []
    if keeping.public_url:
        verb = "All results" if attached else "Your results"
        parts.append(f"{verb}: {keeping.public_url}/jobs/{job.id}")
    elif not attached:
        parts.append("The workbook is not attached; get it where you submitted the documents.")
    if keeping.expires and keeping.public_url:
        parts.append(f"The results are kept until {keeping.expires} and deleted then.")
    elif keeping.expires:  # nobody can be sent there, but it is said that no copy stays
        parts.append(f"The service deletes its own copy of the results by {keeping.expires}.")
    return "\n".join(parts)


def _not_read(notes: Sequence[DocumentNote]) -> str:
    return _named(f"Not read in full ({count(len(notes), 'document')}):", notes, "Summary")


def _with_pictures(notes: Sequence[DocumentNote]) -> str:
    documents = count(len(notes), "document")
    heading = f"Read, but with pages that are pictures without text ({documents}):"
    return _named(heading, notes, "Coverage")


def _named(heading: str, notes: Sequence[DocumentNote], sheet: str) -> str:
    """The documents by name under a heading; `sheet` holds those that are only counted."""
    if not notes:
        return ""
    lines = [heading, *map(_line, notes[:NAMED_LIMIT])]
    if len(notes) > NAMED_LIMIT:
        more = count(len(notes) - NAMED_LIMIT, "further document")
        lines.append(f"- and {more}, named in the workbook's sheet {sheet}")
    return "\n".join(lines)


def _line(note: DocumentNote) -> str:
    name = " ".join(note.name.split())[:200]
    state = note.state.value.replace("_", " ")
    return f"- {name}: {state}" + (f". {' '.join(note.reason.split())}" if note.reason else "")


def _html(blocks: tuple[str, ...]) -> str:
    """Plain paragraphs that a phone shows well; everything from outside is escaped."""
    body = "".join(_paragraph(block) for block in blocks)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '</head><body style="margin:0;padding:16px;max-width:640px;overflow-wrap:anywhere;'
        'font:16px/1.5 system-ui,sans-serif;color:#1b1b1b">'
        f"{body}</body></html>"
    )


def _paragraph(block: str) -> str:
    if block == STAND_IN_NOTICE:
        style = "background:#ffc7ce;color:#7a0005;padding:12px;font-weight:bold"
        return f'<p style="{style}">{escape(block)}</p>'
    return f"<p>{'<br>'.join(_html_line(line) for line in block.splitlines())}</p>"


def _html_line(line: str) -> str:
    label, found, address = line.partition(": http")
    if not found or label not in {"All results", "Your results"}:
        return escape(line)
    link = escape("http" + address, quote=True)
    return f'{escape(label)}: <a href="{link}">{link}</a>'
