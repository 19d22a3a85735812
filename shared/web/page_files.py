"""The web page and its parts, served from this package; nothing else can be asked for."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

import azure.functions as func

from shared.domain.errors import FieldError, RequestProblem

TYPES = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
SECURITY = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # The page's own parts change only with a release, and are asked for by their hash.
    "Cache-Control": "no-cache",
}


def page_file(name: str, request: func.HttpRequest) -> func.HttpResponse:
    """A file of the page; 304 where the browser has it already.

    Raises:
        RequestProblem: 404, there is none of that name.
    """
    content = _files().get(name)
    if content is None:
        errors = (FieldError("path", "There is no such page; start from the first one."),)
        raise RequestProblem(404, "There is no such page.", errors)
    tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
    headers = {**SECURITY, "ETag": tag}
    mimetype = TYPES[name.rpartition(".")[2]]
    if tag in request.headers.get("if-none-match", ""):
        return func.HttpResponse(status_code=304, mimetype=mimetype, headers=headers)
    return func.HttpResponse(content, mimetype=mimetype, headers=headers)


@cache
def _files() -> dict[str, bytes]:
    folder = files("shared.web").joinpath("page")
    return {
        each.name: each.read_bytes()
        for each in folder.iterdir()
        if each.is_file() and each.name.rpartition(".")[2] in TYPES
    }
