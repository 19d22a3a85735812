"""What a report is made from, and the words for its cells, the same on every sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from shared.domain.findings import DocumentFindings, Finding, FindingState
from shared.domain.job import Document, Job, Variable
from shared.domain.models import is_stand_in
from shared.domain.progress import RunOutcome
from shared.domain.report import Fill

NOT_READ = "not read"

STAND_IN_NOTICE = (
    "These results are a demonstration: a stand-in ranked the text by keywords. "
    "No language model has read these documents. Do not use them as findings."
)


Documents = Callable[[], Iterator[DocumentFindings]]
"""Walks the findings of all documents, in the job's order, from the beginning at each call."""


@dataclass(frozen=True, slots=True)
class ReportSource:
    """Everything a report says.

    `outcome` is None while the run goes on. `public_url` is empty where the
    service has no public address; `expires` says until when its links work, or is empty.
    `versions` names the software, as (part, version).
    """

    job: Job
    run: int
    documents: Documents
    outcome: RunOutcome | None = None
    public_url: str = ""
    expires: str = ""
    versions: tuple[tuple[str, str], ...] = ()

    def read(self) -> Iterator[tuple[Document, DocumentFindings]]:
        """Each document with its findings."""
        return zip(self.job.documents, self.documents(), strict=True)


def cells(job: Job, found: DocumentFindings) -> Iterator[tuple[Variable, Finding]]:
    """Each variable with its finding in this document, in the job's order."""
    by_variable = {finding.variable: finding for finding in found.findings}
    for variable in job.variables:
        if variable.id in by_variable:
            yield variable, by_variable[variable.id]


def models_in(names: str) -> list[str]:
    """The models of a list as findings and outcomes write it."""
    return [name for name in names.split(", ") if name]


def has_stand_in(models: str) -> bool:
    """Whether any of the models named was a stand-in."""
    return any(map(is_stand_in, models_in(models)))


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 quote`, `2 quotes`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def page_ranges(pages: Iterable[int]) -> str:
    """Page numbers as people write them: `3–5, 9`."""
    ordered = sorted(set(pages))
    if not ordered:
        return ""
    ends = [a for a, b in pairwise(ordered) if b != a + 1] + [ordered[-1]]
    starts = [ordered[0]] + [b for a, b in pairwise(ordered) if b != a + 1]
    spans = zip(starts, ends, strict=True)
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def pages_of(finding: Finding) -> int:
    """All pages of the document this cell is about."""
    return finding.pages_read + len(finding.pages_not_read)


def state_in_words(finding: Finding) -> str:
    """The state of a cell; of one that nothing was read for, that too."""
    if finding.state is FindingState.PARTLY_READ and not finding.readings.done:
        return NOT_READ
    return finding.state.value.replace("_", " ")


def coverage_in_words(finding: Finding) -> str:
    """What a cell without quotes says."""
    extent = f"{finding.pages_read:,} of {count(pages_of(finding), 'page')}"
    readings = finding.readings
    if state_in_words(finding) == NOT_READ:
        return _because(NOT_READ, finding.reason)
    if finding.state is FindingState.NOT_FOUND:
        return f"not found in {extent}, {count(readings.done, 'reading')}"
    if finding.state is FindingState.PARTLY_READ:
        done = f"{readings.done:,} of {count(readings.owed, 'reading')}"
        return _because(f"nothing found, but only partly read: {extent}, {done}", finding.reason)
    return _because(finding.state.value, finding.reason)


def in_words(finding: Finding) -> str:
    """What a cell says, quotes or none."""
    if not finding.quotes:
        return coverage_in_words(finding)
    quotes = count(len(finding.quotes), "quote")
    if is_complete(finding):
        return f"{quotes} in {count(pages_of(finding), 'page')}"
    extent = f"{finding.pages_read:,} of {count(pages_of(finding), 'page')}"
    done = f"{finding.readings.done:,} of {count(finding.readings.owed, 'reading')}"
    return _because(f"{quotes}; there may be more: {extent} read, {done}", finding.reason)


def is_complete(finding: Finding) -> bool:
    """Whether every page and every reading owed stands behind this cell."""
    readings_missing = finding.readings.done < finding.readings.owed
    settled = finding.state in {FindingState.FOUND, FindingState.NOT_FOUND}
    return settled and not finding.pages_not_read and not readings_missing


def fill_of(finding: Finding) -> Fill:
    """The colour of a cell; quotes from a partly read document are shown as partly read."""
    if finding.state is FindingState.FOUND and not is_complete(finding):
        return Fill.PARTLY_READ
    return Fill(finding.state.value)


def _because(fact: str, reason: str) -> str:
    return f"{fact}: {reason}" if reason else fact
