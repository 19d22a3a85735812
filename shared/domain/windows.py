"""Units → windows that fit a call and together cover all."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.units import Unit


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive units sent in one model call; `number` counts from 1 through the document.

    `heading` is the heading path in force at its first unit.
    """

    number: int
    title: str
    heading: tuple[str, ...]
    units: tuple[Unit, ...]
