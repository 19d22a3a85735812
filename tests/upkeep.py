"""A site over which time passes, and what upkeep does to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.clean_up import purge_expired
from shared.domain import blob_names
from shared.domain.job import Job, JobState
from shared.domain.progress import RunOutcome
from shared.domain.readings import Usage
from shared.domain.stored import decode, encode
from shared.watchdog import watch_jobs
from tests.fakes import FakeMailer
from tests.web.conftest import FakeDurable, Site, make_site


@dataclass
class UpkeepDurable(FakeDurable):
    """The Durable client in memory, with what upkeep asks of it beside the web."""

    purged: list[str] = field(default_factory=list)
    purge_fault: Exception | None = None

    async def terminate(self, instance_id: str, reason: str) -> None:
        """End an instance."""
        self.set(instance_id, "Terminated", output=reason)

    async def purge_instance_history(self, instance_id: str) -> object:
        """Forget an instance, whether it is known or not."""
        if self.purge_fault:
            raise self.purge_fault
        self.purged.append(instance_id)
        self.instances.pop(instance_id, None)
        return None

    def runtime(self, job: str) -> str:
        """What Durable says of a job; empty where it knows nothing."""
        return str(self.instances.get(job, {}).get("runtimeStatus", ""))


class House:
    """A site whose timers are fired by hand."""

    def __init__(self, **settings: str) -> None:
        self.site: Site = make_site(**settings)
        self.durable = UpkeepDurable()
        self.site.durable = self.durable
        self.mailer = FakeMailer()
        self.site.services.mailer = self.mailer
        self.blobs = self.site.blobs

    def submit(self, email: str = "analyst@example.org", **more: Any) -> str:
        """Submit two documents; the job's id."""
        variables = [{"name": "SDG 7", "description": "Affordable energy"}]
        request = {"email": email, "variables": variables}
        files = (("a.pdf", b"%PDF-1.7 a"), ("b.pdf", b"%PDF-1.7 b"))
        job = self.site.job(*files, request=request, **more)
        self.moved(job)
        self.durable.inputs.clear()
        return job

    def job(self, job: str) -> Job:
        """The job as stored."""
        return decode(Job, self.blobs.read(blob_names.request(job)))

    def moved(self, job: str, runtime: str = "Running", stage: str = "reading") -> None:
        """Let the instance have moved just now."""
        moment = f"{self.site.now:%Y-%m-%dT%H:%M:%SZ}"
        self.durable.set(job, runtime, lastUpdatedTime=moment, customStatus={"stage": stage})

    def forget(self, job: str) -> None:
        """Let Durable know nothing of the job."""
        self.durable.instances.pop(job, None)

    def end(self, job: str, state: JobState = JobState.COMPLETED) -> RunOutcome:
        """Let the run end now, its mail sent."""
        finished = self.site.now.isoformat()
        outcome = RunOutcome(1, state, finished, 2, 0, 2, 3, Usage(), "stand-in-keywords")
        self.blobs.write(blob_names.outcome(job, 1), encode(outcome))
        sent = b'{"state":"sent","at":"%s"}' % finished.encode()
        self.blobs.write(blob_names.email(job, 1, "finished"), sent)
        self.moved(job, "Completed", "done")
        return outcome

    def watch(self, *, after_minutes: float = 0) -> int:
        """Let time pass, then one round of the watchdog."""
        self.site.passes(minutes=after_minutes)
        return asyncio.run(watch_jobs(self.durable, self.site.services))

    def watch_for(self, minutes: int) -> None:
        """Let the watchdog look every five minutes."""
        for _ in range(minutes // 5):
            self.watch(after_minutes=5)

    def clean_up(self, *, after_hours: float = 0) -> int:
        """Let time pass, then one round of clean-up."""
        self.site.passes(hours=after_hours)
        return asyncio.run(purge_expired(self.durable, self.site.services))

    def outcome(self, job: str) -> RunOutcome | None:
        """How the job's first run ended."""
        stored = self.blobs.find(blob_names.outcome(job, 1))
        return decode(RunOutcome, stored) if stored else None

    def restarted(self) -> list[tuple[str, int]]:
        """Job and run of everything started since its submission."""
        return [(job, message["run"]) for job, message in self.durable.inputs.items()]

    def now(self) -> datetime:
        """The site's time."""
        return self.site.now
