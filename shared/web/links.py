"""Where a job is found: absolute links on the origin that the caller used."""

from __future__ import annotations

from urllib.parse import urlsplit

import azure.functions as func


def origin(request: func.HttpRequest) -> str:
    """Scheme and host of the request. Fit for answers to the caller, never for mails to others."""
    url = urlsplit(request.url)
    return f"{url.scheme}://{url.netloc}"


def job_links(request: func.HttpRequest, job: str) -> dict[str, str]:
    """The five fields of a submission's answer."""
    site = origin(request)
    api = f"{site}/api/jobs/{job}"
    return {
        "id": job,
        "statusQueryGetUri": f"{api}/status",
        "cancelPostUri": f"{api}/cancel",
        "resultsGetUri": f"{api}/results.json",
        "pageUri": f"{site}/jobs/{job}",
    }
