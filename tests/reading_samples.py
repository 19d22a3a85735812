"""Small documents, jobs and answers that tests of reading are made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from shared.domain.job import Document, Job, Variable
from shared.domain.pages import PageState
from shared.domain.plan import Owed
from shared.domain.prompts import variable_number
from shared.domain.readings import Answer, Finish, Reading, Usage
from shared.domain.steps import Ask, Split, next_step
from shared.domain.units import DocumentText, PageOutcome, Place, Unit, UnitKind

UNITS_A_PAGE = 10


def make_unit(
    number: int,
    text: str,
    *,
    kind: UnitKind = UnitKind.SENTENCE,
    paragraph: int = 1,
    page: int | None = None,
    heading: tuple[str, ...] = (),
    source: PageState = PageState.TEXT,
) -> Unit:
    """A unit whose words stand side by side on one line of its page."""
    page = page or 1 + (number - 1) // UNITS_A_PAGE
    top = 20.0 * (1 + (number - 1) % UNITS_A_PAGE)
    places, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        places.append(Place(start, at, page, (5.0 * start, top, 5.0 * at, top + 10)))
    return Unit(number, kind, text, tuple(places), paragraph, heading, source=source)


def make_text(
    units: Sequence[Unit], states: Mapping[int, PageState] | None = None, pages: int = 0
) -> DocumentText:
    """A document of these units; `states` names the pages that are not plain text."""
    count = max([pages, *(page for unit in units for page in unit.pages)], default=0)
    outcomes = (
        PageOutcome(number, (states or {}).get(number, PageState.TEXT), printed=f"p{number}")
        for number in range(1, count + 1)
    )
    return DocumentText("A plan", tuple(units), tuple(outcomes))


def make_sentences(count: int) -> DocumentText:
    """`count` sentences no two of which are alike, in paragraphs of five."""
    return make_text(
        [
            make_unit(n, f"Measure {n} cuts {1000 + n} tonnes by {2000 + n}.", paragraph=n // 5)
            for n in range(1, count + 1)
        ]
    )


def make_job(variables: int = 3, **changes: object) -> Job:
    """A job with one document and so many variables."""
    fields: dict[str, object] = {
        "id": "j",
        "created": "2026-01-01T00:00:00+00:00",
        "user": "u",
        "email": "analyst@example.org",
        "variables": tuple(
            Variable(f"v{n}", f"Topic {n}", f"all about topic {n}") for n in range(1, variables + 1)
        ),
        "documents": (Document("d1", "plan.pdf", 1, "00"),),
    }
    return Job(**(fields | changes))  # type: ignore[arg-type]  # names are Job's own


def point(first: int, last: int, starts: str, ends: str, **more: object) -> dict[str, object]:
    """One quote of an answer."""
    quote = {"first": first, "last": last, "starts": starts, "ends": ends}
    return {**quote, "strength": "explicit", "why": "", **more}


def point_at(unit: Unit, by: int = 0) -> dict[str, object]:
    """The whole of a unit as one quote, its number off `by` some."""
    words = unit.text.split()
    number = unit.number + by
    return point(number, number, " ".join(words[:3]), " ".join(words[-3:]))


def make_answer(
    quotes: Mapping[int, Sequence[Mapping[str, object]]],
    finish: Finish = Finish.STOP,
    **texts: str,
) -> Answer:
    """An answer with these quotes by variable number, and answers by `v{number}`."""
    entries = [
        {"variable": number, "quotes": list(items), "answer": texts.get(f"v{number}", "")}
        for number, items in quotes.items()
    ]
    return as_answer(json.dumps({"entries": entries}), finish)


def as_answer(text: str, finish: Finish = Finish.STOP) -> Answer:
    """A paid answer of this very text."""
    return Answer(text, "a-model", finish, Usage(100, 0, 10, 0.01, 1))


def keep(ask: Ask, owed: Owed, answer: Answer) -> Reading:
    """The reading that is stored for an answer."""
    variables = tuple(variable.id for variable in ask.variables)
    window = owed.window
    return Reading(
        ask.key, window.number, (window.first, window.last), variables, ask.attempt, answer
    )


Model = Callable[[Ask, Owed], Answer]


def answer_with(choose: Callable[[int, Owed], Sequence[Mapping[str, object]]]) -> Model:
    """A model that always answers well, with the quotes `choose` gives for a variable number."""

    def model(ask: Ask, owed: Owed) -> Answer:
        numbers = [variable_number(variable) for variable in ask.variables]
        return make_answer({number: choose(number, owed) for number in numbers})

    return model


def read_all(
    job: Job, owed: Sequence[Owed], model: Model, known: dict[str, Reading] | None = None
) -> dict[str, Reading]:
    """Ask the model until nothing more is owed; every answer, by key."""
    known = {} if known is None else known
    queue = list(owed)
    while queue:
        item = queue.pop(0)
        step = next_step(job, item, known)
        if isinstance(step, Ask):
            assert step.key not in known, "a stored answer was asked for again"
            known[step.key] = keep(step, item, model(step, item))
            queue.insert(0, item)
        elif isinstance(step, Split):
            queue = [*step.parts, *queue]
    return known
