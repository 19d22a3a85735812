"""The custom status as it is shown: names for ids, and live counts over those of the last slice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.job import Job, Stage
from shared.domain.messages import RunJob
from shared.domain.progress import CURRENT_LIMIT, DocumentProgress, custom_status

NAME_LENGTH = 80


def current_ids(status: object) -> list[str]:
    """The ids of the documents being read, by a custom status as the orchestrator set it."""
    current = status.get("current") if isinstance(status, dict) else None
    return [str(each.get("document", "")) for each in current or []][:CURRENT_LIMIT]


def queued(job: Job, run: int) -> dict[str, Any]:
    """The custom status of a run that has not said anything yet."""
    message = RunJob(job.id, run, len(job.documents), len(job.variables))
    return custom_status(message, Stage.QUEUED)


def live_status(
    job: Job, run: int, status: object, progress: Mapping[str, DocumentProgress]
) -> dict[str, Any]:
    """The custom status with document names and the newest counts; under 12 KB whatever the job."""
    if not isinstance(status, dict) or not status:
        return queued(job, run)
    shown = dict(status)
    names = {document.id: document.name for document in job.documents}
    current, advance = [], 0
    for entry in (status.get("current") or [])[:CURRENT_LIMIT]:
        known = int(entry.get("variables_done", 0))
        latest = progress.get(entry.get("document", ""))
        live = latest.variables_done if latest and latest.run == run else 0
        advance += max(live - known, 0)
        name = names.get(entry.get("document", ""), "")
        current.append({**entry, "document": cut(name), "variables_done": max(live, known)})
    shown["current"] = current
    if isinstance(status.get("variables"), dict):
        total = int(status["variables"].get("total", 0))
        done = int(status["variables"].get("done", 0)) + advance
        shown["variables"] = {"total": total, "done": min(done, total)}
    return shown


def cut(name: str) -> str:
    """A name in at most 80 characters: its end tells documents of one folder apart."""
    if len(name) <= NAME_LENGTH:
        return name
    half = NAME_LENGTH // 2
    return f"{name[: half - 1]}…{name[-half:]}"
