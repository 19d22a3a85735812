"""The subset of JSON Schema that strict structured output allows: checked, and filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def find_schema_faults(schema: Any, where: str = "") -> Iterator[str]:
    """Say what a provider would refuse in a strict schema, each with its place."""
    if not isinstance(schema, dict):
        yield f"In context=({where}), a schema must be an object"
        return
    alternatives = schema.get("anyOf")
    if alternatives is None and "$ref" not in schema and "enum" not in schema:
        kinds = _kinds(schema)
        if not kinds or any(kind not in _TYPES for kind in kinds):
            yield f"In context=({where}), schema must have a 'type' key of a known type"
        if "array" in kinds and "items" not in schema:
            yield f"In context=({where}), array schema missing items"
        if "object" in kinds:
            yield from _find_object_faults(schema, where)
    for name, part in _parts(schema):
        yield from find_schema_faults(part, f"{where}, '{name}'" if where else f"'{name}'")


def _find_object_faults(schema: dict[str, Any], where: str) -> Iterator[str]:
    if schema.get("additionalProperties") is not False:
        yield f"In context=({where}), 'additionalProperties' must be supplied and be false"
    missing = set(schema.get("properties", {})) - set(schema.get("required", []))
    if missing:
        yield f"In context=({where}), 'required' must name every property: {sorted(missing)}"


def _parts(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from schema.get("properties", {}).items()
    yield from schema.get("$defs", {}).items()
    if "items" in schema:
        yield "items", schema["items"]
    for number, part in enumerate(schema.get("anyOf", ())):
        yield str(number), part


def conform(value: Any, schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """`value` as the schema wants it: what it does not name left out, what is missing left empty.

    Nothing is invented: what is missing becomes null, "" or [] wherever the schema allows it.
    """
    root = schema if root is None else root
    schema = _resolve(schema, root)
    if "anyOf" in schema:
        fits = [part for part in schema["anyOf"] if _fits(value, _resolve(part, root))]
        if not fits:
            return _empty(schema, root)
        return conform(value, fits[0], root)
    if not _fits(value, schema):
        return _empty(schema, root)
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return {
            name: conform(value[name], part, root) if name in value else _empty(part, root)
            for name, part in properties.items()
        }
    if isinstance(value, list):
        return [conform(item, schema["items"], root) for item in value]
    return value


def _fits(value: Any, schema: dict[str, Any]) -> bool:
    if "enum" in schema:
        return value in schema["enum"]
    if isinstance(value, bool):
        return "boolean" in _kinds(schema)
    return any(isinstance(value, _TYPES[kind]) for kind in _kinds(schema))


def _empty(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    schema = _resolve(schema, root)
    if "anyOf" in schema:
        return _emptiest([_empty(part, root) for part in schema["anyOf"]])
    if "enum" in schema:
        return _emptiest(schema["enum"])
    kinds = _kinds(schema)
    if "object" in kinds and "null" not in kinds:
        return {name: _empty(part, root) for name, part in schema.get("properties", {}).items()}
    plain: dict[str, Any] = {"string": "", "array": [], "integer": 0, "number": 0, "boolean": False}
    return None if "null" in kinds else plain[kinds[0]]


def _emptiest(values: list[Any]) -> Any:
    return next((value for value in values if value in (None, "", [])), values[0])


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[step] if step else target
        schema = target
    return schema


def _kinds(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type", [])
    return [kind] if isinstance(kind, str) else list(kind)
