"""The examples of the documents run as they stand, on the running app."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pymupdf
import pytest

from local_host.stack import Stack
from local_host.surroundings import ROOT
from tests.conftest import hermetic_environment
from tests.sample_pdfs import pdf_of

EXAMPLES = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SITE = re.compile(r"^SITE=.*$", re.MULTILINE)


def run_examples(page: str, site: str, folder: Path) -> list[str]:
    """All examples of a page as one script; what each of its commands printed."""
    if shutil.which("curl") is None:
        pytest.skip("the examples need curl, which is not on this machine")
    script = "\n".join(EXAMPLES.findall((ROOT / "docs" / page).read_text("utf-8")))
    script = "set -euo pipefail\n" + f"SITE={site}\n" + SITE.sub("", script)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env={**hermetic_environment(), "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


def test_the_examples_of_the_http_interface_work(stack: Stack, tmp_path: Path) -> None:
    """Submit, watch, cancel and fetch with curl: every file is what the page promises."""
    (tmp_path / "plan.pdf").write_bytes(pdf_of("Net-zero emissions are reached by 2050."))
    (tmp_path / "strategy.pdf").write_bytes(pdf_of("Solar and wind power are expanded by 2030."))
    shutil.copy(ROOT / "samples" / "variables.csv", tmp_path)
    printed = "".join(run_examples("http.md", stack.url, tmp_path))
    assert '"errors"' not in printed, printed
    assert '"durable": "ok"' in printed
    job = json.loads((tmp_path / "job.json").read_text("utf-8"))
    status = json.loads((tmp_path / "status.json").read_text("utf-8"))
    assert status["instanceId"] == job["id"]
    assert (status["output"]["state"], status["output"]["documents"]) == ("completed", 2)
    assert status["output"]["quotes"] > 0
    results = json.loads((tmp_path / "results.json").read_text("utf-8"))
    assert set(results) == {"job", "variables", "documents", "findings"}
    assert (tmp_path / "results.xlsx").read_bytes().startswith(b"PK")
    with pymupdf.open(tmp_path / "highlighted.pdf") as pdf:
        assert pdf.page_count == 1
    assert "<!doctype html>" in (tmp_path / "page.html").read_text("utf-8").lower()
    assert "<!doctype html>" in (tmp_path / "job.html").read_text("utf-8").lower()
    assert "{" in (tmp_path / "style.css").read_text("utf-8")
    problem = json.loads((tmp_path / "problem.json").read_text("utf-8"))
    assert problem["status"] == 422
    assert [error["field"] for error in problem["errors"]] == ["email", "variables", "files"]


def test_the_examples_of_the_local_hosts_faults_work(stack: Stack, tmp_path: Path) -> None:
    """Faults are switched on, shown and switched off again."""
    printed = run_examples("local-host.md", stack.url, tmp_path)
    assert "lost_machine" in "".join(printed)
    assert "".join(printed).endswith("[]")
