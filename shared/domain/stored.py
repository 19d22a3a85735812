"""How domain values are kept in blobs: compact JSON, decoded strictly by type."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def adapter(shape: Hashable) -> TypeAdapter[Any]:
    """The validator of a dataclass; making one takes milliseconds, so it is made once."""
    return TypeAdapter(cast(type[Any], shape))


def encode(value: object) -> bytes:
    """The JSON of a dataclass, UTF-8."""
    return adapter(cast(Hashable, type(value))).dump_json(value)


def decode(shape: type[T], data: bytes) -> T:
    """The value whose JSON `data` is.

    Raises:
        pydantic.ValidationError: the JSON is not of this shape.
    """
    value: T = adapter(cast(Hashable, shape)).validate_json(data)
    return value
