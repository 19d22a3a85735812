"""Outcomes → progress: what a document leaves in `state.json`, and the custom status of a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from shared.domain.job import JobState
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
    advance and had no reason to wait. `waiting_since` (ISO 8601) is set while the model cannot be
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
    note: str = ""
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
