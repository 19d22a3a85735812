"""What to do next about a reading, from the answers stored so far and nothing else.

So a restarted slice goes on exactly where the last one stopped:

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

from shared.domain.answers import ANSWER_SCHEMA
from shared.domain.checks import CheckedEntry, check_answer
from shared.domain.job import Job, Variable
from shared.domain.plan import Owed, split
from shared.domain.prompts import PROMPT_VERSION, RULES, build_prompt, variable_number
from shared.domain.readings import Answer, Finish, Prompt, Reading
from shared.domain.windows import Window

ATTEMPTS = 2

HALVINGS_OF_UNUSABLE = 1
"""Where an answer was not too long but wrong, a smaller window helps little."""


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


def next_step(job: Job, owed: Owed, known: Mapping[str, Reading]) -> Step:
    """What to do next about one reading, given the answers stored so far, by key."""
    return _follow(job, owed, known).step


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
    parts = split(Owed(owed.window, pending, halved=owed.halved), halvings=HALVINGS_OF_UNUSABLE)
    return _Followed(entries, Split(parts) if parts else GiveUp(pending, fault))


def _too_much(owed: Owed, pending: tuple[Variable, ...], answer: Answer) -> Split | GiveUp:
    """What follows an answer that was cut off, or that never came because too much was asked."""
    never_came = not answer.usage.calls
    parts = split(Owed(owed.window, pending, halved=owed.halved), smaller=never_came)
    if parts:
        return Split(parts)
    reason = "no answer came, even to a small part" if never_came else "an answer was cut off"
    return GiveUp(pending, reason)


def _better(before: CheckedEntry | None, now: CheckedEntry) -> CheckedEntry:
    """The right entry; of two wrong ones, all passages that do stand where they are said to."""
    if before is None or now.right:
        return now
    return CheckedEntry(
        tuple(dict.fromkeys((*before.passages, *now.passages))),
        now.answer or before.answer,
        right=False,
    )
