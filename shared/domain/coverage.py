"""What was read for a variable, and what was not, and why: the account of absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.domain.job import Job
from shared.domain.pages import PageState
from shared.domain.plan import Owed
from shared.domain.readings import Reading
from shared.domain.steps import Cell, cells
from shared.domain.units import DocumentText, PageOutcome

_WHY_NOT_READ = {
    PageState.UNTRUSTED: "its text layer cannot be trusted",
    PageState.SCRIPT_NOT_READABLE: "its script cannot be read",
    PageState.PICTURE_UNREAD: "it is a picture that was not read",
    PageState.FAILED: "it could not be read",
}


@dataclass(frozen=True, slots=True)
class VariableCoverage:
    """The account of one variable in one document.

    `cells` are in document order. `owed`, `done` and `settled` count readings as planned, whatever
    parts they were split into; `pages_not_read` are those it cannot be said to be absent from.
    """

    cells: tuple[Cell, ...]
    owed: int
    done: int
    settled: int
    pages_not_read: tuple[int, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Why readings were given up, each reason once."""
        return tuple(dict.fromkeys(cell.failure for cell in self.cells if cell.failure))


def cover(
    job: Job, text: DocumentText, owed: Sequence[Owed], known: Mapping[str, Reading]
) -> dict[str, VariableCoverage]:
    """The coverage of every variable of the job, by variable id."""
    readings: dict[str, list[list[Cell]]] = {variable.id: [] for variable in job.variables}
    for item in owed:
        of_item: dict[str, list[Cell]] = {variable.id: [] for variable in item.variables}
        for cell in cells(job, item, known):
            of_item[cell.variable.id].append(cell)
        for variable, parts in of_item.items():
            readings[variable].append(parts)
    pages = _PagesOfUnits(text)
    return {variable.id: _cover(readings[variable.id], pages) for variable in job.variables}


def page_reasons(text: DocumentText) -> dict[int, str]:
    """Of each page that was not read, why."""
    return {
        page.number: page.reason or _WHY_NOT_READ.get(page.state, str(page.state))
        for page in text.pages
        if not page.state.was_read
    }


def explain(covered: VariableCoverage, pages: Sequence[PageOutcome], why_stopped: str) -> str:
    """Why a variable's account is not complete, for the user; empty where it is."""
    reasons = []
    failed = covered.settled - covered.done
    if failed:
        why = "; ".join(covered.failures)
        reasons.append(f"{failed} of {covered.owed} readings failed: {why}")
    waiting = covered.owed - covered.settled
    if waiting:
        why = f": {why_stopped}" if why_stopped else ""
        reasons.append(f"{waiting} of {covered.owed} readings were not made{why}")
    unread = sum(not page.state.was_read for page in pages)
    if unread:
        reasons.append(f"{unread} of {len(pages)} pages could not be read")
    return ". ".join(reason.rstrip(".") for reason in reasons)


class _PagesOfUnits:
    """Which pages units stand on."""

    def __init__(self, text: DocumentText) -> None:
        self._all = frozenset(unit.number for unit in text.units)
        self._pages = {unit.number: unit.pages for unit in text.units}
        self._never = frozenset(page.number for page in text.pages if not page.state.was_read)

    def not_read(self, answered: Sequence[Cell]) -> tuple[int, ...]:
        """Pages that were not read, or of which a unit is in none of the answered windows."""
        seen: set[int] = set()
        for cell in answered:
            seen.update(range(cell.window.first, cell.window.last + 1))
        unseen = self._all - seen
        pages = {page for number in unseen for page in self._pages[number]}
        return tuple(sorted(pages | self._never))


def _cover(readings: Sequence[Sequence[Cell]], pages: _PagesOfUnits) -> VariableCoverage:
    every = sorted(
        (cell for parts in readings for cell in parts),
        key=lambda cell: (cell.window.first, cell.window.last),
    )
    return VariableCoverage(
        cells=tuple(every),
        owed=len(readings),
        done=sum(all(cell.answered for cell in parts) for parts in readings),
        settled=sum(all(cell.settled for cell in parts) for parts in readings),
        pages_not_read=pages.not_read([cell for cell in every if cell.answered]),
    )
