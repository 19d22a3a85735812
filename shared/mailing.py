"""One mail for each run and purpose, whoever is killed in between.

A blob says where a mail stands: claimed (somebody is sending it), waiting (the service asked for
time), sent or failed. Every change is conditional, so that two workers never send at once; a
worker killed between sending and marking costs one duplicate at most.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain import blob_names, results
from shared.domain.errors import BlobMissing, MailBusy, MailRejected
from shared.domain.job import Job
from shared.domain.mail import Keeping, Mail, finished_mail, fits, notes_of
from shared.domain.messages import EmailResult, SendEmail
from shared.domain.progress import RunOutcome
from shared.domain.report_source import Documents
from shared.domain.stored import decode, encode
from shared.ports import BlobStore, Mailer
from shared.results import current_run, expiry, find_outcome, load_job, stored_findings
from shared.services import Services

CLAIM_LASTS = timedelta(minutes=2)
"""Longer than any send may take, and short enough to wait for after a killed worker."""

NO_REPORT = "The results could not be written; what was read is kept and can be retried."

log = logging.getLogger("policy_reader.mail")


@dataclass(frozen=True, slots=True)
class MailMark:
    """`runs/{n}/emails/{purpose}.json`; `at` is ISO 8601, UTC."""

    state: str
    at: str
    tries: int = 1
    service_id: str = ""
    problem: str = ""


def send_once(services: Services, asked: SendEmail) -> EmailResult:
    """Send the mail unless it was sent; raises only where storage does not answer."""
    try:
        job = load_job(services.blobs, asked.job)
    except BlobMissing:
        return EmailResult("failed", problem="The job was deleted.")
    blobs, name = services.blobs, blob_names.email(asked.job, asked.run, asked.purpose)
    if current_run(blobs, asked.job) != asked.run:
        return EmailResult("failed", problem="A later run has taken over; its mail will tell.")
    known = blobs.find(name)
    if known is not None:
        hindrance = _hindrance(decode(MailMark, known), services.clock())
        if hindrance is not None:
            return hindrance
    # Composed before it is claimed: for a thousand documents that takes a good part of a claim.
    mails = _compose(services, job, asked)
    claimed = _claim(blobs, name, services.clock())
    if isinstance(claimed, EmailResult):
        return claimed
    return _send(services, mails, name, claimed)


def _claim(blobs: BlobStore, name: str, now: datetime) -> MailMark | EmailResult:
    """The mark under which this worker may send, or what stands in the way."""
    claim = MailMark("claimed", now.isoformat())
    if blobs.create(name, encode(claim)):
        return claim
    found = blobs.find_version(name)
    if found is None:
        return EmailResult("waiting", 1.0)
    mark, version = decode(MailMark, found[0]), found[1]
    hindrance = _hindrance(mark, now)
    if hindrance is not None:
        return hindrance
    claim = replace(claim, tries=mark.tries + 1)
    if blobs.replace(name, encode(claim), version):
        return claim
    return EmailResult("waiting", CLAIM_LASTS.total_seconds())


def _hindrance(mark: MailMark, now: datetime) -> EmailResult | None:
    """Why the mail is not to be sent now, or None."""
    if mark.state in {"sent", "failed"}:
        return EmailResult(mark.state, problem=mark.problem)
    left = datetime.fromisoformat(mark.at) + CLAIM_LASTS - now
    if mark.state == "claimed" and left > timedelta(0):
        return EmailResult("waiting", left.total_seconds())
    return None


def _send(services: Services, mails: tuple[Mail, ...], name: str, claim: MailMark) -> EmailResult:
    def mark(state: str, *, service_id: str = "", problem: str = "") -> None:
        at = services.clock().isoformat()
        done = replace(claim, state=state, at=at, service_id=service_id, problem=problem)
        services.blobs.write(name, encode(done))

    try:
        service_id = _send_first(services.mailer, mails)
    except MailBusy as busy:
        mark("waiting", problem=str(busy))
        return EmailResult("waiting", busy.retry_after, str(busy))
    except MailRejected as refused:
        mark("failed", problem=str(refused))
        return EmailResult("failed", problem=str(refused))
    mark("sent", service_id=service_id)
    return EmailResult("sent")


def _send_first(mailer: Mailer, mails: tuple[Mail, ...]) -> str:
    """Send the first mail that the service does not refuse; its id there."""
    for mail in mails[:-1]:
        try:
            return mailer.send(mail)
        except MailRejected:
            log.warning("a mail with %d attachment(s) was refused", len(mail.attachments))
    return mailer.send(mails[-1])


def _compose(services: Services, job: Job, asked: SendEmail) -> tuple[Mail, ...]:
    """The mail, and after it one without the workbook, should that be what is refused."""
    blobs, settings = services.blobs, services.settings
    cancelled = blobs.find(blob_names.cancelled(job.id, asked.run)) is not None
    documents = stored_findings(blobs, job, cancelled=cancelled, finished=True)
    outcome = find_outcome(blobs, job.id, asked.run) or _unwritten(services, asked, documents)
    workbook = None if outcome.problem else blobs.find(blob_names.workbook(job.id))
    if workbook is not None and not fits(len(workbook), settings.email_size_limit_mb):
        workbook = None
    keeping = Keeping(settings.public_url, expiry(outcome, settings.retention_hours))
    notes = notes_of(zip(job.documents, documents(), strict=True))
    return tuple(
        replace(
            finished_mail(job, outcome, notes, keeping, attached),
            key=f"{job.id}/{asked.run}/{asked.purpose}{'' if attached else '/link'}",
        )
        for attached in ((workbook, None) if workbook is not None else (None,))
    )


def _unwritten(services: Services, asked: SendEmail, documents: Documents) -> RunOutcome:
    """What to say where even the report could not be written."""
    finished = services.clock().isoformat(timespec="seconds")
    totals = results.sum_up(documents())
    return results.conclude(
        asked.run, totals, cancelled=False, finished=finished, problem=NO_REPORT
    )
