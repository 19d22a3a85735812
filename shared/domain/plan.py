"""Which readings a document owes, and what to do next about each, from what is stored alone.

A reading owed is followed through the stored answers like this, so that a restarted slice goes on
exactly where the last one stopped:

    asked → usable → done
          → partly usable, or unusable → what is missing is asked once more
          → still not → split: fewer variables, then half the window → each part from the top
          → cannot be split → given up: these cells say so
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import TypeVar

from shared.domain.answers import ANSWER_SCHEMA
from shared.domain.checks import CheckedEntry, check_answer
from shared.domain.job import Job, Variable
from shared.domain.prompts import (
    PROMPT_VERSION,
    RULES,
    build_prompt,
    variable_number,
)
from shared.domain.readings import Answer, Finish, Prompt, Reading
from shared.domain.windows import Window, make_window

T = TypeVar("T")

BATCH = 6
"""Variables of one call."""

ROUND = 4
"""Windows warmed together before their siblings go: soon enough for the provider's cache."""

ATTEMPTS = 2
HALVINGS = 2
"""Times a window is halved where too much was asked; once where an answer was unusable."""

OVERLAP_UNITS = 3
"""Units both halves of a window see."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A window to be read for a few variables.

    `warms` marks the call that goes before its siblings of the same window. `halved` counts how
    often the window was cut smaller than planned.
    """

    window: Window
    variables: tuple[Variable, ...]
    warms: bool = False
    halved: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the model; its answer is a reading under `key`. `variables` are those asked for."""

    prompt: Prompt
    key: str
    attempt: int
    variables: tuple[Variable, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """Read these parts instead."""

    parts: tuple[Owed, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing more to ask."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing more to try for these variables; `reason` is for the user."""

    variables: tuple[Variable, ...]
    reason: str


