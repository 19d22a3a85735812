"""The documents say what is there: every route, every command, every link."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_host.command_line import parse
from local_host.surroundings import ROOT
from tests.conftest import hermetic_environment

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ `([A-Z]+) (/\S*)`$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|`)\./dev ([a-z]+)", re.MULTILINE)
MADE_ELSEWHERE = ROOT / "docs" / "pictures" / "job.png"
"""A screenshot; where it has not been made yet, its link is not followed."""

LIST_ROUTES = """
import json
from function_app import app

found = []
for function in app.get_functions():
    for raw in function.get_raw_bindings():
        binding = json.loads(raw)
        if binding["type"] == "httpTrigger":
            path = "/" + binding["route"].strip("/")
            found += [f"{method} {path}" for method in binding["methods"]]
print(json.dumps(found))
"""


def routes() -> set[str]:
    """Method and path of every HTTP function, as the SDK indexes the app."""
    listed = subprocess.run(
        [sys.executable, "-c", LIST_ROUTES],
        cwd=ROOT,
        env=hermetic_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return set(json.loads(listed.stdout))


def test_every_route_is_described_and_nothing_else() -> None:
    """The headings of docs/http.md are the app's routes."""
    described = HEADING.findall((ROOT / "docs" / "http.md").read_text("utf-8"))
    headings = [f"{method} {path}" for method, path in described]
    assert len(headings) == len(set(headings)), "a route is described twice"
    assert set(headings) == routes()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_exists(page: Path, tmp_path: Path) -> None:
    """What a reader is told to type after `./dev` is understood."""
    needs = {"samples": [str(tmp_path)]}
    for command in set(COMMAND.findall(page.read_text("utf-8"))):
        assert parse([command, *needs.get(command, [])]).command == command


def test_the_readme_tells_of_commands() -> None:
    """The test above looks at something."""
    found = set(COMMAND.findall((ROOT / "README.md").read_text("utf-8")))
    assert {"run", "test", "samples", "bench"} <= found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links lead to files that are there."""
    astray = []
    for link in LINK.findall(page.read_text("utf-8")):
        if "://" in link or link.startswith(("#", "mailto:")):
            continue
        target = (page.parent / link.partition("#")[0]).resolve()
        if not target.exists() and target != MADE_ELSEWHERE:
            astray.append(link)
    assert astray == []
