"""The adapter speaks to real servers: every failure of the protocol gets its own name."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from email.message import Message as HttpHeaders
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.request import Request, urlopen

import pytest

from shared.adapters.model_limits import CallLimiter
from shared.adapters.openai_model import OpenAiModel
from shared.domain.answers import ANSWER_SCHEMA
from shared.domain.errors import (
    ModelBusy,
    ModelError,
    ModelRejected,
    ModelTimeout,
    PromptTooLong,
)
from shared.domain.findings import FindingState, fold_findings
from shared.domain.models import cost, is_stand_in, model_facts
from shared.domain.plan import Owed, plan_readings
from shared.domain.prompts import build_prompt
from shared.domain.readings import Finish, Message, Prompt, Usage
from shared.domain.units import DocumentText
from shared.domain.windows import cut_windows
from tests.conftest import Server
from tests.reading_samples import make_job, make_text, make_unit, read_all

KEY = "sk-a-secret-key"
SECRET = "What the document says"
PROMPT = Prompt("gpt-4.1", (Message("system", "Rules"), Message("user", SECRET)), 2_000)


_connected: list[OpenAiModel] = []


def connect(**options: Any) -> OpenAiModel:
    """The adapter with short waits of its own; closed at the end of the test."""
    model = OpenAiModel(**{"api_key": KEY, "first_wait_seconds": 0.01, **options})
    _connected.append(model)
    return model


@pytest.fixture(autouse=True)
def close_connections() -> Iterator[None]:
    """Leave no connection open."""
    yield
    while _connected:
        _connected.pop().close()


@dataclass
class Script:
    """A server that gives these (status, headers, body) in turn, the last one for ever."""

    url: str = ""
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)

    def model(self) -> OpenAiModel:
        """The adapter, set to this server."""
        return connect(base_url=f"{self.url}/v1")


def _lower(headers: HttpHeaders) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture
def script() -> Iterator[Script]:
    """A scripted server of the test's own."""
    plot = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        plot: ClassVar[Script]

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            plot.requests.append({"path": self.path, "headers": _lower(self.headers), **body})
            turn = min(len(plot.requests), len(plot.answers)) - 1
            status, headers, answer = plot.answers[turn]
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        plot.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield plot
        server.shutdown()
        thread.join()


