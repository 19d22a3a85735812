"""The end of a run: results in blobs, its outcome, the user free again."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest

from activities.write_report import write_report
from shared.adapters.pymupdf_text import PymupdfTextExtractor
from shared.domain import blob_names
from shared.domain.findings import DocumentFindings
from shared.domain.job import DocumentState, JobState
from shared.domain.messages import ReportResult, WriteReport, from_json, to_json
from shared.domain.progress import RunOutcome
from shared.domain.report import Report
from shared.domain.results import Results
from shared.domain.stored import decode, encode
from shared.results import results_json, workbook
from shared.services import Services, replace_services
from tests.activities.calling import call
from tests.activities.settings import make_settings
from tests.example_findings import JOB, example_findings
from tests.fakes import FakeBlobs


class Stage:
    """The services of a test, over blobs in memory."""

    def __init__(self) -> None:
        self.blobs = FakeBlobs()
        self.services = Services(make_settings(), clock=lambda: datetime(2026, 3, 1, 9, tzinfo=UTC))
        self.services.blobs = self.blobs
        self.services.extractor = PymupdfTextExtractor()
        self.blobs.write(blob_names.request(JOB.id), encode(JOB))
        self.blobs.write(blob_names.current_run(JOB.id), b"1")
        self.blobs.write(blob_names.running(JOB.user), json.dumps({"job": JOB.id}).encode())

    def store(self, *findings: DocumentFindings) -> None:
        """What the documents came to."""
        for found in findings:
            self.blobs.write(blob_names.findings(JOB.id, found.document), encode(found))

    def write(self, *, run: int = 1, cancelled: bool = False) -> ReportResult:
        """Run the activity."""
        message = to_json(WriteReport(JOB.id, run, cancelled))
        return from_json(ReportResult, call(write_report, message))

    def results(self) -> Results:
        """The stored `results.json`."""
        return decode(Results, self.blobs.read(blob_names.results(JOB.id)))


@pytest.fixture
def stage() -> Stage:
    """Services in place for one test."""
    made = Stage()
    replace_services(made.services)
    return made


@pytest.fixture(autouse=True)
def _services_afterwards() -> object:
    yield
    replace_services(None)


def test_results_outcome_and_release(stage: Stage) -> None:
    """A finished run leaves JSON, workbook and outcome, and its user may submit again."""
    stage.store(*example_findings())
    result = stage.write()
    assert result == ReportResult("completed", 3, 1, 6, 3, 2100, 0.5)
    results = stage.results()
    assert results.job.state is JobState.COMPLETED
    assert results.job.usage.calls == 18
    assert results.job.model_is_stand_in
    book = openpyxl.load_workbook(io.BytesIO(stage.blobs.read(blob_names.workbook(JOB.id))))
    assert book.sheetnames[0] == "Summary"
    outcome = decode(RunOutcome, stage.blobs.read(blob_names.outcome(JOB.id, 1)))
    assert outcome.quotes == 3
    assert json.loads(stage.blobs.read(blob_names.running(JOB.user))) == {}


def test_results_json_has_the_fields_of_the_contract(stage: Stage) -> None:
    """Every field that clients rely on is there under its name, in its shape."""
    stage.store(*example_findings())
    stage.write()
    results = json.loads(stage.blobs.read(blob_names.results(JOB.id)))
    assert set(results) == {"job", "variables", "documents", "findings"}
    job_fields = "id state run model model_is_stand_in created finished usage"
    assert set(job_fields.split()) <= set(results["job"])
    assert set(results["job"]["usage"]) == {"input", "cached", "output", "cost", "calls"}
    assert {"id": "v1", "name": "SDG 7", "group": "SDGs"}.items() <= results["variables"][0].items()
    document_fields = "id name sha256 pages state error page_states attributes"
    assert set(document_fields.split()) <= set(results["documents"][0])
    finding = results["findings"][0]
    finding_fields = "document variable state answer pages_read pages_not_read readings quotes"
    assert set(finding_fields.split()) <= set(finding)
    assert finding["readings"] == {"owed": 9, "done": 9}
    quote = finding["quotes"][0]
    quote_fields = (
        "id text focus pdf_pages printed_pages units kind heading before after strength "
        "justification labels source checks boxes also_on_pages"
    )
    assert set(quote_fields.split()) <= set(quote)
    assert (quote["units"], quote["focus"]) == ([10, 11], [12, 34])
    assert quote["boxes"] == [{"page": 14, "rect": [72.0, 101.0, 523.0, 126.0]}]


def test_twice_is_once(stage: Stage) -> None:
    """An activity that runs again keeps the outcome and the results of the first time."""
    stage.store(*example_findings())
    first = stage.write()
    kept = {name: stage.blobs.read(name) for name in stage.blobs.names(f"jobs/{JOB.id}/")}
    stage.services.clock = lambda: datetime(2027, 1, 1, tzinfo=UTC)
    assert stage.write() == first
    assert {name: stage.blobs.read(name) for name in kept} == kept


def test_killed_before_the_outcome_it_writes_all_again(stage: Stage) -> None:
    """A worker that died after the JSON is made good for by the next call."""
    stage.store(*example_findings())
    stage.blobs.write(blob_names.results(JOB.id), b"{}")
    stage.write()
    assert stage.results().job.id == JOB.id


def test_a_document_never_reached_is_shown_as_such(stage: Stage) -> None:
    """A cancelled run accounts for every document, those without findings too."""
    stage.store(example_findings()[0])
    assert stage.write(cancelled=True).state == "cancelled"
    results = stage.results()
    assert [document.state for document in results.documents] == [
        *(DocumentState.READ, DocumentState.CANCELLED, DocumentState.CANCELLED)
    ]
    assert len(results.findings) == 6
    assert all(finding.reason for finding in results.findings[2:])


def test_failed_only_where_nothing_could_be_read(stage: Stage) -> None:
    """One readable document makes a completed job; none makes a failed one."""
    broken = example_findings()[2]
    stage.store(*(replace(broken, document=document.id) for document in JOB.documents))
    assert stage.write().state == "failed"
    assert stage.results().job.state is JobState.FAILED


def test_an_old_run_changes_nothing(stage: Stage) -> None:
    """A run that a later one has replaced neither writes nor releases the user."""
    stage.store(*example_findings())
    stage.blobs.write(blob_names.current_run(JOB.id), b"2")
    before = {name: stage.blobs.read(name) for name in stage.blobs.names("")}
    assert stage.write().problem
    assert {name: stage.blobs.read(name) for name in stage.blobs.names("")} == before


def test_another_job_keeps_its_user(stage: Stage) -> None:
    """A lock that names another job is left alone."""
    stage.store(*example_findings())
    other = json.dumps({"job": "other"}).encode()
    stage.blobs.write(blob_names.running(JOB.user), other)
    stage.write()
    assert stage.blobs.read(blob_names.running(JOB.user)) == other


def test_a_deleted_job_is_no_error(stage: Stage) -> None:
    """Where the user erased the job meanwhile, there is nothing to write."""
    stage.blobs.delete(blob_names.request(JOB.id))
    assert "deleted" in stage.write().problem


class _BrokenWorkbook:
    def write(self, report: Report) -> bytes:
        """Fail as a full disk does."""
        del report
        raise OSError("no space left")


def test_without_a_workbook_the_json_stands_and_says_so(stage: Stage) -> None:
    """A workbook that cannot be made costs neither the results nor the state."""
    stage.store(*example_findings())
    stage.blobs.write(blob_names.current_run(JOB.id), b"2")
    stage.blobs.write(blob_names.workbook(JOB.id), b"of an earlier run")
    stage.blobs.write(blob_names.highlighted(JOB.id, "d1"), b"of an earlier run")
    stage.services.workbook = _BrokenWorkbook()
    result = stage.write(run=2)
    assert result.state == "completed"
    assert "results.json" in result.problem
    assert stage.results().job.problem == result.problem
    assert stage.blobs.find(blob_names.workbook(JOB.id)) is None
    assert stage.blobs.find(blob_names.highlighted(JOB.id, "d1")) is None


def test_before_the_end_results_are_what_is_known(stage: Stage) -> None:
    """While a run goes on, JSON and workbook hold what was read and say that they are not final."""
    stage.store(example_findings()[0])
    results = decode(Results, results_json(stage.blobs, JOB.id))
    assert results.job.state is JobState.RUNNING
    assert results.job.finished is None
    assert len(results.findings) == 6
    book = openpyxl.load_workbook(io.BytesIO(workbook(stage.services, JOB.id)))
    assert any("still running" in str(row[0].value) for row in book["Summary"].iter_rows())
