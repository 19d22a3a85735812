"""An HTTP request → everything a job is made of, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

import azure.functions as func

from shared.domain.errors import FieldError, RequestProblem
from shared.domain.job import DEFAULT_QUERY, Column, Document, Job, Output, Variable
from shared.web import multipart, variables_table
from shared.web.multipart import Part
from shared.web.problems import Faults
from shared.web.request_form import (
    MAX_CONTEXT,
    MAX_DESCRIPTION,
    MAX_NAME,
    DocumentForm,
    RequestForm,
    request_form,
)
from shared.web.uploads import Upload, uploads

MAX_BODY_BYTES = 104_857_600
MAX_VARIABLES = 200
FIELDS = {"files", "request", "variables_file"}


@dataclass(frozen=True, slots=True)
class JobRequest:
    """A sound request: the form, its variables and its documents, numbered from 1."""

    form: RequestForm
    variables: tuple[Variable, ...]
    documents: tuple[Document, ...]
    uploads: tuple[Upload, ...]

    def job(self, job_id: str, created: datetime, user: str, default_model: str) -> Job:
        """The job that this request asks for."""
        form, output = self.form, self.form.output
        return Job(
            id=job_id,
            created=created.isoformat(),
            user=user,
            email=form.email,
            variables=self.variables,
            documents=self.documents,
            query=form.query or DEFAULT_QUERY,
            task=form.task,
            justify=form.justify,
            reading=form.reading,
            output=Output(
                format=output.format,
                labels=tuple(output.labels),
                columns=tuple(Column(c.name, c.instructions, c.type) for c in output.columns),
                instructions=output.instructions,
                language=output.language,
            ),
            model=form.model or default_model,
            mode=form.mode,
            fresh=form.fresh,
        )


def job_request(request: func.HttpRequest) -> JobRequest:
    """Check a submission, completely.

    Raises:
        RequestProblem: with everything that is wrong.
    """
    body = request.get_body()
    if len(body) > MAX_BODY_BYTES:
        raise _too_large(len(body))
    parts = _parts(request.headers.get("content-type", ""), body)
    faults = Faults()
    form = request_form(_request_json(parts, faults), faults)
    _refuse_what_is_not_there_yet(form, faults)
    variables = _variables(form, parts, faults)
    found = uploads(_sent_files(parts), faults) if not _is_elsewhere(form) else []
    documents = _documents(form.documents, found, faults)
    faults.raise_if_any()
    return JobRequest(form, variables, documents, tuple(found))


def _parts(content_type: str, body: bytes) -> tuple[Part, ...]:
    if multipart.is_multipart(content_type):
        return multipart.parse(content_type, body)
    if content_type.split(";", maxsplit=1)[0].strip().lower() == "application/json":
        return (Part("request", None, memoryview(body)),)
    message = "Send the job as multipart/form-data: files, request, and perhaps variables_file."
    raise RequestProblem(400, "The request is not understood.", (FieldError("body", message),))


def _request_json(parts: Sequence[Part], faults: Faults) -> bytes:
    for part in parts:
        if part.name not in FIELDS:
            known = ", ".join(sorted(FIELDS))
            faults.add(part.name[:80], f"There is no field “{part.name[:80]}”; send {known}.")
    sent = [part for part in parts if part.name == "request"]
    if len(sent) > 1:
        faults.add("request", "request was sent more than once; send one.")
    return bytes(sent[0].content) if sent else b"{}"


def _sent_files(parts: Sequence[Part]) -> list[Part]:
    """The files; a browser sends an unnamed empty one where none was chosen."""
    sent = [part for part in parts if part.name == "files"]
    return [part for part in sent if part.file_name or len(part.content)]


def _is_elsewhere(form: RequestForm) -> bool:
    return form.upload is not None or form.documents_from is not None


def _refuse_what_is_not_there_yet(form: RequestForm, faults: Faults) -> None:
    """Refuse a promise that this version would not keep, rather than do something else."""
    if form.upload is not None:
        faults.add("upload", "upload is not available yet; send the PDFs as files of this form.")
    if form.documents_from is not None:
        message = "documents_from is not available yet; send the PDFs as files of this form."
        faults.add("documents_from", message)


def _variables(form: RequestForm, parts: Sequence[Part], faults: Faults) -> tuple[Variable, ...]:
    written = [(f"variables[{index}]", each) for index, each in enumerate(form.variables)]
    found = [
        (place, Variable("", v.name, v.description, v.context, v.group, v.labels))
        for place, v in written
    ]
    for part in parts:
        if part.name == variables_table.FIELD and (part.file_name or len(part.content)):
            rows = variables_table.variables_table(part, faults)
            found += [(variables_table.FIELD, _from_row(row, faults)) for row in rows]
    if not found and not any(part.name == variables_table.FIELD for part in parts):
        message = "There are no variables; say what to look for, or send a variables_file."
        faults.add("variables", message)
    if len(found) > MAX_VARIABLES:
        message = f"There are {len(found)} variables; {MAX_VARIABLES} are possible in a job."
        faults.add("variables", message)
    _refuse_equal_names(found, faults)
    return tuple(
        Variable(f"v{n}", v.name, v.description, v.context, v.group, v.labels)
        for n, (_, v) in enumerate(found, 1)
    )


def _from_row(row: variables_table.TableRow, faults: Faults) -> Variable:
    limits = (
        ("variable_name", row.name, MAX_NAME),
        ("variable_description", row.description, MAX_DESCRIPTION),
        ("context", row.context, MAX_CONTEXT),
        ("variable_group", row.group, MAX_NAME),
    )
    for column, text, limit in limits:
        if not text and column in variables_table.NEEDED:
            faults.add(variables_table.FIELD, f"Row {row.number} has no {column}; fill it in.")
        if len(text) > limit:
            message = f"Row {row.number}: {column} is longer than {limit} characters; shorten it."
            faults.add(variables_table.FIELD, message)
    return Variable("", row.name, row.description, row.context, row.group)


def _refuse_equal_names(found: Sequence[tuple[str, Variable]], faults: Faults) -> None:
    seen: set[str] = set()
    for place, variable in found:
        name = " ".join(variable.name.casefold().split())
        if name in seen and name:
            message = f"The variable “{variable.name[:80]}” is there twice; rename or remove one."
            faults.add(place, message)
        seen.add(name)


def _documents(
    described: Sequence[DocumentForm], found: Sequence[Upload], faults: Faults
) -> tuple[Document, ...]:
    attributes: dict[str, dict[str, str]] = {}
    for index, form in enumerate(described):
        name = _match(form.name, found)
        if name is None:
            message = f"No file named “{form.name[:120]}” was sent; name it as the file is named."
            faults.add(f"documents[{index}].name", message)
        elif name in attributes:
            message = f"“{form.name[:120]}” is described twice; keep one."
            faults.add(f"documents[{index}].name", message)
        else:
            attributes[name] = form.attributes
    return tuple(
        Document(f"d{n}", each.name, len(each.content), each.sha256, attributes.get(each.name, {}))
        for n, each in enumerate(found, 1)
    )


def _match(name: str, found: Sequence[Upload]) -> str | None:
    """The document meant by a name: its full name, else its last part if that is unique."""
    names = [each.name for each in found]
    if name in names:
        return name
    ends = [each for each in names if PurePosixPath(each).name == PurePosixPath(name).name]
    return ends[0] if len(ends) == 1 else None


def _too_large(size: int) -> RequestProblem:
    message = (
        f"The request has {size / 1024 / 1024:.0f} MB; {MAX_BODY_BYTES // 1024 // 1024} MB are "
        "possible. Split the documents over several jobs."
    )
    return RequestProblem(413, "The request is too large.", (FieldError("files", message),))