def completion(text: str | None = "{}", finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion as OpenAI gives it."""
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-4.1-2025-04-14",
        "choices": [
            {
                "index": 0,
                "finish_reason": finish,
                "message": {"role": "assistant", "content": text, **message},
            }
        ],
        "usage": {
            "prompt_tokens": 1_000_000,
            "completion_tokens": 100_000,
            "total_tokens": 1_100_000,
            "prompt_tokens_details": {"cached_tokens": 400_000},
        },
    }


def refuse(
    status: int, code: str | None = None, *, headers: dict[str, str] | None = None, **error: Any
) -> tuple[int, dict[str, str], Any]:
    """An error as OpenAI gives it; its words are not to be repeated."""
    body = {"message": f"About {KEY} and {SECRET}", "type": "an_error", "code": code, **error}
    return status, headers or {}, {"error": body}


def fine() -> tuple[int, dict[str, str], Any]:
    """A good answer."""
    return 200, {}, completion()


def test_a_call_and_its_answer(script: Script) -> None:
    """The call is strict, cold and limited; the answer is told with its tokens and its price."""
    script.answers = [(200, {}, completion('{"entries": []}'))]
    answer = script.model().ask(PROMPT)
    (sent,) = script.requests
    assert sent["model"] == "gpt-4.1"
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert sent["response_format"]["json_schema"]["strict"] is True
    assert sent["response_format"]["json_schema"]["schema"] == ANSWER_SCHEMA
    assert (sent["temperature"], sent["max_tokens"]) == (0, 2_000)
    assert sent["headers"]["authorization"] == f"Bearer {KEY}"
    assert (answer.text, answer.finish) == ('{"entries": []}', Finish.STOP)
    assert answer.model == "gpt-4.1-2025-04-14"
    assert answer.usage == Usage(1_000_000, 400_000, 100_000, 2.2, 1)


@pytest.mark.parametrize(
    ("said", "finish"),
    [
        (completion("{", "length"), Finish.LENGTH),
        (completion(None, refusal="I cannot"), Finish.REFUSED),
        (completion("", "content_filter"), Finish.REFUSED),
        (completion(None), Finish.STOP),
    ],
)
def test_why_the_model_stopped(script: Script, said: dict[str, Any], finish: Finish) -> None:
    """A cut, a refusal and a filter are told apart, and all are paid."""
    script.answers = [(200, {}, said)]
    answer = script.model().ask(PROMPT)
    assert answer.finish is finish
    assert answer.usage.calls == 1


def test_a_filtered_prompt_is_a_refusal(script: Script) -> None:
    """Azure refuses a prompt with an error: one window's fate, not the document's."""
    script.answers = [refuse(400, "content_filter")]
    assert script.model().ask(PROMPT).finish is Finish.REFUSED


FINAL = [
    (refuse(401, "invalid_api_key"), ModelRejected, "OPENAI_API_KEY"),
    (refuse(403), ModelRejected, "gpt-4.1"),
    (refuse(404, "model_not_found"), ModelRejected, "MODEL"),
    (refuse(400, "invalid_request_error"), ModelRejected, "invalid_request_error"),
    (refuse(429, "insufficient_quota"), ModelRejected, "credit"),
    (refuse(429, type="insufficient_quota"), ModelRejected, "credit"),
    (refuse(400, "context_length_exceeded"), PromptTooLong, "gpt-4.1"),
    (refuse(413), PromptTooLong, "gpt-4.1"),
    (refuse(429, message="Request too large for gpt-4.1"), PromptTooLong, "gpt-4.1"),
    (refuse(429, headers={"Retry-After": "90"}), ModelBusy, "rate limit"),
    (refuse(503, headers={"Retry-After": "90"}), ModelBusy, "503"),
]


@pytest.mark.parametrize(("said", "kind", "remedy"), FINAL)
def test_errors_that_are_not_retried(
    script: Script, said: tuple[int, dict[str, str], Any], kind: type[ModelError], remedy: str
) -> None:
    """Each gets its name and its remedy at once, and no message holds key or text."""
    script.answers = [said]
    with pytest.raises(kind) as raised:
        script.model().ask(PROMPT)
    assert type(raised.value) is kind
    assert len(script.requests) == 1, "a hopeless call was repeated"
    assert remedy in str(raised.value)
    assert KEY not in str(raised.value)
    assert SECRET not in str(raised.value)
    if isinstance(raised.value, ModelBusy):
        assert raised.value.retry_after == 90


@pytest.mark.parametrize(
    "said",
    [
        refuse(429, headers={"Retry-After": "0.1"}),
        refuse(429, headers={"retry-after-ms": "50"}),
        refuse(500, headers={"Retry-After": "0.1"}),
        refuse(503, headers={"Retry-After": "0.1"}),
        refuse(409, headers={"Retry-After": "0.1"}),
    ],
)
def test_short_waits_are_sat_out(script: Script, said: tuple[int, dict[str, str], Any]) -> None:
    """A service that stumbles is asked again within the call."""
    script.answers = [said, said, fine()]
    assert script.model().ask(PROMPT).finish is Finish.STOP
    assert len(script.requests) == 3


def test_attempts_are_bounded(script: Script) -> None:
    """A service that keeps stumbling is left alone after four calls."""
    script.answers = [refuse(500, headers={"Retry-After": "0.01"})]
    with pytest.raises(ModelBusy):
        script.model().ask(PROMPT)
    assert len(script.requests) == 4


def test_a_wait_until_a_date(script: Script) -> None:
    """Retry-After may be a date."""
    date = formatdate(time.time() + 100, usegmt=True)
    script.answers = [refuse(429, headers={"Retry-After": date})]
    with pytest.raises(ModelBusy) as raised:
        script.model().ask(PROMPT)
    assert 90 < raised.value.retry_after < 101


def test_one_refusal_makes_all_wait(script: Script) -> None:
    """Once one call was told to wait for long, no other goes out."""
    script.answers = [refuse(429, headers={"Retry-After": "90"}), fine()]
    model = script.model()
    for _ in range(3):
        with pytest.raises(ModelBusy) as raised:
            model.ask(PROMPT)
        assert 80 < raised.value.retry_after <= 90
    assert len(script.requests) == 1, "a call went out while the service asked to wait"


@pytest.mark.parametrize("body", [b"<html>Welcome</html>", b"{", b"[]", b'{"choices": []}', b"{}"])
def test_what_is_no_completion_is_named(script: Script, body: bytes) -> None:
    """A proxy's page, or anything else that is not of the protocol, is no answer and no crash."""
    script.answers = [(200, {"Retry-After": "0"}, body), fine()]
    assert script.model().ask(PROMPT).finish is Finish.STOP
    assert len(script.requests) == 2


def test_parameters_a_model_refuses_are_left_out(script: Script) -> None:
    """A model that takes no temperature and another limit is asked as it wants, from then on."""
    script.answers = [
        refuse(400, "unsupported_parameter", param="max_tokens"),
        refuse(400, "unsupported_value", param="temperature"),
        fine(),
    ]
    model = script.model()
    model.ask(PROMPT)
    model.ask(PROMPT)
    assert len(script.requests) == 4
    for sent in script.requests[2:]:
        assert "temperature" not in sent
        assert "max_tokens" not in sent
        assert sent["max_completion_tokens"] == 2_000


def test_a_refused_parameter_that_cannot_be_left_out(script: Script) -> None:
    """A model without JSON schemas is no model for us."""
    script.answers = [refuse(400, "unsupported_parameter", param="response_format")]
    with pytest.raises(ModelRejected, match="JSON schemas"):
        script.model().ask(PROMPT)


def test_no_key_no_call(script: Script) -> None:
    """Without a key nothing is sent, and the setting is named."""
    with pytest.raises(ModelRejected, match="OPENAI_API_KEY"):
        connect(api_key="", base_url=script.url).ask(PROMPT)
    assert not script.requests


def test_azure_is_asked_by_deployment(script: Script) -> None:
    """Azure OpenAI gets its path, its version and its header."""
    script.answers = [fine()]
    model = connect(azure_endpoint=script.url, api_version="2024-10-21")
    model.ask(PROMPT)
    (sent,) = script.requests
    path = "/openai/deployments/gpt-4.1/chat/completions?api-version=2024-10-21"
    assert sent["path"] == path
    assert sent["headers"]["api-key"] == KEY


def test_text_that_utf8_cannot_carry(script: Script) -> None:
    """Half a surrogate pair from a broken font does not stop a document."""
    script.answers = [fine()]
    script.model().ask(Prompt("gpt-4.1", (Message("user", "a\ud800b"),), 100))
    assert script.requests[0]["messages"][0]["content"] == "a?b"


def test_nobody_there() -> None:
    """A service that cannot be reached is busy, and when to come again is said."""
    with pytest.raises(ModelBusy, match="reached") as raised:
        connect(base_url="http://127.0.0.1:9/v1").ask(PROMPT)
    assert raised.value.retry_after > 0


def test_limiter_holds_calls_at_once() -> None:
    """Never more calls than allowed, and who finds no slot in time is told to come again."""
    limiter = CallLimiter(2, patience_seconds=5)
    running, most, lock = 0, 0, threading.Lock()

    def call(_: int) -> None:
        nonlocal running, most
        with limiter.slot():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.01)
            with lock:
                running -= 1

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(20)))
    assert most == 2
    with (
        limiter.slot(),
        limiter.slot(),
        pytest.raises(ModelBusy, match="MODEL_CALLS_AT_ONCE"),
        limiter.slot(0.01),
    ):
        pytest.fail("a third slot was given")


