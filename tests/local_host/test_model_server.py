"""The model stand-in speaks the OpenAI protocol to the genuine SDK, well and badly, as told."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import openai
import pytest
from openai import AsyncOpenAI, AzureOpenAI, OpenAI
from openai.types.chat import ChatCompletion, ChatCompletionMessageParam
from openai.types.shared_params import ResponseFormatJSONSchema

QUOTE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["first", "last", "starts", "ends", "strength", "why"],
    "properties": {
        "first": {"type": "integer"},
        "last": {"type": "integer"},
        "starts": {"type": "string"},
        "ends": {"type": "string"},
        "strength": {"type": "string", "enum": ["explicit", "implicit", "mention"]},
        "why": {"type": "string"},
    },
}
ENTRY: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["variable", "quotes", "answer"],
    "properties": {
        "variable": {"type": "integer"},
        "quotes": {"type": "array", "items": QUOTE},
        "answer": {"type": "string"},
    },
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["entries"],
    "properties": {"entries": {"type": "array", "items": ENTRY}},
}
LINES = (
    "230|3 Energy",
    "231|Canada will reach net-zero emissions, as the Act requires, no later than 2050.",
    "232|Cattle are kept in the northern provinces.",
    "233|Every household will have access to affordable and reliable modern energy by 2030.",
)


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    """A server of this module's own, ended by SIGTERM, which it must obey."""
    command = [sys.executable, "-m", "local_host.model_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = process.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), ready
        yield ready.removeprefix("ready ").strip()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


@pytest.fixture
def server(base: str) -> str:
    """The server, its counters and settings as at the start."""
    control(base, reset=True)
    return base


@pytest.fixture
def client(server: str) -> Iterator[OpenAI]:
    """The genuine SDK, its own retries off."""
    with OpenAI(api_key="any", base_url=f"{server}/v1", max_retries=0, timeout=10) as client:
        yield client


def control(base: str, **settings: Any) -> dict[str, Any]:
    """Change the server's settings and return them."""
    request = Request(f"{base}/_control", json.dumps(settings).encode(), method="POST")
    with urlopen(request, timeout=10) as answer:
        return dict(json.load(answer))


def stats(base: str) -> dict[str, Any]:
    """The server's counters."""
    with urlopen(f"{base}/_control/stats", timeout=10) as answer:
        return dict(json.load(answer))


def response_format(schema: dict[str, Any] = SCHEMA) -> ResponseFormatJSONSchema:
    """A strict schema as the SDK passes it."""
    return {
        "type": "json_schema",
        "json_schema": {"name": "entries", "strict": True, "schema": schema},
    }


def messages(
    *, justify: bool = False, task: str = "quotes", lines: tuple[str, ...] = LINES, ask: str = ""
) -> list[ChatCompletionMessageParam]:
    """A prompt in our form: rules, window, and what is asked."""
    names = {3: "SDG 7: affordable and reliable energy", 5: "Net-zero target", 9: "Coal phase-out"}
    variables = [
        {"variable": n, "name": name, "question": f"Extract any quote that addresses “{name}”."}
        for n, name in names.items()
    ]
    request = json.dumps({"variables": variables, "justify": justify, "task": task})
    return [
        {"role": "system", "content": "Answer with numbers."},
        {"role": "user", "content": "\n".join(("A plan", *lines))},
        {"role": "user", "content": f"What addresses {{these}}?{ask}\n{request}"},
    ]


def ask(client: OpenAI, prompt: list[ChatCompletionMessageParam] | None = None) -> ChatCompletion:
    """One call as the app makes it."""
    return client.chat.completions.create(
        model="gpt-4.1", messages=prompt or messages(), response_format=response_format()
    )


def entries(completion: ChatCompletion) -> list[dict[str, Any]]:
    """The entries of an answer."""
    content = completion.choices[0].message.content
    assert content is not None
    return list(json.loads(content)["entries"])


def test_each_variable_gets_its_units(client: OpenAI) -> None:
    """One entry per variable, in order: found, found, and nothing where nothing is said."""
    found = [
        (entry["variable"], [(quote["first"], quote["last"]) for quote in entry["quotes"]])
        for entry in entries(ask(client))
    ]
    assert found == [(3, [(233, 233)]), (5, [(231, 231)]), (9, [])]


def test_it_says_that_it_is_no_language_model(client: OpenAI) -> None:
    """In the model's name, its fingerprint, each justification and each free answer."""
    completion = ask(client, messages(justify=True, task="summaries"))
    assert completion.model == "stand-in-keyword-ranking"
    assert completion.system_fingerprint == "stand-in"
    entry = entries(completion)[0]
    assert entry["quotes"][0]["why"].startswith("Stand-in, no language model: ")
    assert entry["answer"].startswith("Stand-in, no language model: ")
    assert "[233]" in entry["answer"]
    assert [model.id for model in client.models.list()] == ["stand-in-keyword-ranking"]


def test_check_words_stand_in_their_units(client: OpenAI) -> None:
    """`starts` and `ends` are copied from the units they name, and no reason is given unasked."""
    texts = {int(number): text for number, text in (line.split("|") for line in LINES)}
    quotes = [quote for entry in entries(ask(client)) for quote in entry["quotes"]]
    assert quotes
    for quote in quotes:
        assert quote["starts"] in texts[quote["first"]]
        assert quote["ends"] in texts[quote["last"]]
        assert quote["why"] == ""


def test_an_answer_has_the_shape_of_any_schema(client: OpenAI) -> None:
    """What a richer schema requires is there and empty, never invented."""
    labelled = json.loads(json.dumps(SCHEMA))
    entry = labelled["properties"]["entries"]["items"]
    entry["properties"]["labels"] = {"type": "array", "items": {"type": "string"}}
    entry["properties"]["year"] = {"type": ["integer", "null"]}
    entry["required"] += ["labels", "year"]
    completion = client.chat.completions.create(
        model="gpt-4.1", messages=messages(), response_format=response_format(labelled)
    )
    assert [(one["labels"], one["year"]) for one in entries(completion)] == [([], None)] * 3


def test_a_schema_that_is_not_strict_is_refused(client: OpenAI) -> None:
    """As by OpenAI: 400 naming the place."""
    loose = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    with pytest.raises(openai.BadRequestError, match="additionalProperties"):
        client.chat.completions.create(
            model="m", messages=messages(), response_format=response_format(loose)
        )


def test_no_key_is_refused(server: str) -> None:
    """401 in OpenAI's shape."""
    request = Request(f"{server}/v1/chat/completions", b"{}", method="POST")
    with pytest.raises(OSError, match="401"):
        urlopen(request, timeout=10)


def test_azure_path_answers_too(server: str) -> None:
    """The SDK's Azure client, with api-key and api-version, gets the same answer."""
    with AzureOpenAI(
        api_key="any", azure_endpoint=server, api_version="2024-10-21", max_retries=0
    ) as client:
        assert len(entries(ask(client))) == 3


def test_repeated_prefixes_are_cached_tokens(client: OpenAI) -> None:
    """A window read before costs less: whole messages over 1,024 tokens, in steps of 128."""
    lines = tuple(f"{number}|Cattle are kept in the northern provinces." for number in range(200))
    cold = ask(client, messages(lines=lines)).usage
    warm = ask(client, messages(lines=lines, ask=" Another question.")).usage
    assert cold is not None
    assert cold.prompt_tokens_details is not None
    assert cold.prompt_tokens_details.cached_tokens == 0
    assert warm is not None
    assert warm.prompt_tokens_details is not None
    cached = warm.prompt_tokens_details.cached_tokens or 0
    assert cached % 128 == 0
    assert 1024 <= cached < warm.prompt_tokens


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("429", openai.RateLimitError),
        ("500", openai.InternalServerError),
        ("503", openai.InternalServerError),
        ("disconnect", openai.APIConnectionError),
        ("timeout", openai.APITimeoutError),
    ],
)
def test_failing_calls_raise_what_the_real_service_makes_the_sdk_raise(
    server: str, client: OpenAI, fault: str, error: type[Exception]
) -> None:
    """Each fault by its share of calls, here all of them; none counts as answered."""
    control(server, faults={fault: 1.0})
    with pytest.raises(error):
        ask(client.with_options(timeout=0.5))
    assert stats(server)["answered"] == 0


