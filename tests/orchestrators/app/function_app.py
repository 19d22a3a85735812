"""`run_job` as it is, over activities that follow a script and count how they are called.

The script of a job is posted before it starts; the activities bear the names of the real ones.
"""

from __future__ import annotations

import json
import random
import threading
import time
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from orchestrators.run_job import blueprint

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint)

_lock = threading.Lock()
_jobs: dict[str, dict[str, Any]] = {}


@app.route("start/{job}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Body: {"input": RunJob, "script": {...}}."""
    job, body = req.route_params["job"], req.get_json()
    with _lock:
        _jobs[job] = {"calls": [], "running": 0, "cancelled": False, **body["script"]}
    await client.start_new("run_job", job, body["input"])
    return func.HttpResponse("{}")


@app.route("cancel/{job}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def cancel(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """Set the marker, then wake the orchestrator, as the app does."""
    job = req.route_params["job"]
    with _lock:
        _jobs[job]["cancelled"] = True
    await client.raise_event(job, "cancel", {})
    return func.HttpResponse("{}")


@app.route("status/{job}")
@app.durable_client_input(client_name="client")
async def status(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    """What Durable says, and the calls so far."""
    job = req.route_params["job"]
    known = await client.get_status(job)
    with _lock:
        calls = list(_jobs[job]["calls"])
    said = {"status": known.runtime_status.name, "output": known.output}
    return func.HttpResponse(json.dumps({**said, "custom": known.custom_status, "calls": calls}))


@app.activity_trigger(input_name="message")
def look_at_run(message: dict[str, Any]) -> dict[str, Any]:
    """Current unless the script says otherwise."""
    with _lock:
        job = _jobs[message["job"]]
        job["calls"].append({"name": "look_at_run"})
        return {"current": job.get("current", True), "cancelled": job["cancelled"]}


@app.activity_trigger(input_name="message")
def read_document(message: dict[str, Any]) -> dict[str, Any]:
    """Takes as long, as many slices, and as many faults as the script says."""
    with _lock:
        job = _jobs[message["job"]]
        document = message["document"]
        job["running"] += 1
        times = sum(call.get("document") == document for call in job["calls"]) + 1
        call = {
            "name": "read_document", "document": document, "running": job["running"],
            "at": time.time(), "ended": False,
        }  # fmt: skip
        job["calls"].append(call)
    try:
        time.sleep(random.uniform(0.5, 1.5) * job.get("seconds", 0.0))  # noqa: S311
        if times <= job.get("faults", 0):
            raise OSError("the machine is on fire")
        return _slice_result(job, times)
    finally:
        with _lock:
            job["running"] -= 1
            call["ended"] = True


def _slice_result(job: dict[str, Any], times: int) -> dict[str, Any]:
    done = job["cancelled"] or times >= job.get("slices", 1) + job.get("faults", 0)
    return {
        "done": done,
        "advanced": True,
        "variables_done": 1,
        "retry_after": None if done else job.get("retry_after"),
        "cancelled": job["cancelled"],
    }


@app.activity_trigger(input_name="message")
def write_report(message: dict[str, Any]) -> dict[str, Any]:
    """Fails as often as the script says."""
    with _lock:
        job = _jobs[message["job"]]
        job["calls"].append({"name": "write_report", "cancelled": message["cancelled"]})
        tries = sum(call["name"] == "write_report" for call in job["calls"])
    if tries <= job.get("report_faults", 0):
        raise OSError("the report is on fire")
    state = "cancelled" if message["cancelled"] else "completed"
    return {"state": state, "documents": 0, "failed": 0, "findings": 0, "quotes": 0,
            "tokens": 0, "cost": 0.0}  # fmt: skip


@app.activity_trigger(input_name="message")
def send_email(message: dict[str, Any]) -> dict[str, Any]:
    """Waits as often as the script says, then sends."""
    with _lock:
        job = _jobs[message["job"]]
        job["calls"].append({"name": "send_email"})
        tries = sum(call["name"] == "send_email" for call in job["calls"])
    if tries <= job.get("email_waits", 0):
        return {"state": "waiting", "retry_after": 0.1}
    return {"state": "sent"}