def test_limiter_sits_out_short_pauses() -> None:
    """A short pause is waited for; a longer one than there is patience is handed back."""
    limiter = CallLimiter(1)
    limiter.pause(0.05)
    began = time.monotonic()
    with limiter.slot():
        assert time.monotonic() - began >= 0.05
    limiter.pause(30)
    with pytest.raises(ModelBusy) as raised, limiter.slot():
        pytest.fail("a slot was given in a pause")
    assert 29 < raised.value.retry_after <= 30


def test_prices() -> None:
    """Dated releases cost what their model costs; stand-ins nothing; the unknown is said to be."""
    usage = Usage(1_000_000, 0, 1_000_000)
    assert cost("gpt-4.1-mini-2025-04-14", usage) == pytest.approx(2.0)
    assert cost("openai/gpt-4o", usage) == pytest.approx(12.5)
    assert cost("stand-in-keyword-ranking", usage) == 0
    assert is_stand_in("stand-in-keyword-ranking")
    assert not model_facts("gpt-99-large").known
    assert model_facts("gpt-5-mini").thinks


# Against the model stand-in


def control(server: Server, **settings: object) -> dict[str, Any]:
    """Tell the stand-in how to behave; its counters start anew."""
    body = json.dumps({"reset": True, **settings}).encode()
    request = Request(f"{server.url}/_control", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


@pytest.fixture
def stand_in(model_server: Server) -> Iterator[Server]:
    """The stand-in, left as it was."""
    control(model_server)
    yield model_server
    control(model_server)


def energy_plan() -> tuple[DocumentText, tuple[Owed, ...]]:
    """A plan with two sentences about energy, and the readings it owes."""
    texts = [f"Cattle number {n} graze in province {n}." for n in range(1, 40)]
    texts[7] = "Every household will have affordable and reliable modern energy by 2030."
    texts[30] = "Topic 2 is dealt with in full, all about topic 2, by the ministry."
    text = make_text([make_unit(n, t, paragraph=n) for n, t in enumerate(texts, 1)])
    return text, plan_readings(make_job(2), cut_windows(text))


def test_reading_with_the_stand_in(stand_in: Server) -> None:
    """Prompt, call, answer, checks and findings fit together; the stand-in says what it is."""
    job = make_job(2)
    text, owed = energy_plan()
    model = connect(base_url=f"{stand_in.url}/v1")
    known = read_all(job, owed, lambda ask, _: model.ask(ask.prompt))
    assert len(known) == len(owed) == 1
    findings = fold_findings(job, job.documents[0], text, owed, known, cancelled=False, error=None)
    assert is_stand_in(findings.model)
    assert findings.usage.cost == 0
    assert findings.usage.input > 0
    second = findings.findings[1]
    assert second.state is FindingState.FOUND
    assert any("Topic 2" in quote.text for quote in second.quotes)
    assert (second.quotes[0].justification or "").startswith("Stand-in")


@pytest.mark.parametrize(
    "fault",
    ["malformed", "half_json", "prose", "refusal", "length", "missing_variable", "out_of_range"],
)
def test_spoilt_answers_never_become_absence(stand_in: Server, fault: str) -> None:
    """Under a fault of every answer, cells that found nothing say they failed, or were partly."""
    control(stand_in, faults={fault: 1.0})
    job = make_job(2)
    text, owed = energy_plan()
    model = connect(base_url=f"{stand_in.url}/v1")
    known = read_all(job, owed, lambda ask, _: model.ask(ask.prompt))
    cells = fold_findings(
        job, job.documents[0], text, owed, known, cancelled=False, error=None
    ).findings
    assert FindingState.NOT_FOUND not in {cell.state for cell in cells}


def test_shifted_answers_are_put_right(stand_in: Server) -> None:
    """Numbers off by one are noticed by their check words."""
    control(stand_in, faults={"shifted": 1.0})
    job = make_job(2)
    text, owed = energy_plan()
    model = connect(base_url=f"{stand_in.url}/v1")
    known = read_all(job, owed, lambda ask, _: model.ask(ask.prompt))
    cells = fold_findings(
        job, job.documents[0], text, owed, known, cancelled=False, error=None
    ).findings
    assert any("Topic 2" in quote.text for quote in cells[1].quotes)
    assert all("renumbered" in quote.checks for cell in cells for quote in cell.quotes)


def test_no_answer_in_time(stand_in: Server) -> None:
    """A model that never answers is a timeout, at once."""
    control(stand_in, faults={"timeout": 1.0})
    job = make_job(1)
    prompt = build_prompt(job, energy_plan()[1][0].window, job.variables)
    with pytest.raises(ModelTimeout, match="MODEL_TIMEOUT_SECONDS"):
        connect(base_url=f"{stand_in.url}/v1", timeout_seconds=0.3).ask(prompt)


def test_dropped_connections_are_busy(stand_in: Server) -> None:
    """A service that hangs up is asked again, then called busy."""
    control(stand_in, down=True)
    with pytest.raises(ModelBusy):
        connect(base_url=f"{stand_in.url}/v1").ask(PROMPT)
