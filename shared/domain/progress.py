"""Outcomes → progress: what a document leaves in `state.json`, and the custom status of a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from shared.domain.job import JobState, Stage
from shared.domain.messages import RunJob
from shared.domain.readings import Usage


class DocumentStage(StrEnum):
    """Where a document stands while its run goes on."""

    WAITING = "waiting"
    READING = "reading"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class DocumentProgress:
    """`state.json` of a document: attempts, advance, and the counts that progress shows.

    `started` and `ended` count slices since the last advance: a slice that started and never
    ended was lost with its worker. `stalled` counts slices that ended by themselves without
    advance and had no reason to wait. `pages_total` is 0 until the PDF was opened; `timeouts`
    counts them by reading key. `waiting_since` (ISO 8601) is set while the model cannot be
    reached. `updated` is ISO 8601, UTC.
    """

    run: int
    stage: DocumentStage = DocumentStage.WAITING
    started: int = 0
    ended: int = 0
    stalled: int = 0
    pages_total: int = 0
    pages_done: int = 0
    readings_owed: int = 0
    readings_done: int = 0
    variables_done: int = 0
    usage: Usage = field(default_factory=Usage)
    title: str = ""
    timeouts: dict[str, int] = field(default_factory=dict)
    failed: bool = False
    waiting_since: str = ""
    updated: str = ""


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`runs/{n}/outcome.json`: how a run ended. `finished` is ISO 8601, UTC."""

    run: int
    state: JobState
    finished: str
    documents: int
    failed: int
    findings: int
    quotes: int
    usage: Usage
    model: str
    problem: str = ""


CURRENT_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Current:
    """A document being read, by id, and how many of its variables are answered."""

    document: str
    variables_done: int


def custom_status(
    run: RunJob, stage: Stage, current: Sequence[Current] = (), *, state: str = ""
) -> dict[str, Any]:
    """The custom status of a run: counts and ids, under 12 KB whatever the job.

    Of the documents, `done` ended well, `failed` did not, and `reading` are under way, so that
    what is missing to the total is still to come. `variables` counts cells, one for each document
    and variable. Names are laid over the ids of
    `current` where the status is shown, so that no file name enters the durable history.
    """
    done = run.cells_done + sum(document.variables_done for document in current)
    return {
        "stage": stage.value,
        "message": _message(run, stage, len(current), state),
        "run": run.run,
        "documents": {
            "total": run.documents,
            "done": run.done - run.failed,
            "failed": run.failed,
            "reading": len(current),
        },
        "variables": {"total": run.documents * run.variables, "done": done},
        "current": [
            {
                "document": document.document,
                "variables_done": document.variables_done,
                "variables_total": run.variables,
            }
            for document in current[:CURRENT_LIMIT]
        ],
    }


def _message(run: RunJob, stage: Stage, reading: int, state: str) -> str:
    documents = f"{run.documents} document{'' if run.documents == 1 else 's'}"
    match stage:
        case Stage.QUEUED:
            return f"Waiting to read {documents}"
        case Stage.READING:
            return f"Reading {reading} of {documents}, {run.done} done"
        case Stage.CANCELLING:
            return f"Cancelling; {run.done} of {documents} done"
        case Stage.WRITING:
            return "Writing the workbook"
        case Stage.EMAILING:
            return "Sending the email"
        case Stage.DONE:
            failed = f", {run.failed} failed" if run.failed else ""
            return f"{state.capitalize() or 'Done'}: {run.done} of {documents} done{failed}"
