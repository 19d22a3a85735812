"""Takes the README's picture: the sample policies being read, in a real browser.

`.venv/bin/python -m docs.pictures.take`, after any `./dev` command; needs Chromium.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from local_host.command_line import DEFAULT_VARIABLES
from local_host.samples import write_samples
from local_host.stack import Stack, StackOptions

PICTURES = Path(__file__).parent
SIZE = {"width": 1100, "height": 1010}


def main() -> None:
    """Read the samples slowly enough to be seen, and keep a picture of the job."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_samples(folder / "samples")
        settings = {"DOCUMENTS_IN_FLIGHT": "2"}
        options = StackOptions(folder / "stack", model_latency=2.5, settings=settings)
        with Stack(options) as stack, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(base_url=stack.url, viewport=SIZE, device_scale_factor=1.5)
            _submit(page, sorted((folder / "samples").glob("*.pdf")))
            page.get_by_text("2 read").wait_for(timeout=60_000)
            page.wait_for_timeout(1500)  # the bars move
            page.screenshot(path=PICTURES / "job.png")
            browser.close()


def _submit(page: Page, pdfs: list[Path]) -> None:
    page.goto("/")
    page.set_input_files("#files", [str(pdf) for pdf in pdfs])
    page.set_input_files("#variables-file", str(DEFAULT_VARIABLES))
    page.get_by_label("Email address").fill("analyst@example.org")
    page.get_by_role("button", name="Start reading").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f]{32}$"))


if __name__ == "__main__":
    main()
