"""What a job leaves in a folder: nothing lost, everything to be traced, and the reasons said."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pymupdf
import pytest

from local_host.client import Client, Job
from local_host.delivery import Delivery, deliver
from local_host.marked_names import name_marked
from local_host.run_summary import describe
from local_host.stack import Stack
from tests.end_to_end.jobs import finish
from tests.sample_pdfs import pdf_of

VARIABLES = "variable_name,variable_description\nNet zero,The year of net zero emissions\n"


@pytest.fixture(scope="module")
def job(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Client, Job]:
    """A finished job over a ZIP that holds two documents of one name."""
    folder = tmp_path_factory.mktemp("zip")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for country, year in (("maravia", 2050), ("ostmark", 2060)):
            text = f"The country {country} will reach net zero emissions by {year}."
            archive.writestr(f"{country}/plan.pdf", pdf_of(text))
    (folder / "plans.zip").write_bytes(packed.getvalue())
    (folder / "variables.csv").write_text(VARIABLES, encoding="utf-8")
    client = Client(stack.url, stack.check)
    files = {"plans.zip": folder / "plans.zip"}
    submitted = client.submit(files, folder / "variables.csv", "delivery@example.org")
    assert finish(client, submitted).runtime_status == "Completed"
    return client, submitted


def test_documents_of_one_name_are_told_apart(job: tuple[Client, Job], tmp_path: Path) -> None:
    """Each marked PDF lies in the folder that its document had in the ZIP."""
    delivery = deliver(*job, None, tmp_path)
    assert delivery.missing == ()
    for country in ("maravia", "ostmark"):
        with pymupdf.open(tmp_path / "highlighted" / country / "plan.pdf") as pdf:
            assert country in pdf[0].get_text()


def test_a_workbook_that_lies_there_is_kept(job: tuple[Client, Job], tmp_path: Path) -> None:
    """Two more deliveries: the reviewer's workbooks stay, each under its date, and it is said."""
    for written in (b"decisions", b"more decisions"):
        (tmp_path / "results.xlsx").write_bytes(written)
        os.utime(tmp_path / "results.xlsx", (1_700_000_000, 1_700_000_000))
        delivery = deliver(*job, None, tmp_path)
        kept = tmp_path / delivery.earlier_workbook
        assert kept.read_bytes() == written
        assert "results 2023-11-1" in kept.name
        assert any(kept.name in line for line in describe(delivery))
        assert zipfile.is_zipfile(tmp_path / "results.xlsx")
    assert len(list(tmp_path.glob("results *.xlsx"))) == 2


def test_only_what_a_delivery_wrote_goes(job: tuple[Client, Job], tmp_path: Path) -> None:
    """Marked PDFs and mails of an earlier job go with it; a file of the user's own stays."""
    earlier = {"documents": [{"id": "d1", "name": "old/plan.pdf", "state": "read"}]}
    (tmp_path / "results.json").write_text(json.dumps(earlier), encoding="utf-8")
    for name in ("old/plan.pdf", "mine.pdf"):
        path = tmp_path / "highlighted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%PDF-")
    deliver(*job, None, tmp_path)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.glob("highlighted/**/*"))
    plans = [f"highlighted/{each}" for each in ("maravia", "maravia/plan.pdf")]
    plans += [f"highlighted/{each}" for each in ("ostmark", "ostmark/plan.pdf")]
    assert left == [*plans[:2], "highlighted/mine.pdf", *plans[2:]]


def test_damaged_earlier_results_do_not_stop_a_delivery(
    job: tuple[Client, Job], tmp_path: Path
) -> None:
    """Half a file of an earlier job is replaced."""
    (tmp_path / "results.json").write_text('{"documents": [', encoding="utf-8")
    deliver(*job, None, tmp_path)
    assert len(json.loads((tmp_path / "results.json").read_bytes())["documents"]) == 2


@pytest.mark.parametrize(
    ("documents", "files"),
    [
        (["plan.pdf", "a/plan.pdf"], ["plan.pdf", "a/plan.pdf"]),
        (["a/Plan.pdf", "A/plan.PDF"], ["a/Plan.pdf", "A/plan (2).pdf"]),
        (["plan", "plan.pdf"], ["plan.pdf", "plan (2).pdf"]),
        (["a.pdf", "a.pdf/b.pdf"], ["a.pdf", "a.pdf_/b.pdf"]),
        (["../../etc/a.pdf", "/etc/a.pdf"], ["etc/a.pdf", "etc/a (2).pdf"]),
        (["..\\a.pdf", "...", ".pdf"], ["a.pdf", "document.pdf", "pdf.pdf"]),
    ],
)
def test_names_are_distinct_and_stay_inside(documents: list[str], files: list[str]) -> None:
    """Whatever documents are called, each has a file of its own below the folder."""
    assert [str(path) for path in name_marked(documents)] == files


def test_a_name_longer_than_a_file_system_takes_is_cut() -> None:
    """Two long names stay distinct and fit."""
    first, second = name_marked(["é" * 300 + "1.pdf", "é" * 300 + "2.pdf"])
    assert first != second
    assert max(len(str(path).encode()) for path in (first, second)) <= 255


def summary(tmp_path: Path, document: dict[str, Any], reason: str = "") -> str:
    """The line of one document."""
    known = {"id": "d1", "name": "IRQ.pdf", "state": "partly_read", "pages": 16, "error": None}
    results = {
        "job": {"model_is_stand_in": False},
        "documents": [{**known, **document}],
        "findings": [{"document": "d1", "quotes": [], "reason": reason}],
    }
    return describe(Delivery(tmp_path, results, 0, ()))[1].strip()


def test_pages_that_were_not_read_are_counted_by_reason(tmp_path: Path) -> None:
    """The line says how many pages are missing, and why."""
    untrusted = dict.fromkeys(range(1, 10), "its text layer cannot be trusted")
    said = summary(tmp_path, {"page_reasons": {**untrusted, 12: "it could not be read"}})
    assert said == (
        "IRQ.pdf: partly read: 9 of 16 pages: their text layer cannot be trusted; "
        "1 of 16 pages: it could not be read"
    )


def test_readings_that_failed_are_the_reason_where_every_page_was_read(tmp_path: Path) -> None:
    """What the cells say is said where the pages say nothing."""
    said = summary(tmp_path, {"page_reasons": {}}, "2 of 5 readings failed: the model refused")
    assert said == "IRQ.pdf: partly read: 2 of 5 readings failed: the model refused"


def test_an_error_is_the_reason(tmp_path: Path) -> None:
    """What kept a document from being read at all comes first."""
    said = summary(tmp_path, {"state": "failed", "error": "it is locked"})
    assert said == "IRQ.pdf: failed: it is locked"
