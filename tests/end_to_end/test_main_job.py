"""`./dev run` from files to results: exit code, workbook, quotes on their pages, one email."""

import email
import json
import subprocess
import sys
import zipfile
from email import policy
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pymupdf
import pytest

from local_host.samples import write_samples
from local_host.surroundings import ROOT
from tests.conftest import hermetic_environment
from tests.end_to_end.verbatim import missing_quotes


def run(
    out: Path, *documents: Path, public_url: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Read the documents with `./dev run`."""
    return subprocess.run(
        [sys.executable, ROOT / "dev", "run", *documents, "--out", out],
        cwd=out.parent,
        env=hermetic_environment() | ({"PUBLIC_URL": public_url} if public_url else {}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def read_results(out: Path) -> dict[str, Any]:
    """The results as JSON."""
    results: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return results


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample PDFs."""
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


@pytest.fixture(scope="module")
def finished(samples: Path) -> tuple[subprocess.CompletedProcess[str], Path]:
    """One run over all samples, looked at by several tests."""
    out = samples.parent / f"{samples.name}-work" / "out"
    out.parent.mkdir()
    return run(out, *sorted(samples.glob("*.pdf"))), out


Finished = tuple[subprocess.CompletedProcess[str], Path]


def test_every_sample_is_read_and_the_exit_code_says_so(finished: Finished) -> None:
    """Exit 0, every document read, every cell accounted for."""
    done, out = finished
    assert done.returncode == 0, done.stdout + done.stderr
    results = read_results(out)
    assert [document["state"] for document in results["documents"]] == ["read"] * 4
    assert len(results["findings"]) == 4 * len(results["variables"])
    assert {finding["state"] for finding in results["findings"]} <= {"found", "not_found"}
    assert "4 documents of 4 read" in done.stdout


def test_every_quote_stands_verbatim_on_its_page(finished: Finished, samples: Path) -> None:
    """An independent reading of the pages finds every quote where the results say."""
    _, out = finished
    quotes = [quote for each in read_results(out)["findings"] for quote in each["quotes"]]
    assert len(quotes) >= 8
    pdfs = {path.name: path for path in samples.glob("*.pdf")}
    assert list(missing_quotes(read_results(out), pdfs)) == []


def test_one_email_carries_the_workbook(finished: Finished) -> None:
    """One mail to the analyst, with the very workbook that lies beside it."""
    _, out = finished
    (path,) = (out / "mails").glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    assert "analyst@example.org" in message["To"]
    (attachment,) = [
        part for part in message.iter_attachments() if str(part.get_filename()).endswith(".xlsx")
    ]
    assert attachment.get_content() == (out / "results.xlsx").read_bytes()


def test_no_result_links_to_the_server_that_has_ended(finished: Finished) -> None:
    """Neither results, workbook nor mail lead to this machine, where nothing answers any more."""
    done, out = finished
    assert "127.0.0.1" in done.stdout, "while it runs, the job has a page"
    (path,) = (out / "mails").glob("*.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
    texts = {
        f"mail, {part.get_content_type()}": part.get_content()
        for part in mail.walk()
        if part.get_content_maintype() == "text"
    }
    assert len(texts) == 2, texts.keys()
    assert all("attached: results.xlsx" in text for text in texts.values()), texts
    with zipfile.ZipFile(out / "results.xlsx") as book:
        texts |= {name: book.read(name).decode("utf-8", "replace") for name in book.namelist()}
    texts["results.json"] = (out / "results.json").read_text(encoding="utf-8")
    dead = [name for name, text in texts.items() if "127.0.0.1" in text or "localhost" in text]
    assert dead == [], dead


def test_an_address_of_the_users_own_is_linked(samples: Path, tmp_path: Path) -> None:
    """Who sets PUBLIC_URL gets links to it."""
    address = "https://reader.example"
    done = run(tmp_path / "out", samples / "Tamaroa Pledge.pdf", public_url=address)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = (tmp_path / "out" / "mails").glob("*.eml")
    assert f"{address}/jobs/" in path.read_text(encoding="utf-8")


def test_the_workbook_opens_and_owns_up_to_the_stand_in(finished: Finished) -> None:
    """The workbook has its sheets, and says that no language model chose the quotes."""
    done, out = finished
    book = openpyxl.load_workbook(BytesIO((out / "results.xlsx").read_bytes()), read_only=True)
    assert {"Summary", "Quotes", "Coverage"} <= set(book.sheetnames)
    words = " ".join(
        str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row
    )
    assert "stand-in" in words.lower()
    assert "stand-in" in done.stdout


def test_every_document_is_highlighted(finished: Finished) -> None:
    """A marked copy of each document, with marks where quotes were found."""
    _, out = finished
    marked = sorted((out / "highlighted").glob("*.pdf"))
    assert len(marked) == 4
    with pymupdf.open(marked[0]) as pdf:
        assert any(list(page.annots()) for page in pdf)


def test_a_document_that_is_no_pdf_costs_only_itself(samples: Path, tmp_path: Path) -> None:
    """A corrupt PDF is named with its reason, exit 1; the other one is read."""
    corrupt = tmp_path / "corrupt.pdf"
    corrupt.write_bytes(b"%PDF-1.7\n" + b"nothing that a PDF holds\n" * 40)
    done = run(tmp_path / "out", samples / "Tamaroa Pledge.pdf", corrupt)
    assert done.returncode == 1, done.stdout + done.stderr
    states = {item["name"]: item["state"] for item in read_results(tmp_path / "out")["documents"]}
    assert states["Tamaroa Pledge.pdf"] == "read"
    assert states["corrupt.pdf"] in ("failed", "unreadable")
    assert "corrupt.pdf: " in done.stdout


def test_real_plans_are_read_verbatim(real_pdfs: Path, tmp_path: Path) -> None:
    """Real plans in English and French: exit 0, and every quote on its page."""
    folder = real_pdfs / "policy"
    names = (
        "CAN-004-lt-leds-2022.pdf",
        "SEN_Senegal_First_NDC_French.pdf",
        "BTN_Bhutan_Second_NDC_English.pdf",
    )
    out = tmp_path / "out"
    done = run(out, *(folder / name for name in names))
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(finding["quotes"] for finding in read_results(out)["findings"])
    pdfs = {name: folder / name for name in names}
    assert list(missing_quotes(read_results(out), pdfs)) == []