def test_a_rate_limit_says_when_to_come_back(server: str, client: OpenAI) -> None:
    """The third call of two a minute gets 429 with Retry-After."""
    control(server, rate={"requests_per_minute": 2, "retry_after": 7})
    ask(client)
    ask(client)
    with pytest.raises(openai.RateLimitError) as error:
        ask(client)
    assert error.value.response.headers["retry-after"] == "7"
    assert error.value.code == "rate_limit_exceeded"


@pytest.mark.parametrize("fault", ["malformed", "half_json", "prose", "length"])
def test_spoiled_text_is_no_json(server: str, client: OpenAI, fault: str) -> None:
    """The answer arrives, is paid for, and cannot be read."""
    control(server, faults={fault: 1.0})
    choice = ask(client).choices[0]
    assert choice.finish_reason == ("length" if fault == "length" else "stop")
    with pytest.raises(json.JSONDecodeError):
        json.loads(choice.message.content or "")
    assert stats(server)["answered"] == 1


def test_a_refusal_has_no_content(server: str, client: OpenAI) -> None:
    """As by OpenAI: content null, refusal a text."""
    control(server, faults={"refusal": 1.0})
    message = ask(client).choices[0].message
    assert message.content is None
    assert message.refusal


def test_wrong_entries_are_wrong_as_named(server: str, client: OpenAI) -> None:
    """A variable missing, numbers outside the window, numbers one off with the right words."""
    control(server, faults={"missing_variable": 1.0})
    assert [entry["variable"] for entry in entries(ask(client))] == [3, 5]
    control(server, faults={"out_of_range": 1.0})
    assert all(quote["first"] > 233 for entry in entries(ask(client)) for quote in entry["quotes"])
    control(server, faults={"shifted": 1.0})
    quote = entries(ask(client))[1]["quotes"][0]
    assert quote["first"] == 232
    assert quote["ends"] in LINES[1]


