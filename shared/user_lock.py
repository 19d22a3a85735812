"""One running job a user: a blob that names it, claimed before anything is stored."""

from __future__ import annotations

import json

from shared.domain import blob_names
from shared.domain.job import Job
from shared.ports import BlobStore


def release_user(blobs: BlobStore, job: Job) -> None:
    """Let the user submit again, if it is this job that holds them."""
    name = blob_names.running(job.user)
    held = blobs.find_version(name)
    if held is None:
        return
    data, version = held
    if json.loads(data or b"{}").get("job") == job.id:
        # Emptied rather than deleted: only a conditional write is sure to hit this very claim.
        blobs.replace(name, b"{}", version)
