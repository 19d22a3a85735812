"""Where everything is kept, relative to the container; built from ids, never from file names."""

from __future__ import annotations


def request(job: str) -> str:
    """The validated request: a `Job`."""
    return f"jobs/{job}/request.json"


def pdf(job: str, document: str) -> str:
    """The uploaded PDF, as it came."""
    return f"jobs/{job}/documents/{document}.pdf"


def work(job: str, document: str) -> str:
    """The prefix of everything a document's reading leaves behind."""
    return f"jobs/{job}/work/{document}/"


def page(job: str, document: str, number: int) -> str:
    """One page's text: a `Page`."""
    return f"{work(job, document)}pages/{number}.json"


def pages(job: str, document: str) -> str:
    """The prefix of a document's pages."""
    return f"{work(job, document)}pages/"


def reading(job: str, document: str, key: str) -> str:
    """One model answer: a `Reading`."""
    return f"{work(job, document)}readings/{key}.json"


def readings(job: str, document: str) -> str:
    """The prefix of a document's readings."""
    return f"{work(job, document)}readings/"


def state(job: str, document: str) -> str:
    """Attempts, advance and the lease of a document: a `DocumentProgress`."""
    return f"{work(job, document)}state.json"


def findings(job: str, document: str) -> str:
    """All cells of a document: a `DocumentFindings`."""
    return f"jobs/{job}/findings/{document}.json"


def cancelled(job: str, run: int) -> str:
    """Exists once this run is to stop."""
    return f"jobs/{job}/runs/{run}/cancelled"


def outcome(job: str, run: int) -> str:
    """How a run ended: a `RunOutcome`."""
    return f"jobs/{job}/runs/{run}/outcome.json"


def email(job: str, run: int, purpose: str) -> str:
    """The claim and the mark of one mail."""
    return f"jobs/{job}/runs/{run}/emails/{purpose}.json"


def current_run(job: str) -> str:
    """The number of the job's latest run, as decimal text."""
    return f"jobs/{job}/runs/current"


def workbook(job: str) -> str:
    """`results.xlsx` of the latest finished run."""
    return f"jobs/{job}/results.xlsx"


def results(job: str) -> str:
    """`results.json` of the latest finished run."""
    return f"jobs/{job}/results.json"


def highlighted(job: str, document: str) -> str:
    """The document with its quotes marked."""
    return f"jobs/{job}/highlighted/{document}.pdf"


def tombstone(job: str) -> str:
    """What remains of a job after clean-up."""
    return f"jobs/{job}/tombstone.json"


def running(user: str) -> str:
    """The user's one running job."""
    return f"users/{user}/running"


def own_job(user: str, job: str) -> str:
    """Marks a job as this user's."""
    return f"users/{user}/jobs/{job}"


def restarts(job: str, run: int) -> str:
    """How often the watchdog started this run again, as decimal text."""
    return f"jobs/{job}/runs/{run}/restarts"


def half_submitted(job: str) -> str:
    """When clean-up first saw this job without a request, ISO 8601."""
    return f"jobs/{job}/half-submitted"