Step = Done | Ask | Split | GiveUp


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one variable in one window, or a part of it.

    `entry` is None while nothing usable is known; `failure` says why no more is to be expected.
    """

    variable: Variable
    window: Window
    entry: CheckedEntry | None
    failure: str = ""

    @property
    def answered(self) -> bool:
        """Whether the window was read in full for this variable."""
        return self.entry is not None and self.entry.right

    @property
    def settled(self) -> bool:
        """Whether no more is to be expected."""
        return self.answered or bool(self.failure)


@dataclass(frozen=True, slots=True)
class Count:
    """Readings owed and settled, and variables whose readings are all settled."""

    owed: int
    done: int
    variables_done: int


def plan_readings(job: Job, windows: Sequence[Window]) -> tuple[Owed, ...]:
    """Every reading a document owes, in the order to ask.

    Variables of a group stay together; their order turns with the window, so that none is always
    last. The first reading of each window goes ahead of the others.
    """
    batches = _batches(job.variables)
    plan: list[Owed] = []
    for start in range(0, len(windows), ROUND):
        round_ = windows[start : start + ROUND]
        for place in range(len(batches)):
            for window in round_:
                turned = _turn(batches, window.number - 1)
                warms = place == 0 and len(batches) > 1
                plan.append(Owed(window, _turn(turned[place], window.number - 1), warms))
    return tuple(plan)


def _batches(variables: Sequence[Variable]) -> list[tuple[Variable, ...]]:
    """As few batches as possible, of even size, groups together in order of appearance."""
    groups: dict[str, list[Variable]] = {}
    for variable in variables:
        groups.setdefault(variable.group, []).append(variable)
    ordered = [variable for group in groups.values() for variable in group]
    count = ceil(len(ordered) / BATCH)
    cuts = [round(place * len(ordered) / count) for place in range(count + 1)] if count else []
    return [tuple(ordered[a:b]) for a, b in pairwise(cuts)]


def _turn(items: Sequence[T], by: int) -> tuple[T, ...]:
    by %= len(items)
    return (*items[by:], *items[:by])


def reading_key(prompt: Prompt, window: Window, attempt: int) -> str:
    """Names an answer by all that could change it, in 40 hex digits.

    The key is for use within a job, whose endpoint does not change; a cache across jobs adds the
    endpoint and the model that really answered.
    """
    asked = [
        PROMPT_VERSION,
        _RULES_DIGEST,
        prompt.model,
        prompt.max_output_tokens,
        window.digest,
        prompt.messages[-1].text,
        attempt,
    ]
    return _digest(json.dumps(asked))[:40]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_RULES_DIGEST = _digest(RULES + json.dumps(ANSWER_SCHEMA))


def split(owed: Owed, *, halvings: int = HALVINGS, smaller: bool = False) -> tuple[Owed, ...]:
    """The same reading in smaller parts, or () where it cannot be split.

    Fewer variables first, then half the window each, a few units seen by both; where the window
    is to be made `smaller`, only that, since fewer variables make a prompt hardly shorter.
    """
    if len(owed.variables) > 1 and not smaller:
        middle = (len(owed.variables) + 1) // 2
        halves = owed.variables[:middle], owed.variables[middle:]
        return tuple(Owed(owed.window, part, halved=owed.halved) for part in halves)
    window, units = owed.window, owed.window.units
    if owed.halved >= halvings or len(units) <= 2 * OVERLAP_UNITS:
        return ()
    middle = len(units) // 2
    return tuple(
        Owed(make_window(window.number, window.title, part), owed.variables, halved=owed.halved + 1)
        for part in (units[: middle + OVERLAP_UNITS], units[middle:])
    )


def next_step(job: Job, owed: Owed, known: Mapping[str, Reading]) -> Step:
    """What to do next about one reading, given the answers stored so far, by key."""
    return _follow(job, owed, known).step


def open_asks(job: Job, owed: Owed, known: Mapping[str, Reading]) -> Iterator[Ask]:
    """Every question that can be asked now for one reading, its parts included."""
    step = next_step(job, owed, known)
    if isinstance(step, Ask):
        yield step
    elif isinstance(step, Split):
        for part in step.parts:
            yield from open_asks(job, part, known)


def cells(job: Job, owed: Owed, known: Mapping[str, Reading]) -> Iterator[Cell]:
    """What is known of each variable of one reading; several cells where its window was split."""
    followed = _follow(job, owed, known)
    step = followed.step
    failure = step.reason if isinstance(step, GiveUp) else ""
    inherited = set()
    if isinstance(step, Split):
        inherited = {variable.id for part in step.parts for variable in part.variables}
        for part in step.parts:
            yield from cells(job, part, known)
    for variable in owed.variables:
        entry = followed.entries.get(variable.id)
        if variable.id not in inherited:
            wrong = entry is None or not entry.right
            yield Cell(variable, owed.window, entry, failure if wrong else "")


def count(job: Job, owed: Sequence[Owed], known: Mapping[str, Reading]) -> Count:
    """How far the readings of a document have come."""
    done = 0
    waiting: set[str] = set()
    for item in owed:
        open_ = {cell.variable.id for cell in cells(job, item, known) if not cell.settled}
        done += not open_
        waiting |= open_
    return Count(len(owed), done, len(job.variables) - len(waiting))


@dataclass(frozen=True, slots=True)
class _Followed:
    """Where one reading stands, without its parts: entries by variable id, and the next step."""

    entries: dict[str, CheckedEntry]
    step: Step


def _follow(job: Job, owed: Owed, known: Mapping[str, Reading]) -> _Followed:
    entries: dict[str, CheckedEntry] = {}
    pending = owed.variables
    complaint, fault = "", ""
    for attempt in range(1, ATTEMPTS + 1):
        prompt = build_prompt(job, owed.window, pending, complaint)
        key = reading_key(prompt, owed.window, attempt)
        reading = known.get(key)
        if reading is None:
            return _Followed(entries, Ask(prompt, key, attempt, pending))
        checked = check_answer(
            reading.answer, owed.window, [variable_number(variable) for variable in pending]
        )
        for variable in pending:
            entry = checked.entries.get(variable_number(variable))
            if entry is not None:
                entries[variable.id] = _better(entries.get(variable.id), entry)
        pending = tuple(v for v in pending if v.id not in entries or not entries[v.id].right)
        if not pending:
            return _Followed(entries, Done())
        complaint, fault = checked.complaint, checked.fault
        if reading.answer.finish is Finish.LENGTH:
            return _Followed(entries, _too_much(owed, pending, reading.answer))
    parts = split(Owed(owed.window, pending, halved=owed.halved), halvings=1)
    return _Followed(entries, Split(parts) if parts else GiveUp(pending, fault))


def _too_much(owed: Owed, pending: tuple[Variable, ...], answer: Answer) -> Split | GiveUp:
    """What follows an answer that was cut off, or that never came because too much was asked."""
    never_came = not answer.usage.calls
    parts = split(Owed(owed.window, pending, halved=owed.halved), smaller=never_came)
    if parts:
        return Split(parts)
    return GiveUp(pending, "no answer came in time" if never_came else "an answer was cut off")


def _better(before: CheckedEntry | None, now: CheckedEntry) -> CheckedEntry:
    """The right entry; of two wrong ones, all passages that do stand where they are said to."""
    if before is None or now.right:
        return now
    return CheckedEntry(
        tuple(dict.fromkeys((*before.passages, *now.passages))),
        now.answer or before.answer,
        right=False,
    )