def test_faults_come_by_request_not_by_order(server: str, client: OpenAI) -> None:
    """A share of faults falls on the same requests whatever else is asked in between."""

    def outcomes(order: list[int]) -> dict[int, bool]:
        control(server, reset=True, faults={"500": 0.5}, seed=4)
        result = {}
        for number in order:
            try:
                ask(client, messages(ask=f" {number}"))
                result[number] = True
            except openai.InternalServerError:
                result[number] = False
        return result

    first = outcomes(list(range(16)))
    assert first == outcomes(list(reversed(range(16))))
    assert set(first.values()) == {True, False}


def test_a_server_that_is_down_comes_back(server: str, client: OpenAI) -> None:
    """`down` cuts every call; the control stays reachable."""
    control(server, down=True)
    with pytest.raises(openai.APIConnectionError):
        ask(client)
    control(server, down=False)
    assert len(entries(ask(client))) == 3


def test_an_unknown_setting_is_named(server: str) -> None:
    """A typing error in a test does not pass for a fault that never came."""
    request = Request(f"{server}/_control", b'{"faults": {"timeuot": 1}}', method="POST")
    with pytest.raises(OSError, match="400"):
        urlopen(request, timeout=10)


def test_answers_are_counted_by_request(server: str, client: OpenAI) -> None:
    """The same request twice is one key counted twice: that is how paying twice shows."""
    ask(client)
    ask(client)
    ask(client, messages(ask=" else"))
    counted = stats(server)
    assert sorted(counted["by_request"].values()) == [1, 2]
    assert counted["calls"] == counted["answered"] == len(counted["last_calls"]) == 3
    assert counted["tokens"]["input"] > 0
    assert counted["last_calls"][0]["variables"] == 3


def test_an_answer_nobody_waits_for_is_counted_apart(server: str, client: OpenAI) -> None:
    """A caller that gave up still pays: answered, but not delivered."""
    control(server, latency=0.4)
    with pytest.raises(openai.APITimeoutError):
        ask(client.with_options(timeout=0.1))
    deadline = time.monotonic() + 10
    while stats(server)["in_flight"] and time.monotonic() < deadline:
        time.sleep(0.05)
    counted = stats(server)
    assert (counted["answered"], counted["answered_but_not_delivered"]) == (1, 1)


def test_two_hundred_calls_wait_together(server: str) -> None:
    """All are in flight at once, and all are answered."""
    control(server, latency=1.0)

    async def ask_all() -> int:
        async with AsyncOpenAI(api_key="any", base_url=f"{server}/v1", max_retries=0) as client:
            calls = [
                client.chat.completions.create(
                    model="m",
                    messages=messages(ask=f" {number}"),
                    response_format=response_format(),
                )
                for number in range(200)
            ]
            return len(await asyncio.gather(*calls))

    assert asyncio.run(ask_all()) == 200
    assert stats(server)["max_in_flight"] > 100
