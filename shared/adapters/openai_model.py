"""Language models that speak the OpenAI protocol: OpenAI, Azure OpenAI, compatible servers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from shared.adapters.model_limits import PATIENCE_SECONDS, CallLimiter
from shared.domain.answers import ANSWER_SCHEMA
from shared.domain.errors import ModelRejected
from shared.domain.models import cost, model_facts
from shared.domain.readings import Answer, Finish, Prompt, Usage

if TYPE_CHECKING:
    from openai import OpenAI
    from openai.types.chat import ChatCompletion

    from shared.adapters.openai_errors import Fault

CALLS = 4
"""Times one question is put before its caller is told to come again later."""

CONNECT_SECONDS = 10.0

_RESPONSE_FORMAT = {
    "type": "json_schema",
    "json_schema": {"name": "reading", "strict": True, "schema": ANSWER_SCHEMA},
}
_FINISHES = {"length": Finish.LENGTH, "content_filter": Finish.REFUSED}


class OpenAiModel:
    """A `LanguageModel` on chat completions with a strict JSON schema.

    The SDK's own retries are off: retries have one owner, and it is this class. Waits of up to
    20 s in all happen here, longer ones are handed back; where the service names no time, the
    first wait is `first_wait_seconds` and each one after it twice as long. Safe to share between
    threads.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str | None = None,
        azure_endpoint: str | None = None,
        api_version: str | None = None,
        calls_at_once: int = 16,
        timeout_seconds: float = 45,
        first_wait_seconds: float = 1,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url
        self._azure_endpoint = azure_endpoint
        self._api_version = api_version
        self._timeout_seconds = timeout_seconds
        self._first_wait_seconds = first_wait_seconds
        self._limiter = CallLimiter(calls_at_once)
        self._parameters = _Parameters()
        self._lock = Lock()

    def ask(self, prompt: Prompt) -> Answer:
        """One question, put up to four times; see `LanguageModel.ask`."""
        patience = PATIENCE_SECONDS
        for call in range(1, CALLS + 1):
            began = time.monotonic()
            with self._limiter.slot(patience):
                patience -= time.monotonic() - began
                result = self._call(prompt)
            if isinstance(result, Answer):
                return result
            patience -= self._put_off(result, call, patience)
        raise AssertionError("unreachable: the last fault is raised")

    def close(self) -> None:
        """Give up its connections."""
        with self._lock:
            client = self.__dict__.pop("_client", None)
        if client is not None:
            client.close()

    def _put_off(self, fault: Fault, call: int, patience: float) -> float:
        """Wait until the question may be put again, and say how long; raise where it may not."""
        if fault.again_after is None:
            raise fault.error
        wait = fault.again_after or self._first_wait_seconds * 2 ** (call - 1)
        if fault.everyone:
            self._limiter.pause(wait)
        if call == CALLS or wait > patience:
            raise fault.error
        if fault.everyone:
            return 0.0
        wait *= random.uniform(0.5, 1.0) if not fault.again_after else 1.0  # noqa: S311 - no secret
        time.sleep(wait)
        return wait

    def _call(self, prompt: Prompt) -> Answer | Fault:
        import openai

        from shared.adapters.openai_errors import is_filtered, judge, refused_parameter

        client = self._ready_client()
        try:
            return _answer(prompt, self._complete(client, prompt))
        except openai.APIStatusError as error:
            if is_filtered(error):
                return Answer("", prompt.model, Finish.REFUSED, Usage(calls=1))
            parameter = refused_parameter(error)
            if parameter and self._parameters.give_up(prompt.model, parameter):
                return self._call(prompt)
            return judge(error, prompt.model)
        except openai.OpenAIError as error:
            return judge(error, prompt.model)
        except (ValueError, AttributeError, TypeError, LookupError):
            # The SDK builds its objects unchecked: what is no completion shows only in use.
            return judge(openai.OpenAIError(), prompt.model)

    def _complete(self, client: OpenAI, prompt: Prompt) -> ChatCompletion:
        create: Callable[..., ChatCompletion] = client.chat.completions.create
        return create(
            model=prompt.model,
            messages=[
                {"role": message.role, "content": _sendable(message.text)}
                for message in prompt.messages
            ],
            response_format=_RESPONSE_FORMAT,
            **self._parameters.for_prompt(prompt),
        )

    def _ready_client(self) -> OpenAI:
        with self._lock:
            return self._client

    @cached_property
    def _client(self) -> OpenAI:
        import openai

        if not self._api_key:
            raise ModelRejected(
                "There is no key for the model: set OPENAI_API_KEY, or AZURE_OPENAI_API_KEY "
                "with AZURE_OPENAI_ENDPOINT."
            )
        timeout = openai.Timeout(self._timeout_seconds, connect=CONNECT_SECONDS)
        if self._azure_endpoint:
            return openai.AzureOpenAI(
                api_key=self._api_key,
                azure_endpoint=self._azure_endpoint,
                api_version=self._api_version,
                timeout=timeout,
                max_retries=0,
            )
        return openai.OpenAI(
            api_key=self._api_key, base_url=self._base_url, timeout=timeout, max_retries=0
        )


class _Parameters:
    """What a call says besides its messages, less what a model was found to refuse."""

    def __init__(self) -> None:
        self._refused: set[tuple[str, str]] = set()

    def for_prompt(self, prompt: Prompt) -> dict[str, Any]:
        """The parameters of a call; older servers know only `max_tokens`."""
        thinks = model_facts(prompt.model).thinks
        limit = "max_completion_tokens" if thinks else "max_tokens"
        if self._is_refused(prompt.model, limit):
            limit = "max_tokens" if thinks else "max_completion_tokens"
        parameters: dict[str, Any] = {limit: prompt.max_output_tokens}
        if not thinks and not self._is_refused(prompt.model, "temperature"):
            parameters["temperature"] = 0
        return parameters

    def give_up(self, model: str, parameter: str) -> bool:
        """Say it otherwise from now on; False where that was tried already, or cannot be."""
        known = parameter in {"max_tokens", "max_completion_tokens", "temperature"}
        if not known or self._is_refused(model, parameter):
            return False
        self._refused.add((model, parameter))
        return True

    def _is_refused(self, model: str, parameter: str) -> bool:
        return (model, parameter) in self._refused


def _answer(prompt: Prompt, completion: ChatCompletion) -> Answer:
    choice = completion.choices[0]
    model = completion.model or prompt.model
    finish = _FINISHES.get(choice.finish_reason, Finish.STOP)
    if choice.message.refusal:
        finish = Finish.REFUSED
    usage = _usage(completion)
    priced = model if model_facts(model).known else prompt.model
    paid = Usage(usage.input, usage.cached, usage.output, cost(priced, usage), calls=1)
    return Answer(choice.message.content or "", model, finish, paid)


def _usage(completion: ChatCompletion) -> Usage:
    usage = completion.usage
    if usage is None:
        return Usage(calls=1)
    details = usage.prompt_tokens_details
    cached = details.cached_tokens or 0 if details else 0
    return Usage(usage.prompt_tokens, cached, usage.completion_tokens, calls=1)


def _sendable(text: str) -> str:
    """Text without lone surrogates, which broken fonts leave and UTF-8 cannot carry."""
    return text.encode("utf-8", "replace").decode("utf-8")
