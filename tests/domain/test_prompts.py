"""Prompts put the constant first and the question last; answers are taken only as given."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.answers import ANSWER_SCHEMA, parse_answer
from shared.domain.checks import check_answer
from shared.domain.job import Task, Variable
from shared.domain.prompts import RULES, build_prompt, fill_query
from shared.domain.readings import Finish
from shared.domain.windows import cut_windows
from tests.reading_samples import as_answer, make_answer, make_job, make_sentences, point

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 50) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["entries", "variable", "quotes", "first", "last", "starts", "ends", "answer"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def test_prompt_ends_with_one_json_object() -> None:
    """System rules, then the window, then the question, whose last line is JSON."""
    job = make_job(2, query="About {variable_name}: {variable_description}")
    window = cut_windows(make_sentences(3))[0]
    prompt = build_prompt(job, window, job.variables, complaint="it was prose")
    roles = [message.role for message in prompt.messages]
    assert roles == ["system", "user", "user"]
    assert prompt.messages[0].text == RULES
    assert prompt.messages[1].text == window.text
    assert "it was prose" in prompt.messages[2].text
    asked = json.loads(prompt.messages[2].text.splitlines()[-1])
    assert asked["justify"] is True
    assert asked["task"] == "quotes"
    assert asked["variables"][1] == {
        "variable": 2,
        "name": "Topic 2",
        "question": "About Topic 2: all about topic 2",
        "context": "",
    }


def test_group_is_never_sent() -> None:
    """The group is layout: the model does not see it."""
    job = make_job()
    grouped = tuple(replace(v, group="SECRETGROUP", labels={"L": ["x"]}) for v in job.variables)
    window = cut_windows(make_sentences(3))[0]
    assert build_prompt(job, window, grouped) == build_prompt(job, window, job.variables)


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("{variable_name}/{variable_description}/{context}", "{context}/D {x}/C"),
        ("{unknown} {} { {{variable_name}} }", "{unknown} {} { {{context}} }"),
        ("no brace", "no brace"),
    ],
)
def test_query_is_filled_once(query: str, filled: str) -> None:
    """Known placeholders are replaced once; every other brace is ordinary text."""
    assert fill_query(query, Variable("v1", "{context}", "D {x}", "C")) == filled


def test_schema_is_strict_all_through() -> None:
    """Strict output wants every property required and no others allowed."""

    def check(schema: dict[str, Any]) -> None:
        if schema["type"] == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
            for part in schema["properties"].values():
                check(part)
        elif schema["type"] == "array":
            check(schema["items"])

    check(ANSWER_SCHEMA)


@given(JSON | st.text(max_size=40), st.sampled_from(Finish))
def test_random_answers_never_fail_nor_pass(value: object, finish: Finish) -> None:
    """Whatever comes back, only complete entries for variables asked are taken."""
    text = value if isinstance(value, str) else json.dumps(value)
    parsed = parse_answer(as_answer(text, finish), (1, 2))
    assert set(parsed.entries) <= {1, 2}
    assert bool(parsed.complaint) == (set(parsed.entries) != {1, 2})
    if finish is not Finish.STOP:
        assert not parsed.entries
    window = cut_windows(make_sentences(5))[0]
    check_answer(as_answer(text, finish), window, (1, 2))


def test_a_deep_answer_is_no_answer() -> None:
    """Brackets a hundred thousand deep are refused, not a crash."""
    assert not parse_answer(as_answer("[" * 100_000), (1,)).entries


def test_right_entries_are_kept_beside_wrong_ones() -> None:
    """A missing, a doubled and a malformed entry cost only their own variable."""
    good = json.loads(make_answer({n: [] for n in (1, 2, 3, 9)}).text)["entries"]
    bad = {"variable": 4, "quotes": [{"first": "1"}], "answer": ""}
    text = json.dumps({"entries": [*good, good[1], bad]})
    parsed = parse_answer(as_answer(text), (1, 2, 3, 4, 5))
    assert set(parsed.entries) == {1, 3}
    assert "2, 4, 5" in parsed.complaint, "the model is not told which variables it missed"


def test_numbers_out_of_range_are_complained_of() -> None:
    """An entry that points outside the window is not right, and the model is told."""
    window = cut_windows(make_sentences(5))[0]
    checked = check_answer(make_answer({1: [point(400, 400, "a", "b")]}), window, (1,))
    assert not checked.entries[1].right
    assert not checked.entries[1].passages
    assert "400-400" in checked.complaint


def test_summaries_say_their_language() -> None:
    """The language of the answers is asked for where answers are."""
    job = make_job(task=Task.SUMMARIES)
    job = replace(job, output=replace(job.output, language="fr"))
    prompt = build_prompt(job, cut_windows(make_sentences(3))[0], job.variables)
    assert "fr" in prompt.messages[2].text.splitlines()[1]
