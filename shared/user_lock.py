"""One running job a user: a blob that names it, claimed before anything is stored."""

from __future__ import annotations

import json

from shared.domain import blob_names
from shared.domain.job import Job
from shared.ports import BlobStore


def release_user(blobs: BlobStore, job: Job) -> None:
    """Let the user submit again, if it is this job that holds them."""
    release_claim(blobs, job.user, job.id)


def release_claim(blobs: BlobStore, user: str, job_id: str) -> None:
    """Give up the claim of a job that may be known by its id alone."""
    name = blob_names.running(user)
    held = blobs.find_version(name)
    if held is None:
        return
    data, version = held
    if _holder(data) == job_id:
        # Emptied rather than deleted: only a conditional write is sure to hit this very claim.
        blobs.replace(name, b"{}", version)


def _holder(data: bytes) -> str:
    try:
        claim = json.loads(data or b"{}")
    except ValueError:
        return ""
    return str(claim.get("job", "")) if isinstance(claim, dict) else ""
