"""`run_job`: keep documents in flight, report progress, then the workbook, then the email.

Deterministic: it knows its input, the results of its activities and the orchestration's clock,
nothing else. Only plain `call_activity` stands under `task_any`: with `…_with_retry` there, SDK
and extension number tasks differently (azure-functions-durable-python #603, won't be fixed).
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from activities.look_at_run import look_at_run
from activities.send_email import send_email
from activities.write_report import write_report
from orchestrators.documents_in_flight import DocumentsInFlight, retry_delay
from shared.domain.job import Stage
from shared.domain.messages import (
    EmailResult,
    LookAtRun,
    ReportResult,
    RunJob,
    RunLook,
    SendEmail,
    WriteReport,
    from_json,
    to_json,
)
from shared.domain.progress import custom_status

Steps = Generator[Any, Any, Any]

REPORT_TRIES = 10
"""About an hour of durable timers; then the run ends without a workbook rather than never."""

blueprint = df.Blueprint()


@blueprint.orchestration_trigger(context_name="context")
def run_job(context: df.DurableOrchestrationContext) -> Steps:
    """Read every document of a job's run, write the report, send the email.

    Input: `RunJob`. Output: the counts of the run; failed and cancelled are results, not errors.
    """
    run = from_json(RunJob, context.get_input())
    # The marker is looked at first in every generation: an event that the last one took while it
    # was ending is lost with it, but its marker was written before the event was raised.
    look = from_json(
        RunLook, (yield from _call(context, run, look_at_run, LookAtRun(run.job, run.run)))
    )
    if not look.current:
        return {"superseded": True}
    documents = DocumentsInFlight(context, run, cancelled=look.cancelled)
    yield from documents.read()
    if documents.superseded:
        return {"superseded": True}
    if documents.unfinished:
        context.continue_as_new(to_json(documents.next_generation()))
        return None
    return (yield from _conclude(context, documents.counted(), cancelled=documents.cancelled))


def _conclude(context: df.DurableOrchestrationContext, run: RunJob, *, cancelled: bool) -> Steps:
    context.set_custom_status(custom_status(run, Stage.WRITING))
    report = yield from _report(context, run, cancelled=cancelled)
    context.set_custom_status(custom_status(run, Stage.EMAILING))
    email = yield from _email(context, run)
    context.set_custom_status(custom_status(run, Stage.DONE, state=report.state))
    return {
        "state": report.state,
        "documents": report.documents,
        "failed": report.failed,
        "findings": report.findings,
        "quotes": report.quotes,
        "tokens": report.tokens,
        "cost": report.cost,
        "email": email.state,
        "problem": report.problem or email.problem,
    }


def _report(context: df.DurableOrchestrationContext, run: RunJob, *, cancelled: bool) -> Steps:
    message = WriteReport(run.job, run.run, cancelled)
    result = yield from _call(context, run, write_report, message, tries=REPORT_TRIES)
    if result is None:
        return ReportResult(
            state="failed",
            documents=run.documents,
            failed=run.failed,
            findings=0,
            quotes=0,
            tokens=0,
            cost=0.0,
            problem="The results could not be written; what was read is kept and can be retried.",
        )
    return from_json(ReportResult, result)


def _email(context: df.DurableOrchestrationContext, run: RunJob) -> Steps:
    """Throttling is waited out in durable timers; a mail never costs the results."""
    give_up = context.current_utc_datetime + timedelta(seconds=run.settings.email_patience_seconds)
    message = SendEmail(run.job, run.run, "finished")
    while True:
        answer = yield from _call(context, run, send_email, message, until=give_up)
        if answer is None:
            return EmailResult("failed", problem="The email could not be sent in time.")
        result = from_json(EmailResult, answer)
        if result.state != "waiting":
            return result
        wake = context.current_utc_datetime + timedelta(seconds=result.retry_after or 60)
        if wake > give_up:
            return EmailResult("failed", problem=result.problem or "The mail service kept us out.")
        yield context.create_timer(wake)


def _call(
    context: df.DurableOrchestrationContext,
    run: RunJob,
    activity: Any,
    message: object,
    *,
    tries: int | None = None,
    until: datetime | None = None,
) -> Steps:
    """One activity at a time; a raised one means infrastructure, and is called again later.

    Returns None where it gave up.
    """
    faults = 0
    while True:
        try:
            return (yield context.call_activity(activity, to_json(message)))
        except Exception:  # noqa: BLE001  the SDK raises a bare Exception for every failed activity
            faults += 1
        wake = context.current_utc_datetime + retry_delay(run.settings, faults)
        if faults == tries or (until is not None and wake > until):
            return None
        yield context.create_timer(wake)
