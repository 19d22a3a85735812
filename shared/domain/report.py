"""Findings → sheets of plain rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rich:
    """Text of which `text[focus[0]:focus[1]]` is shown bold."""

    text: str
    focus: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to `target`, shown as `text`."""

    text: str
    target: str


Cell = str | int | float | Rich | Link | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: a header row and rows of the same length. `widths` are in characters."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    widths: tuple[int, ...] = ()
    wrapped: bool = True
    fills: tuple[tuple[str, ...], ...] = ()
    """A fill name for each cell, or empty: `found`, `not_found`, `partly_read`, …"""


@dataclass(frozen=True, slots=True)
class Report:
    """A workbook's sheets, in order."""

    sheets: tuple[Sheet, ...]
