"""Who calls, and what they may do."""

from __future__ import annotations

import hashlib

import azure.functions as func

from shared.domain.errors import FieldError, RequestProblem
from shared.domain.job import Job
from shared.settings import Settings


def principal(request: func.HttpRequest, settings: Settings) -> str | None:
    """The platform's signed-in principal; None for a guest.

    Anyone can send this header, so it is believed only where the platform sets it itself.
    """
    if not settings.signed_in:
        return None
    return request.headers.get("x-ms-client-principal-id") or None


def user_of(request: func.HttpRequest, settings: Settings, email: str) -> str:
    """The hash under which the caller's one running job is held."""
    known = principal(request, settings)
    who = f"principal:{known}" if known else f"email:{email.strip().lower()}"
    return hashlib.sha256(who.encode()).hexdigest()


def require_owner(request: func.HttpRequest, settings: Settings, job: Job) -> None:
    """Let only the owner act on a job; where nobody signs in, its unguessable id is the key.

    Raises:
        RequestProblem: 403, another user's job.
    """
    if settings.signed_in and user_of(request, settings, job.email) != job.user:
        message = "This job belongs to another user; sign in as the one who submitted it."
        raise RequestProblem(403, "Only its owner may do this.", (FieldError("job", message),))
