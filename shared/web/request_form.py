"""The `request` JSON: which fields there are, what each may hold, and what is wrong in words."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from shared.domain.errors import FieldError, RequestProblem
from shared.domain.job import OutputFormat, Task
from shared.web.problems import Faults

FIELD = "request"
MAX_NAME, MAX_DESCRIPTION, MAX_CONTEXT = 254, 4_000, 8_000

_EMAIL = re.compile(
    r"[^\s@\"<>(),:;\[\]\\\x00-\x1f]{1,64}@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])"
)


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _without_nothing(value: object) -> object:
    """Nothing where a text may be left out means left out."""
    return "" if value is None else _stripped(value)


Filled = Annotated[str, BeforeValidator(_stripped), Field(min_length=1, strict=True)]
Maybe = Annotated[str, BeforeValidator(_without_nothing), Field(strict=True)]

Name = Annotated[Filled, Field(max_length=MAX_NAME)]
Label = Annotated[Filled, Field(max_length=100)]
Short = Annotated[Maybe, Field(max_length=MAX_NAME)]
Long = Annotated[Maybe, Field(max_length=MAX_DESCRIPTION)]
Longest = Annotated[Maybe, Field(max_length=MAX_CONTEXT)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VariableForm(_Form):
    """A variable as sent."""

    name: Name
    description: Annotated[Filled, Field(max_length=MAX_DESCRIPTION)]
    context: Longest = ""
    group: Short = ""
    labels: Annotated[
        dict[Label, Annotated[list[Name], Field(min_length=1, max_length=100)]],
        Field(max_length=10),
    ] = {}


class ColumnForm(_Form):
    """A column of the user's own."""

    name: Name
    instructions: Long = ""
    type: Label = "text"


class OutputForm(_Form):
    """How answers are to be laid out."""

    format: OutputFormat = OutputFormat.LIST
    labels: Annotated[list[Label], Field(max_length=2)] = []
    columns: Annotated[list[ColumnForm], Field(max_length=30)] = []
    instructions: Long = ""
    language: Short = ""


class DocumentForm(_Form):
    """What the user knows of a document, by its file name."""

    name: Annotated[Filled, Field(max_length=400)]
    attributes: Annotated[dict[Label, Long], Field(max_length=50)] = {}


class RequestForm(_Form):
    """The whole request as sent; which fields a job needs is checked with the files."""

    email: Short = ""
    variables: list[VariableForm] = []
    query: Longest = ""
    task: Task = Task.QUOTES
    justify: Annotated[bool, Field(strict=True)] = True
    reading: Annotated[str, Field(pattern="^standard$")] = "standard"
    output: OutputForm = OutputForm()
    documents: Annotated[list[DocumentForm], Field(max_length=1_000)] = []
    model: Short = ""
    mode: Annotated[str, Field(pattern="^live$")] = "live"
    fresh: Annotated[bool, Field(strict=True)] = False
    upload: str | None = None
    documents_from: str | None = None


def request_form(content: bytes, faults: Faults) -> RequestForm:
    """The request; where it is wrong, every fault is noted and what is sound is kept.

    Raises:
        RequestProblem: 400, it is no JSON.
    """
    try:
        form = RequestForm.model_validate_json(content)
    except ValidationError as wrong:
        if any(error["type"] == "json_invalid" for error in wrong.errors(include_url=False)):
            raise _no_json(str(wrong.errors(include_url=False)[0]["msg"])) from None
        faulty = wrong.errors(include_url=False)
        for error in faulty:
            faults.add(_place(error), _message(error))
        form = _sound_part(content, {str(error["loc"][0]) for error in faulty if error["loc"]})
    _check_email(form, faults)
    return form


def _sound_part(content: bytes, wrong: set[str]) -> RequestForm:
    """The request without its wrong fields, so that what depends on the others is checked too."""
    from pydantic_core import from_json

    sent = from_json(content)
    fields = sent if isinstance(sent, dict) else {}
    # An address of a wrong shape was named already: a sound one keeps it from being named again.
    kept = {"email": "unknown@example.org"} if "email" in wrong or not fields else {}
    kept |= {name: value for name, value in fields.items() if name not in wrong}
    form = RequestForm.model_validate(kept)
    if "variables" in wrong:
        return form.model_copy(update={"variables": _PLACEHOLDER})
    return form


_PLACEHOLDER = [VariableForm(name="?", description="?")]
"""Stands for variables that were sent but are wrong, so that they are not called missing too."""


def _check_email(form: RequestForm, faults: Faults) -> None:
    if not form.email:
        faults.add("email", "There is no email; say where the workbook is to be sent.")
    elif not _EMAIL.fullmatch(form.email):
        message = f"“{form.email[:100]}” is no email address; write it as name@example.org."
        faults.add("email", message)


def _place(error: ErrorDetails) -> str:
    place = ""
    for step in error["loc"]:
        if step == "[key]":
            continue
        place += f"[{step}]" if isinstance(step, int) else f".{step}" if place else str(step)
    return place or FIELD


def _message(error: ErrorDetails) -> str:
    """The fact and the remedy, for every kind of fault that this form can have."""
    return f"{_place(error)} {_fact(error)}."


def _fact(error: ErrorDetails) -> str:
    context = error.get("ctx", {})
    given = f"cannot be {error['input']!r:.60}; it can be"
    match error["type"]:
        case "extra_forbidden":
            return "is no field of a request; check its spelling or leave it out"
        case "missing":
            return "is missing; add it"
        case "string_too_short" | "too_short":
            return "is empty; fill it in"
        case "string_too_long":
            return f"is longer than {context['max_length']} characters; shorten it"
        case "too_long":
            actual, most = context["actual_length"], context["max_length"]
            return f"has {actual} entries; {most} are possible"
        case "enum":
            fact = f"{given} {context['expected']}"
        case "string_pattern_mismatch":
            fact = f"{given} {str(context['pattern']).strip('^$()').replace('|', ' or ')}"
        case _:
            fact = error["msg"].replace("Input should", "should")
    return fact


def _no_json(fact: str) -> RequestProblem:
    fact = fact.removeprefix("Invalid JSON: ")
    message = f"The field request is no JSON ({fact}); send one JSON object."
    return RequestProblem(400, "The request is not understood.", (FieldError(FIELD, message),))
