"""Readings are planned whole, asked once each, and followed to an end whatever is answered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.job import Job, Variable
from shared.domain.plan import Owed, plan_readings, split
from shared.domain.prompts import variable_number
from shared.domain.readings import Answer, Finish, Reading, Usage
from shared.domain.steps import (
    Ask,
    Done,
    GiveUp,
    Split,
    cells,
    count,
    next_step,
)
from shared.domain.windows import Window, cut_windows
from tests.reading_samples import (
    answer_with,
    as_answer,
    keep,
    make_answer,
    make_job,
    make_sentences,
    make_text,
    make_unit,
    point,
    point_at,
    read_all,
)

NEVER_CAME = Answer("", "m", Finish.LENGTH, Usage())
REFUSED = as_answer("", Finish.REFUSED)
CUT_OFF = as_answer('{"entries": [', Finish.LENGTH)
PROSE = as_answer("Certainly!")


def plan(variables: int = 3, units: int = 40, window: int = 16_000) -> tuple[Job, tuple[Owed, ...]]:
    """A job and the readings its document owes."""
    job = make_job(variables)
    return job, plan_readings(job, cut_windows(make_sentences(units), window))


def find_first(number: int, owed: Owed) -> Sequence[dict[str, object]]:
    """Every variable is addressed by the first unit of each window."""
    del number
    return [point_at(owed.window.units[0])]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(1, 9))
def test_plan_asks_everything_once(groups: list[str], windows: int) -> None:
    """Each variable is owed once for each window, in few batches, one of them ahead."""
    variables = tuple(Variable(f"v{n}", "N", "D", group=g) for n, g in enumerate(groups, 1))
    job = make_job(variables=0)
    job = replace(job, variables=variables)
    parts = [
        Window(n, "", (), make_sentences(20 * n).units[20 * (n - 1) :])
        for n in range(1, windows + 1)
    ]
    owed = plan_readings(job, parts)
    asked = sorted((o.window.number, v.id) for o in owed for v in o.variables)
    assert asked == sorted((n, v.id) for n in range(1, windows + 1) for v in variables)
    assert len(owed) == windows * -(-len(variables) // 6), "more calls than needed"
    assert max(len(o.variables) for o in owed) <= 6
    for number in range(1, windows + 1):
        of_window = [o for o in owed if o.window.number == number]
        warming = [o.warms for o in of_window]
        assert warming == [len(of_window) > 1, *[False] * (len(of_window) - 1)]


def test_plan_turns_the_order_with_the_window() -> None:
    """No variable always comes first."""
    job, owed = plan(variables=6, units=200, window=1_000)
    assert len({o.variables[0].id for o in owed}) > 2
    assert plan_readings(job, [o.window for o in owed]) == owed, "the plan is not deterministic"


def test_groups_stay_together() -> None:
    """Variables of a group share batches, however they were listed."""
    variables = tuple(Variable(f"v{n}", "N", "D", group="ab"[n % 2]) for n in range(1, 13))
    job = replace(make_job(), variables=variables)
    owed = plan_readings(job, cut_windows(make_sentences(5)))
    assert [{v.group for v in o.variables} for o in owed] == [{"b"}, {"a"}]


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_slice_goes_on_exactly(seed: int) -> None:
    """With any part of the answers lost, only those are asked for again, by the same keys."""
    job, owed = plan(variables=8, units=120, window=1_200)
    dice = random.Random(seed)  # noqa: S311 - not a secret
    broken = {n for n in range(1, 9) if dice.random() < 0.3}

    def choose(number: int, item: Owed) -> Sequence[dict[str, object]]:
        unit = item.window.units[0]
        return [point(unit.number, unit.number, "not", "there")] if number in broken else []

    known = read_all(job, owed, answer_with(choose))
    kept = {key: reading for key, reading in known.items() if dice.random() < 0.5}
    assert read_all(job, owed, answer_with(choose), dict(kept)) == known


def test_usable_answers_are_asked_for_once() -> None:
    """A model that answers well is called once for each reading owed."""
    job, owed = plan(variables=8, units=120, window=1_200)
    known = read_all(job, owed, answer_with(find_first))
    assert len(known) == len(owed)
    assert count(job, owed, known) == count(job, owed, dict(reversed(known.items())))
    counted = count(job, owed, known)
    assert (counted.owed, counted.done, counted.variables_done) == (len(owed), len(owed), 8)


def test_only_what_is_missing_is_asked_again() -> None:
    """A partly usable answer keeps its right entries; the rest is asked again, saying why."""
    job, (owed,) = plan(variables=3)
    first = next_step(job, owed, {})
    assert isinstance(first, Ask)
    units = owed.window.units
    bad = point(units[3].number, units[3].number, "words that", "are not there")
    good = make_answer({1: [point_at(units[0])], 2: [point_at(units[1]), bad]})
    known = {first.key: keep(first, owed, good)}
    again = next_step(job, owed, known)
    assert isinstance(again, Ask)
    assert [v.id for v in again.variables] == ["v2", "v3"]
    assert again.attempt == 2
    question = again.prompt.messages[-1].text
    assert "4-4" in question, "the model is not told which passage was wrong"
    assert "variable 3" in question, "the model is not told which entry was missing"
    assert again.prompt.messages[:2] == first.prompt.messages[:2], "the cached prefix is lost"


@pytest.mark.parametrize("answer", [PROSE, REFUSED, CUT_OFF, NEVER_CAME])
def test_hopeless_answers_end_in_named_failure(answer: Answer) -> None:
    """Whatever goes wrong for ever, the calls come to an end, and each cell says why."""
    job, owed = plan(variables=6, units=40)
    known = read_all(job, owed, lambda *_: answer)
    assert len(known) <= 50, f"{len(known)} calls for one reading"
    every = [cell for item in owed for cell in cells(job, item, known)]
    assert every
    assert all(cell.failure and not cell.answered for cell in every)
    counted = count(job, owed, known)
    assert (counted.done, counted.variables_done) == (1, 6), "given up is as good as done"


def test_a_window_that_is_too_large_is_halved_first() -> None:
    """Where no answer came, fewer variables would not help; the window is made smaller."""
    job, (owed,) = plan(variables=4)

    def model(ask: Ask, item: Owed) -> Answer:
        return NEVER_CAME if len(item.window.units) > 30 else answer_with(find_first)(ask, item)

    known = read_all(job, [owed], model)
    assert len(known) == 3, "not one large and two small windows"
    covered = {u.number for cell in cells(job, owed, known) for u in cell.window.units}
    assert covered == {unit.number for unit in owed.window.units}
    assert all(cell.answered for cell in cells(job, owed, known))


def test_an_answer_cut_off_asks_for_fewer_variables() -> None:
    """Where the answer was too long, fewer variables are asked for, at once."""
    job, (owed,) = plan(variables=4)

    def model(ask: Ask, item: Owed) -> Answer:
        return CUT_OFF if len(ask.variables) > 2 else answer_with(find_first)(ask, item)

    known = read_all(job, [owed], model)
    assert len(known) == 3
    assert all(cell.answered for cell in cells(job, owed, known))


def test_words_not_in_the_document_fail_their_cell_alone() -> None:
    """An invented passage is a recorded failure of its variable, which keeps what was right."""
    job, owed = plan(variables=2)

    def choose(number: int, item: Owed) -> Sequence[dict[str, object]]:
        unit = item.window.units[0]
        invented = point(unit.number, unit.number, "pigs can", "fly")
        return [point_at(unit), invented] if number == 1 else [point_at(unit)]

    known = read_all(job, owed, answer_with(choose))
    of_first = [c for item in owed for c in cells(job, item, known) if c.variable.id == "v1"]
    assert all("words are not in the document" in cell.failure for cell in of_first)
    assert all(c.entry is not None and len(c.entry.passages) == 1 for c in of_first)
    assert count(job, owed, known).variables_done == 2


def test_split_covers_and_ends() -> None:
    """Parts hold all variables and units between them, and splitting comes to an end."""
    _, (owed,) = plan(variables=6, units=50)
    queue, leaves = [owed], []
    while queue:
        item = queue.pop()
        parts = split(item)
        queue += parts
        if not parts:
            leaves.append(item)
    pairs = {(v.id, u.number) for leaf in leaves for v in leaf.variables for u in leaf.window.units}
    assert pairs == {(v.id, u.number) for v in owed.variables for u in owed.window.units}
    assert len(leaves) == 24


CHANGES = {
    "model": lambda job, owed: (replace(job, model="gpt-4.1-mini"), owed),
    "query": lambda job, owed: (replace(job, query="What of {variable_name}?"), owed),
    "justify": lambda job, owed: (replace(job, justify=False), owed),
    "task": lambda job, owed: (replace(job, task="summaries"), owed),
    "variable": lambda job, owed: (
        job,
        replace(owed, variables=(replace(owed.variables[0], name="X"), *owed.variables[1:])),
    ),
    "context": lambda job, owed: (
        job,
        replace(owed, variables=(replace(owed.variables[0], context="X"), *owed.variables[1:])),
    ),
    "asked together": lambda job, owed: (job, replace(owed, variables=owed.variables[:2])),
    "order": lambda job, owed: (job, replace(owed, variables=owed.variables[::-1])),
    "title": lambda job, owed: (job, replace(owed, window=replace(owed.window, title="X"))),
    "heading": lambda job, owed: (job, replace(owed, window=replace(owed.window, heading=("X",)))),
    "units": lambda job, owed: (
        job,
        replace(owed, window=replace(owed.window, units=owed.window.units[1:])),
    ),
    "text": lambda job, owed: (
        job,
        replace(
            owed,
            window=replace(
                owed.window, units=(make_unit(1, "Another text."), *owed.window.units[1:])
            ),
        ),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_key_changes_with_all_that_could_change_the_answer(change: str) -> None:
    """Whatever is sent is in the key; the same question has the same key."""
    job, (owed,) = plan()
    step, same = next_step(job, owed, {}), next_step(job, replace(owed, warms=True), {})
    other = next_step(*CHANGES[change](job, owed), {})
    assert isinstance(step, Ask)
    assert isinstance(same, Ask)
    assert isinstance(other, Ask)
    assert step.key == same.key
    assert step.key != other.key, f"a change of {change} does not change the key"
    assert len(step.key) == 40
    assert set(step.key) <= set("0123456789abcdef")


def test_attempts_have_keys_of_their_own() -> None:
    """Asking again is another question."""
    job, (owed,) = plan()
    first = next_step(job, owed, {})
    assert isinstance(first, Ask)
    second = next_step(job, owed, {first.key: keep(first, owed, PROSE)})
    assert isinstance(second, Ask)
    assert second.key != first.key


@settings(max_examples=30)
@given(st.data())
def test_every_path_ends(data: st.DataObject) -> None:
    """Whatever mix of answers comes, following them ends in cells that are settled."""
    job = make_job(3)
    text = make_text([make_unit(n, f"Unit {n} says {n * 7}.") for n in range(1, 13)])
    owed = plan_readings(job, cut_windows(text))
    known: dict[str, Reading] = {}

    def model(ask: Ask, item: Owed) -> Answer:
        kinds = ["good", "prose", "refused", "cut", "never", "partial", "wrong"]
        kind = data.draw(st.sampled_from(kinds))
        numbers = [variable_number(variable) for variable in ask.variables]
        right = [point_at(item.window.units[0])]
        wrong = [point(1, 1, "none", "such")]
        return {
            "good": make_answer(dict.fromkeys(numbers, right)),
            "prose": PROSE,
            "refused": REFUSED,
            "cut": CUT_OFF,
            "never": NEVER_CAME,
            "partial": make_answer(dict.fromkeys(numbers[:1], right)),
            "wrong": make_answer(dict.fromkeys(numbers, wrong)),
        }[kind]

    read_all(job, owed, model, known)
    every = [cell for item in owed for cell in cells(job, item, known)]
    assert all(cell.settled for cell in every)
    for variable in job.variables:
        seen = {u.number for c in every if c.variable == variable for u in c.window.units}
        assert seen == set(range(1, 13)), "a unit is in no cell of a variable"
    steps = [next_step(job, item, known) for item in owed]
    assert all(isinstance(step, Done | Split | GiveUp) for step in steps)
