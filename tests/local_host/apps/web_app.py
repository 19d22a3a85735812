"""HTTP functions for each rule of the host, and one that uses the Durable client."""
# ruff: noqa: ARG001 - a binding needs its parameter, used or not

import json
from collections.abc import Generator
from typing import Any

import azure.durable_functions as df
import azure.functions as func


def make_app() -> Any:
    """A fresh app."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    _routes(app)
    _answers(app)
    _durable(app)
    return app


def _json(value: Any, status: int = 200) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), status_code=status, mimetype="application/json")


def _routes(app: Any) -> None:
    @app.route(route="/", methods=["GET"])  # type: ignore[untyped-decorator]
    def page(req: func.HttpRequest) -> str:
        return "the page"

    @app.route(route="api/jobs/{id}", methods=["GET"])  # type: ignore[untyped-decorator]
    def job(req: func.HttpRequest) -> func.HttpResponse:
        return _json({"job": req.route_params["id"], "query": dict(req.params), "url": req.url})

    @app.route(route="api/jobs/latest", methods=["GET"])  # type: ignore[untyped-decorator]
    def latest(req: func.HttpRequest) -> str:
        return "latest"

    @app.route(route="api/numbers/{n:int}/{rest?}", methods=["GET"])  # type: ignore[untyped-decorator]
    def number(req: func.HttpRequest) -> func.HttpResponse:
        return _json(dict(req.route_params))

    @app.route(route="files/{*path}", methods=["GET", "HEAD"])  # type: ignore[untyped-decorator]
    def files(req: func.HttpRequest) -> func.HttpResponse:
        return _json(dict(req.route_params))


def _answers(app: Any) -> None:
    @app.route(route="api/upload", methods=["POST"])  # type: ignore[untyped-decorator]
    async def upload(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        given = req.files.getlist("files")
        files = [[f.filename, len(f.read())] for f in given]
        for file in given:
            file.close()
        assert context.function_name == "upload"
        return _json({"files": files, "form": dict(req.form), "bytes": len(req.get_body())}, 202)

    @app.route(route="api/broken")  # type: ignore[untyped-decorator]
    def broken(req: func.HttpRequest) -> str:
        raise RuntimeError("a secret of the app")

    @app.route(route="api/nothing")  # type: ignore[untyped-decorator]
    def nothing(req: func.HttpRequest) -> None:
        return None

    @app.route(route="api/cookie")  # type: ignore[untyped-decorator]
    def cookie(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse("x", headers={"Set-Cookie": "a=b; Path=/", "X-Mine": "1"})


def _durable(app: Any) -> None:
    @app.route(route="api/start/{n:int}", methods=["POST"])  # type: ignore[untyped-decorator]
    @app.durable_client_input(client_name="client")  # type: ignore[untyped-decorator]
    async def start(req: func.HttpRequest, client: Any) -> func.HttpResponse:
        started = await client.start_new("add_up", None, int(req.route_params["n"]))
        return client.create_check_status_response(req, started)  # type: ignore[no-any-return]

    @app.activity_trigger(input_name="value")  # type: ignore[untyped-decorator]
    def same(value: int) -> int:
        return value

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def add_up(context: Any) -> Generator[Any, Any, Any]:
        tasks = [context.call_activity("same", n) for n in range(context.get_input())]
        return sum((yield context.task_all(tasks)))

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def listens(context: Any) -> Generator[Any, Any, Any]:
        context.set_custom_status("listening")
        return [context.get_input(), (yield context.wait_for_external_event("news"))]

    @app.orchestration_trigger(context_name="context")  # type: ignore[untyped-decorator]
    def fails(context: Any) -> Generator[Any, Any, Any]:
        yield context.call_activity("same", 1)
        raise ValueError("as asked")
