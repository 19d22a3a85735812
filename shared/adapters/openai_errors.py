"""What the errors of the `openai` SDK mean to us. No message repeats what the service said.

The service's own words may hold parts of the key or of the prompt.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import openai

from shared.domain.errors import (
    ModelBusy,
    ModelError,
    ModelRejected,
    ModelTimeout,
    PromptTooLong,
)

UNREACHABLE_SECONDS = 15.0
"""When to come again, where the service did not say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What a failed call means.

    `again_after` is None where the same call will fail again, else the seconds to wait, 0 where
    the service named none. `everyone` is True where other calls have to wait, too.
    """

    error: ModelError
    again_after: float | None = None
    everyone: bool = False


def judge(error: openai.OpenAIError, model: str) -> Fault:
    """What this error of a call to `model` means."""
    if isinstance(error, openai.APITimeoutError):
        return _judge_timeout(error)
    if isinstance(error, openai.APIConnectionError):
        return _unreachable("The model service cannot be reached.")
    if isinstance(error, openai.APIStatusError):
        return _judge_status(error, model)
    return Fault(
        ModelRejected(
            "The model service gave an answer that is not of the OpenAI protocol: "
            "check OPENAI_BASE_URL or AZURE_OPENAI_ENDPOINT."
        ),
        again_after=0.0,
    )


def is_filtered(error: openai.APIStatusError) -> bool:
    """Whether the service refuses this very prompt, as Azure's content filter does."""
    return error.status_code == 400 and _code(error) in {
        "content_filter",
        "content_policy_violation",
    }


def refused_parameter(error: openai.APIStatusError) -> str:
    """The parameter of the call that this model does not take, or empty."""
    if error.status_code != 400:
        return ""
    if _code(error) in {"unsupported_parameter", "unsupported_value"}:
        return error.param or ""
    return ""


def retry_after(error: openai.APIStatusError) -> float:
    """The seconds the service asked to wait, 0 where it did not."""
    headers = error.response.headers
    for name, share in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "")
        try:
            seconds = float(value) / share
        except ValueError:
            seconds = _until(value)
        if 0 < seconds < float("inf"):
            return seconds
    return 0.0


def _until(date: str) -> float:
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, TypeError):
        return 0.0


def _judge_timeout(error: openai.APITimeoutError) -> Fault:
    if type(error.__cause__).__name__ in {"ConnectTimeout", "PoolTimeout"}:
        return _unreachable("The model service cannot be reached.")
    return Fault(ModelTimeout("The model gave no answer in time (MODEL_TIMEOUT_SECONDS)."))


def _judge_status(error: openai.APIStatusError, model: str) -> Fault:
    status, code = error.status_code, _code(error)
    if _is_too_long(error):
        return Fault(PromptTooLong(f"A window does not fit into {model}."))
    if status == 429:
        return _judge_limit(error)
    if status in {408, 409} or status >= 500:
        return _unreachable(f"The model service is out of order (HTTP {status}).", error)
    remedies = {
        401: "does not accept the key: check OPENAI_API_KEY or AZURE_OPENAI_API_KEY",
        403: f"does not allow this key to use {model}: check its rights and the region",
        404: f"knows no model or deployment {model}: check MODEL and the endpoint",
    }
    said = f" ({code})" if code else ""
    remedy = remedies.get(
        status, f"does not take the call{said}: check that {model} supports JSON schemas"
    )
    return Fault(ModelRejected(f"The model service {remedy} (HTTP {status})."))


def _judge_limit(error: openai.APIStatusError) -> Fault:
    if "insufficient_quota" in {_code(error), error.type}:
        return Fault(
            ModelRejected(
                "The model account has no credit left: add credit or raise its limit, then retry."
            )
        )
    seconds = retry_after(error)
    busy = ModelBusy("The model service's rate limit is reached.", seconds or UNREACHABLE_SECONDS)
    return Fault(busy, again_after=seconds, everyone=True)


def _unreachable(message: str, error: openai.APIStatusError | None = None) -> Fault:
    seconds = retry_after(error) if error is not None else 0.0
    return Fault(ModelBusy(message, seconds or UNREACHABLE_SECONDS), again_after=seconds)


def _is_too_long(error: openai.APIStatusError) -> bool:
    """A prompt over the model's context, or over what the account may send in a minute."""
    said = error.message.lower()
    return (
        error.status_code == 413
        or _code(error) in {"context_length_exceeded", "string_above_max_length"}
        or (error.status_code == 400 and "maximum context length" in said)
        or (error.status_code == 429 and "request too large" in said)
    )


def _code(error: openai.APIStatusError) -> str:
    """The service's error code, if it looks like one: a word, not prose."""
    code = error.code or ""
    return code if code.replace("_", "").replace("-", "").isalnum() and len(code) <= 60 else ""
