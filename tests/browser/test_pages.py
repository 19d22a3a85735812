"""A person at the pages: making a job, watching it, being told what is wrong."""

from __future__ import annotations

import json
import re
import urllib.request
import zipfile
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.documents import write_pdf
from local_host.stack import Stack

pytestmark = pytest.mark.browser

addresses = count(1)


def address() -> str:
    """An address of its own: a user has one job at a time."""
    return f"browser-{next(addresses)}@example.org"


def fill(page: Page, files: list[Path]) -> None:
    """Fill in the form with one variable."""
    page.goto("/")
    page.set_input_files("#files", [str(file) for file in files])
    page.get_by_label("Name of the variable").fill("Renewables")
    page.get_by_label("Description of the variable").fill("Renewable energy, solar and wind")
    page.get_by_label("Email address").fill(address())


def start(page: Page, files: list[Path]) -> None:
    """Submit, and arrive at the job's page."""
    fill(page, files)
    page.get_by_role("button", name="Start reading").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f]{32}$"))


def set_model_latency(stack: Stack, seconds: float) -> None:
    """Let the stand-in model think for so long."""
    body = json.dumps({"latency": seconds}).encode()
    with urllib.request.urlopen(f"{stack.url_of('model')}/_control", body):
        pass


def test_from_documents_to_the_workbook(page: Page, pdfs: list[Path], tmp_path: Path) -> None:
    """Submit, watch, download the workbook, the JSON and a marked PDF; all survives a reload."""
    start(page, pdfs)
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your workbook is ready", timeout=60_000
    )
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your workbook is ready")
    expect(page.locator("#documents-count")).to_have_text("2 of 2")
    expect(page.locator("#variables-count")).to_have_text("2 of 2")
    expect(page.get_by_role("row", name="Energy plan.pdf")).to_contain_text("Read")
    expect(page.get_by_text("No language model has read these documents")).to_be_visible()
    with page.expect_download() as workbook:
        page.get_by_role("link", name="Download the workbook").click()
    workbook.value.save_as(tmp_path / "results.xlsx")
    assert zipfile.is_zipfile(tmp_path / "results.xlsx")
    with page.expect_download() as results:
        page.get_by_role("link", name="Download JSON").click()
    results.value.save_as(tmp_path / "results.json")
    known = json.loads((tmp_path / "results.json").read_text())
    assert [each["name"] for each in known["documents"]] == [pdf.name for pdf in pdfs]
    with page.expect_download() as marked:
        page.get_by_role("link", name="Marked PDF of Energy plan.pdf").click()
    marked.value.save_as(tmp_path / "marked.pdf")
    assert (tmp_path / "marked.pdf").read_bytes().startswith(b"%PDF-")
    assert marked.value.suggested_filename == "Energy plan (highlighted).pdf"
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.locator("#delivery")).to_contain_text("was sent to b…", timeout=30_000)


def test_a_job_is_cancelled(page: Page, stack: Stack, tmp_path: Path) -> None:
    """Cancel asks first, then stops; what was not read says so."""
    long = write_pdf(tmp_path / "Long.pdf", pages=200, seed=9)
    set_model_latency(stack, 20)
    try:
        start(page, [long])
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Stop").click()
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("The job was cancelled", timeout=60_000)
    finally:
        set_model_latency(stack, 0)
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()


def test_an_empty_form_says_what_is_missing(page: Page) -> None:
    """Nothing is sent; the summary takes the focus and leads to the fields."""
    page.goto("/")
    page.get_by_role("button", name="Start reading").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("3 things to put right")
    expect(page.locator("#email-error")).not_to_be_empty()
    summary.get_by_role("link", name="address").click()
    email = page.get_by_label("Email address")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-invalid", "true")
    email.fill("a@example.org")
    expect(page.locator("#email-error")).to_be_empty()


def test_what_is_put_right_is_no_longer_complained_of(page: Page, pdfs: list[Path]) -> None:
    """Each edit takes its field's fault from the summary; with the last one the summary goes."""
    page.goto("/")
    page.get_by_role("button", name="Start reading").click()
    summary = page.locator("#summary")
    email = page.get_by_label("Email address")
    email.click()
    expect(summary).to_contain_text("3 things to put right")
    email.fill("a@example.org")
    expect(summary).to_contain_text("2 things to put right")
    expect(summary).not_to_contain_text("address")
    expect(email).not_to_have_attribute("aria-invalid", "true")
    name = page.get_by_label("Name of the variable")
    name.fill("Coal")
    expect(summary).to_contain_text("1 thing to put right")
    expect(name).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("[data-error=variables]")).to_be_empty()
    page.set_input_files("#files", [str(pdf) for pdf in pdfs])
    expect(summary).to_be_hidden()
    expect(page.locator("#files-error")).to_be_empty()


