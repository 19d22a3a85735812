"""The host as a program: started, killed, started again."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

from tests.local_host.conftest import ROOT, StartHost

APP = """
import os, time
from pathlib import Path
import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

@app.route(route="start", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client) -> func.HttpResponse:
    await client.start_new("count", "one", int(req.get_body()))
    return func.HttpResponse(status_code=202)

@app.route(route="status", methods=["GET"])
@app.durable_client_input(client_name="client")
async def status(req: func.HttpRequest, client) -> func.HttpResponse:
    found = await client.get_status("one")
    return func.HttpResponse(str(found.output), status_code=200 if found.output else 202)

@app.route(route="size", methods=["POST"])
async def size(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(len(req.get_body())))

@app.route(route="setting", methods=["GET"])
def setting(req: func.HttpRequest) -> str:
    return f"{os.environ.get('FROM_FILE')} {os.environ.get('FROM_BOTH')} {Path.cwd().name}"

@app.route(route="block", methods=["GET"])
async def block(req: func.HttpRequest) -> str:
    time.sleep(30)
    return "late"

@app.activity_trigger(input_name="n")
def note(n: int) -> int:
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(f"{n}\\n")
    time.sleep(0.02)
    return n

@app.orchestration_trigger(context_name="context")
def count(context):
    left = context.get_input()
    total = 0
    for n in range(left):
        total += yield context.call_activity(note, n)
    return total
"""


def _app(folder: Path) -> Path:
    root = folder / "app"
    root.mkdir()
    (root / "function_app.py").write_text(APP, "utf-8")
    durable = {"hubName": "Program"}
    host = {
        "version": "2.0",
        "extensions": {"http": {"routePrefix": "v1"}, "durableTask": durable},
    }
    (root / "host.json").write_text(json.dumps(host), "utf-8")
    values = {
        "FROM_FILE": "file",
        "FROM_BOTH": "file",
        "NOTES": str(folder / "notes"),
        "PYTHON_THREADPOOL_THREAD_COUNT": "4",
    }
    (root / "local.settings.json").write_text(json.dumps({"Values": values}), "utf-8")
    return root


def test_sigkill_loses_nothing(tmp_path: Path, start_host: StartHost) -> None:
    """Killed three times in the middle, the orchestration ends as if it had not been."""
    app, notes = _app(tmp_path), tmp_path / "notes"
    program, url = start_host(app, tmp_path / "state")
    assert requests.post(f"{url}/v1/start", data="40", timeout=5).status_code == 202
    for seen in (5, 15, 25):
        while not notes.exists() or len(notes.read_text().split()) < seen:
            time.sleep(0.005)
        program.kill()
        program.wait()
        program, url = start_host(app, tmp_path / "state")
    limit = time.monotonic() + 15
    while (answer := requests.get(f"{url}/v1/status", timeout=5)).status_code == 202:
        assert time.monotonic() < limit, "the orchestration did not end"
        time.sleep(0.02)
    assert answer.text == str(sum(range(40)))
    done = [int(line) for line in notes.read_text().split()]
    assert set(done) == set(range(40))
    assert len(done) <= 40 + 3, "more than the call in flight was done again at a kill"


def test_stops_while_the_app_is_busy(tmp_path: Path, start_host: StartHost) -> None:
    """SIGTERM ends the host within three seconds even if the app blocks its own loop.

    Meanwhile the host itself still answers.
    """
    program, url = start_host(_app(tmp_path), tmp_path / "state")
    busy = threading.Thread(target=_ignore_errors, args=(f"{url}/v1/block",), daemon=True)
    busy.start()
    time.sleep(0.2)
    assert requests.get(f"{url}/_local/faults", timeout=1).json() == []
    program.send_signal(signal.SIGTERM)
    assert program.wait(timeout=3) == 0
    busy.join(timeout=5)


def _ignore_errors(url: str) -> None:
    try:
        requests.get(url, timeout=20)
    except requests.RequestException:
        return


def test_large_bodies_and_settings(tmp_path: Path, start_host: StartHost) -> None:
    """50 MB arrive whole; settings come from the file, and the app root is the folder."""
    _, url = start_host(_app(tmp_path), tmp_path / "state")
    body = b"x" * 50_000_000
    assert requests.post(f"{url}/v1/size", data=body, timeout=20).text == "50000000"
    assert requests.get(f"{url}/v1/setting", timeout=5).text == "file file app"


def test_an_app_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """Without function_app.py the host says so in one line and ends with 1."""
    command = [sys.executable, "-m", "local_host.host", "--state", str(tmp_path / "state")]
    ended = subprocess.run(
        [*command, "--app-root", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "function_app.py does not exist" in ended.stderr
    assert ended.stdout == ""
