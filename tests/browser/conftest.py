"""A real browser before the real stack; no page may load anything from elsewhere or complain."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright

from benchmarks.documents import write_pdf
from local_host.stack import Stack

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, from this machine. For a module only: its event loop is in the way of others."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip(f"no browser found (looked for {', '.join(NAMES)}): the pages are untested")
    with sync_playwright() as playwright:
        # A browser in a container has no sandbox of its own to start.
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Complaints:
    """What went wrong behind the page."""

    site: str
    said: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Note script errors, console errors and foreign requests."""
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on(
            "console",
            lambda message: (
                self.said.append(f"console: {message.text}")
                # A refusal is an answer, though the browser calls it an error.
                if message.type == "error" and "Failed to load resource" not in message.text
                else None
            ),
        )
        page.on("request", self._check)

    def _check(self, request: Request) -> None:
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.said.append(f"foreign request: {request.url}")


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A new page; the test fails if anything went wrong behind it."""
    context = browser.new_context(base_url=stack.url, accept_downloads=True)
    context.set_default_timeout(30_000)
    opened = context.new_page()
    complaints = Complaints(stack.url)
    complaints.watch(opened)
    yield opened
    context.close()
    assert not complaints.said


@pytest.fixture(scope="session")
def pdfs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two small documents."""
    folder = tmp_path_factory.mktemp("pdfs")
    return [
        write_pdf(folder / name, pages=3, seed=seed)
        for seed, name in enumerate(("Energy plan.pdf", "Climate law.pdf"), 1)
    ]