def test_what_is_removed_is_no_longer_complained_of(page: Page, tmp_path: Path) -> None:
    """The button that removes a wrong file or a half-filled row settles its fault."""
    (tmp_path / "notes.txt").write_text("words")
    fill(page, [tmp_path / "notes.txt"])
    page.get_by_role("button", name="Add a variable").click()
    page.keyboard.type("Half a variable")
    page.get_by_role("button", name="Start reading").click()
    summary = page.locator("#summary")
    expect(summary).to_contain_text("2 things to put right")
    page.get_by_role("button", name="Remove this variable").nth(1).click()
    expect(summary).to_contain_text("1 thing to put right")
    page.get_by_role("button", name="Remove notes.txt").click()
    expect(summary).to_be_hidden()
    expect(page.locator("#files-error")).to_be_empty()


def test_what_the_server_refuses_is_said_at_its_field(page: Page, tmp_path: Path) -> None:
    """A text that calls itself PDF, and a variable named twice."""
    fake = tmp_path / "notes.pdf"
    fake.write_text("only text")
    fill(page, [fake])
    page.get_by_role("button", name="Add a variable").click()
    page.keyboard.type("renewables")
    page.keyboard.press("Tab")
    page.keyboard.type("The same once more")
    page.get_by_role("button", name="Start reading").click()
    expect(page.locator("#files-error")).to_contain_text("“notes.pdf” is neither a PDF nor a ZIP")
    expect(page.locator("#file-list .wrong")).to_have_text(re.compile("notes.pdf"))
    expect(page.locator("#variables li").nth(1)).to_contain_text("there twice")
    page.get_by_label("Name of the variable").nth(0).fill("Wind")
    expect(page.locator("#variables li").nth(1)).not_to_contain_text("there twice")
    expect(page.locator("#summary")).to_contain_text("notes.pdf")
    expect(page.get_by_role("button", name="Start reading")).to_be_enabled()


def test_a_second_job_leads_to_the_first(page: Page, stack: Stack, pdfs: list[Path]) -> None:
    """One job a user: the refusal links to the one that runs."""
    set_model_latency(stack, 20)
    try:
        start(page, pdfs)
        first = page.url
        fill(page, pdfs)
        page.get_by_label("Email address").fill(f"browser-{next(addresses) - 2}@example.org")
        page.get_by_role("button", name="Start reading").click()
        page.get_by_role("link", name="Go to the running job").click()
        page.wait_for_url(first)
        page.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Stop").click()
    finally:
        set_model_latency(stack, 0)


def test_cells_of_a_spreadsheet_become_rows(page: Page) -> None:
    """Two columns are pasted at once, quotes and header understood; a reload keeps them."""
    page.goto("/")
    copied = 'variable_name\tvariable_description\nCoal\t"Phase-out, ""fast"""\nBees\tPollinators\n'
    page.get_by_label("Name of the variable").evaluate(
        """(field, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          const options = {clipboardData, bubbles: true, cancelable: true};
          field.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        copied,
    )
    for _ in range(2):
        names = page.get_by_label("Name of the variable")
        expect(names).to_have_count(2)
        expect(names.nth(0)).to_have_value("Coal")
        expect(page.get_by_label("Description of the variable").nth(0)).to_have_value(
            'Phase-out, "fast"'
        )
        page.reload()


def test_files_are_listed_and_removed(page: Page, pdfs: list[Path]) -> None:
    """Each chosen file has its size and a way out, for keyboards too."""
    page.goto("/")
    page.set_input_files("#files", [str(pdf) for pdf in pdfs])
    expect(page.locator("#chosen-total")).to_contain_text("2 files")
    page.get_by_role("button", name="Remove Energy plan.pdf").press("Enter")
    expect(page.locator("#chosen-total")).to_contain_text("1 file,")
    expect(page.get_by_role("button", name="Remove Climate law.pdf")).to_be_focused()


def test_a_server_that_is_away_is_waited_for(page: Page, pdfs: list[Path]) -> None:
    """The page says so, keeps what it shows, and goes on by itself."""
    start(page, pdfs)
    expect(page.locator("#job")).to_be_visible()
    page.route("**/api/jobs/*", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("keeps asking")).to_be_visible()
    page.unroute("**/api/jobs/*")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your workbook is ready", timeout=60_000
    )
    expect(page.get_by_text("keeps asking")).to_be_hidden()


def test_an_unknown_job_says_so(page: Page) -> None:
    """And leads back to the start."""
    page.goto(f"/jobs/{'0' * 32}")
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such job.")
    expect(page.get_by_role("link", name="Start a new job")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_all_of_it(browser: Browser, stack: Stack, scheme: str) -> None:
    """Nothing is wider than a small phone, in both colour schemes; every field has a name."""
    context = browser.new_context(
        base_url=stack.url,
        viewport={"width": 340, "height": 700},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto("/")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 340
    unnamed = page.locator("input, textarea, button").evaluate_all(
        """fields => fields.filter(field => !(field.labels?.length || field.textContent.trim()
             || field.getAttribute("aria-label") || field.getAttribute("aria-labelledby")))
             .map(field => field.id)"""
    )
    assert unnamed == []
    context.close()
