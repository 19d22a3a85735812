"""The door: HTTP routes, timers, and the functions behind them. Each route is a few lines."""

from __future__ import annotations

import azure.durable_functions as df
import azure.functions as func

from activities import look_at_run, read_document, send_email, write_report
from orchestrators import run_job
from shared.clean_up import purge_expired as erase_expired_jobs
from shared.services import services
from shared.watchdog import watch_jobs as tend_jobs
from shared.web import cancel, downloads, health, job_view, page_files, status, submission
from shared.web.problems import answered, in_time

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

for module in (run_job, look_at_run, read_document, write_report, send_email):
    app.register_functions(module.blueprint)


@app.route("api/jobs", methods=["POST"])
@app.durable_client_input(client_name="client")
@answered
async def submit_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Check, store and start a job."""
    return await submission.submit(req, client, services())


@app.route("api/jobs/{id}/status", methods=["GET"])
@app.durable_client_input(client_name="client")
@answered
async def get_job_status(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """The Durable status shape."""
    return await in_time(status.get_status(req, client, services()))


@app.route("api/jobs/{id}", methods=["GET"])
@app.durable_client_input(client_name="client")
@answered
async def get_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """The job for people and pages."""
    return await in_time(job_view.get_job(req, client, services()))


@app.route("api/jobs/{id}/cancel", methods=["POST"])
@app.durable_client_input(client_name="client")
@answered
async def cancel_job(
    req: func.HttpRequest, client: df.DurableOrchestrationClient
) -> func.HttpResponse:
    """Stop a job, keeping what is known."""
    return await cancel.cancel(req, client, services())


@app.route("api/jobs/{id}/results.xlsx", methods=["GET"])
@answered
async def get_workbook(req: func.HttpRequest) -> func.HttpResponse:
    """The workbook."""
    return await downloads.get_workbook(req, services())


@app.route("api/jobs/{id}/results.json", methods=["GET"])
@answered
async def get_results(req: func.HttpRequest) -> func.HttpResponse:
    """The results as JSON."""
    return await downloads.get_results(req, services())


@app.route("api/jobs/{id}/documents/{document_id}/highlighted.pdf", methods=["GET"])
@answered
async def get_highlighted(req: func.HttpRequest) -> func.HttpResponse:
    """A document with its quotes marked."""
    return await downloads.get_highlighted(req, services())


@app.route("api/health", methods=["GET"])
@app.durable_client_input(client_name="client")
@answered
async def get_health(
    req: func.HttpRequest,  # noqa: ARG001  the trigger's
    client: df.DurableOrchestrationClient,
) -> func.HttpResponse:
    """Whether storage and Durable answer."""
    return await health.get_health(client, services())


@app.route("/", methods=["GET"])
@answered
async def get_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page on which a job is made."""
    return page_files.page_file("index.html", req)


@app.route("jobs/{id}", methods=["GET"])
@answered
async def get_job_page(req: func.HttpRequest) -> func.HttpResponse:
    """The page on which a job is watched."""
    return page_files.page_file("job.html", req)


@app.route("assets/{name}", methods=["GET"])
@answered
async def get_asset(req: func.HttpRequest) -> func.HttpResponse:
    """Styles, scripts and pictures of the pages."""
    return page_files.page_file(req.route_params["name"], req)


@app.timer_trigger("timer", schedule="0 */5 * * * *")
@app.durable_client_input(client_name="client")
async def watch_jobs(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001  the trigger's
    """Start again what nobody carries on."""
    await tend_jobs(client, services())


@app.timer_trigger("timer", schedule="0 0 * * * *")
@app.durable_client_input(client_name="client")
async def purge_expired(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:  # noqa: ARG001  the same
    """Erase finished jobs after their retention."""
    await erase_expired_jobs(client, services())
