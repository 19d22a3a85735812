"""Errors → problem+json (RFC 9457): everything wrong at once, each with its remedy."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import azure.functions as func

from shared.domain.errors import FieldError, RequestProblem, StorageError
from shared.settings import SettingsError

P = ParamSpec("P")
T = TypeVar("T")
Handler = Callable[P, Awaitable[func.HttpResponse]]

STORAGE_RETRY_SECONDS = 10
LOOK_SECONDS = 20.0
"""Storage that hangs is tried again for minutes; whoever only looks is told long before."""

log = logging.getLogger("policy_reader.web")


class Faults:
    """Collects what is wrong with a request, so that the user is told once."""

    def __init__(self) -> None:
        self._found: list[tuple[int, FieldError]] = []

    def add(self, field: str, message: str, status: int = 422) -> None:
        """Note a fault; `status` is the answer's where no fault of another status is found."""
        self._found.append((status, FieldError(field, message)))

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Refuse the request if anything is wrong with it.

        Raises:
            RequestProblem: with every fault found.
        """
        if not self._found:
            return
        statuses = {status for status, _ in self._found}
        status = statuses.pop() if len(statuses) == 1 else 422
        count = len(self._found)
        title = "One thing is to be put right." if count == 1 else f"{count} things to put right."
        raise RequestProblem(status, title, tuple(error for _, error in self._found))


def problem_response(problem: RequestProblem) -> func.HttpResponse:
    """The answer to a request that cannot be taken."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "errors": [{"field": error.field, "message": error.message} for error in problem.errors],
        **problem.extra,
    }
    if problem.errors:
        body["detail"] = " ".join(error.message for error in problem.errors[:3])
    headers = {"Cache-Control": "no-store"}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    return func.HttpResponse(
        json.dumps(body, ensure_ascii=False),
        status_code=problem.status,
        mimetype="application/problem+json",
        headers=headers,
    )


def answered(handler: Handler[P]) -> Handler[P]:
    """The HTTP border: whatever happens inside, the caller gets an answer that says what to do."""

    @functools.wraps(handler)
    async def guarded(*args: P.args, **kwargs: P.kwargs) -> func.HttpResponse:
        try:
            return await handler(*args, **kwargs)
        except RequestProblem as problem:
            return problem_response(problem)
        except StorageError as fault:
            log.warning("%s: storage did not answer: %s", handler.__name__, fault)
            return problem_response(_storage_is_away())
        except SettingsError as fault:
            log.error("settings: %s", fault)
            error = FieldError("settings", str(fault))
            return problem_response(RequestProblem(503, "This site is not set up yet.", (error,)))
        except Exception:
            incident = secrets.token_hex(4)
            log.exception("%s failed, incident %s", handler.__name__, incident)
            title = (
                f"This is our mistake, not yours. Please try again; if it stays, quote {incident}."
            )
            return problem_response(RequestProblem(500, title))

    return guarded


async def in_time(answer: Awaitable[T], seconds: float = LOOK_SECONDS) -> T:
    """What a look at a job comes to, unless that takes too long.

    Raises:
        StorageError: there was no answer in time.
    """
    try:
        return await asyncio.wait_for(answer, seconds)
    except TimeoutError as late:
        raise StorageError(f"no answer in {seconds:g} s") from late


def _storage_is_away() -> RequestProblem:
    return RequestProblem(
        503,
        "Storage does not answer at the moment. Nothing is lost; please try again shortly.",
        (FieldError("storage", "Blob Storage does not answer; try again in some seconds."),),
        retry_after=STORAGE_RETRY_SECONDS,
    )
