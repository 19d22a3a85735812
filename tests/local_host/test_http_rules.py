"""HTTP as the Functions host does it."""

import json

import pytest
import requests

from local_host.app_loader import AppError, AppFunction
from local_host.host import Host
from local_host.routes import build_routes, find_route

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions df_loads was called")
Web = tuple[Host, str]


def test_routes_carry_parameters_and_query(web_host: Web) -> None:
    """Parameters are decoded; duplicates in the query are joined by a comma."""
    answer = requests.get(f"{web_host[1]}/api/jobs/a%20b?x=1&x=2&y=%C3%A9", timeout=5)
    assert answer.json()["job"] == "a b"
    assert answer.json()["query"] == {"x": "1,2", "y": "é"}
    assert answer.json()["url"] == f"{web_host[1]}/api/jobs/a%20b?x=1&x=2&y=%C3%A9"


def test_literal_segments_come_first(web_host: Web) -> None:
    """`jobs/latest` wins over `jobs/{id}`, whichever is declared first."""
    assert requests.get(f"{web_host[1]}/api/jobs/latest", timeout=5).text == "latest"


def test_the_root_is_the_apps(web_host: Web) -> None:
    """With the homepage disabled, route `/` serves the site's root."""
    answer = requests.get(f"{web_host[1]}/", timeout=5)
    assert (answer.status_code, answer.text) == (200, "the page")
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/numbers/7", 200),
        ("GET", "/api/numbers/7/more", 200),
        ("GET", "/api/numbers/seven", 404),
        ("GET", "/files", 200),
        ("GET", "/files/a/b.txt", 200),
        ("HEAD", "/files/a", 200),
        ("HEAD", "/api/jobs/1", 404),
        ("POST", "/api/jobs/1", 404),
        ("GET", "/nowhere", 404),
        ("DELETE", "/api/broken", 500),
        ("GET", "/api/nothing", 204),
        ("GET", "/runtime/webhooks/durabletask/instances", 401),
        ("GET", "/runtime/webhooks/other", 404),
    ],
)
def test_statuses(web_host: Web, method: str, path: str, status: int) -> None:
    """Each request gets the status the Functions host would give."""
    answer = requests.request(method, web_host[1] + path, timeout=5)
    assert answer.status_code == status
    assert "secret" not in answer.text


def test_a_catch_all_takes_slashes(web_host: Web) -> None:
    """`{*path}` holds the rest of the path."""
    assert requests.get(f"{web_host[1]}/files/a/b.txt", timeout=5).json() == {"path": "a/b.txt"}


def test_multipart_reaches_the_app(web_host: Web) -> None:
    """Files and fields of a form arrive as the SDK parses them."""
    files = [("files", ("é a.pdf", b"%PDF-1")), ("files", ("b.pdf", b""))]
    answer = requests.post(
        f"{web_host[1]}/api/upload", files=files, data={"request": "{}"}, timeout=5
    )
    assert answer.status_code == 202
    assert answer.json()["files"] == [["é a.pdf", 6], ["b.pdf", 0]]
    assert answer.json()["form"] == {"request": "{}"}


def test_bodies_at_and_over_the_limit(web_host: Web) -> None:
    """A body of the limit is taken, one byte more is 413, with and without a length."""
    url = f"{web_host[1]}/api/upload"
    assert requests.post(url, data=b"x" * 9999, timeout=5).json()["bytes"] == 9999
    assert requests.post(url, data=b"x" * 10000, timeout=5).status_code == 413
    chunked = requests.post(url, data=iter([b"x" * 5000, b"x" * 5000]), timeout=5)
    assert chunked.status_code == 413


def test_headers_and_cookies_come_back(web_host: Web) -> None:
    """What the app sets is sent."""
    answer = requests.get(f"{web_host[1]}/api/cookie", timeout=5)
    assert (answer.headers["X-Mine"], answer.cookies["a"]) == ("1", "b")


def test_the_durable_client_in_an_app(web_host: Web) -> None:
    """An app starts an orchestration and hands out a status URL at the caller's origin."""
    answer = requests.post(f"{web_host[1]}/api/start/4", timeout=5)
    assert answer.status_code == 202
    link = answer.json()["statusQueryGetUri"]
    assert link.startswith(web_host[1] + "/runtime/webhooks/durabletask/instances/")
    while (status := requests.get(link, timeout=5)).status_code == 202:
        assert status.headers["Retry-After"] == "5"
    assert (status.status_code, status.json()["output"]) == (200, 6)


def test_the_webhook_takes_plain_json(web_host: Web) -> None:
    """A raw POST of an object arrives as an object, input and event alike."""
    base = f"{web_host[1]}/runtime/webhooks/durabletask"
    link = requests.post(f"{web_host[1]}/api/start/1", timeout=5).json()["statusQueryGetUri"]
    key = {"x-functions-key": link.rpartition("code=")[2]}
    started = requests.post(
        f"{base}/orchestrators/listens", json={"a": 1}, headers=key, timeout=5
    ).json()["id"]
    event = f"{base}/instances/{started}/raiseEvent/news"
    assert requests.post(event, data="{}", headers=key, timeout=5).status_code == 400
    assert requests.post(event, json={"b": 2}, headers=key, timeout=5).status_code == 202
    waited = f"{base}/instances/{started}"
    while (status := requests.get(waited, headers=key, timeout=5)).status_code == 202:
        pass
    assert status.json()["output"] == [{"a": 1}, {"b": 2}]
    assert status.json()["input"] == {"a": 1}


def test_starting_and_waiting(web_host: Web) -> None:
    """With `timeout` the webhook answers the output itself."""
    link = requests.post(f"{web_host[1]}/api/start/1", timeout=5).json()["statusQueryGetUri"]
    answer = requests.post(
        f"{web_host[1]}/runtime/webhooks/durabletask/orchestrators/add_up",
        params={"code": link.rpartition("code=")[2], "timeout": "5", "pollingInterval": "0.02"},
        data=json.dumps(json.dumps(5)),
        timeout=10,
    )
    assert (answer.status_code, answer.json()) == (200, 10)


def test_faults_can_be_switched(web_host: Web) -> None:
    """The control route shows and replaces the faults, and refuses what it does not know."""
    url = f"{web_host[1]}/_local/faults"
    fault: dict[str, str | int | float] = {
        "kind": "lost_machine",
        "activity": "nobody",
        "count": 2,
        "seconds": 0.5,
    }
    assert requests.post(url, json=[fault], timeout=5).json() == [fault]
    assert requests.get(url, timeout=5).json() == [fault]
    assert requests.post(url, json=[{"kind": "flood"}], timeout=5).status_code == 400
    assert requests.post(url, json=[], timeout=5).json() == []
    assert requests.post(f"{web_host[1]}/_local/kill-worker", timeout=5).json() == {"failed": 0}


def _function(name: str, route: str) -> AppFunction:
    trigger = {"type": "httpTrigger", "name": "req", "route": route}
    return AppFunction(name, lambda: None, trigger, (), False, False, True)


@pytest.mark.parametrize("route", ["admin", "admin/jobs", "Runtime/x"])
def test_reserved_routes_are_refused(route: str) -> None:
    """A route that begins with the host's own words does not load."""
    with pytest.raises(AppError, match="operator"):
        build_routes([_function("operator", route)], "")


def test_an_empty_route_is_the_functions_name() -> None:
    """Under a prefix, an empty route becomes the function's name."""
    routes = build_routes([_function("hello", "")], "api")
    assert find_route(routes, "GET", "/api/hello").route is routes[0]
    assert find_route(routes, "GET", "/api").route is None
