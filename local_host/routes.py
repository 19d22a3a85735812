"""ASP.NET route templates: which function answers a path."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from local_host.app_loader import AppError, AppFunction

_PARAMETER = re.compile(r"\{(\*{0,2})([A-Za-z_]\w*)((?::[^}=?]+)*)(\?)?\}")
_CONSTRAINTS = {
    "int": r"-?\d+",
    "long": r"-?\d+",
    "guid": r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}",
    "alpha": r"[A-Za-z]+",
    "bool": r"(?i:true|false)",
}
_EVERY_METHOD = frozenset({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True)
class Route:
    """One function's template, compiled."""

    function: AppFunction
    methods: frozenset[str]
    pattern: re.Pattern[str]
    order: tuple[int, ...]


@dataclass(frozen=True)
class Match:
    """The route that answers, with the values of its parameters; or only the methods allowed."""

    route: Route | None
    parameters: dict[str, str]
    allowed: frozenset[str] = frozenset()


def build_routes(functions: Iterable[AppFunction], prefix: str) -> tuple[Route, ...]:
    """Compile the routes of all HTTP functions, the most literal first."""
    return tuple(sorted((_route(f, prefix) for f in functions), key=lambda route: route.order))


def find_route(routes: Iterable[Route], method: str, path: str) -> Match:
    """The first route for this path and method; `allowed` tells a 405 from a 404."""
    allowed: frozenset[str] = frozenset()
    for route in routes:
        found = route.pattern.fullmatch(path)
        if found is None:
            continue
        if method in route.methods:
            values = {k: unquote(v) for k, v in found.groupdict().items() if v is not None}
            return Match(route, values)
        allowed |= route.methods
    return Match(None, {}, allowed)


def _route(function: AppFunction, prefix: str) -> Route:
    template = str(function.trigger.get("route", function.name)).strip()
    if template != "/":
        template = template.strip("/") or function.name
    if re.match(r"(?i)(admin|runtime)(/|$)", template) and not prefix:
        raise AppError(
            f"function '{function.name}': route '{template}' begins with a word the host keeps "
            "for itself (admin, runtime); rename it"
        )
    full = "/".join(part for part in (prefix.strip("/"), template.strip("/")) if part)
    methods = frozenset(str(m).upper() for m in function.trigger.get("methods") or _EVERY_METHOD)
    segments = full.split("/") if full else []
    return Route(function, methods, _compile(segments), tuple(_weight(s) for s in segments))


def _weight(segment: str) -> int:
    """Literal before constrained before free before optional before catch-all, as ASP.NET."""
    match = _PARAMETER.fullmatch(segment)
    if match is None:
        return 1 if "{" in segment else 0
    stars, _, constraint, optional = match.groups()
    if stars:
        return 5
    if optional:
        return 4
    return 2 if constraint else 3


def _compile(segments: list[str]) -> re.Pattern[str]:
    parts: list[str] = []
    for segment in segments:
        match = _PARAMETER.fullmatch(segment)
        if match and (match[1] or match[4]):
            parts.append(f"(?:/{_group(match)})?")
        else:
            parts.append("/" + _segment(segment))
    return re.compile("".join(parts) + "/?", re.IGNORECASE)


def _segment(segment: str) -> str:
    """A segment in which literal text and parameters may be mixed, such as `{name}.xlsx`."""
    text, position = "", 0
    for match in _PARAMETER.finditer(segment):
        text += re.escape(segment[position : match.start()]) + _group(match)
        position = match.end()
    return text + re.escape(segment[position:])


def _group(match: re.Match[str]) -> str:
    stars, name, constraint, _ = match.groups()
    known = [_CONSTRAINTS[c] for c in constraint.split(":") if c in _CONSTRAINTS]
    body = ".*" if stars else (known[0] if known else "[^/]+")
    return f"(?P<{name}>{body})"
