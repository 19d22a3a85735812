"""Loads a function app as the Python worker does: through the genuine SDK, indexed once."""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azure.functions as func

TRIGGERS = frozenset({"httpTrigger", "timerTrigger", "orchestrationTrigger", "activityTrigger"})
_OTHERS = frozenset({"http", "durableClient"})


class AppError(Exception):
    """The app cannot be loaded; the message names the function, the fact and the remedy."""


@dataclass(frozen=True)
class AppFunction:
    """One indexed function, ready to be called."""

    name: str
    call: Callable[..., Any]
    trigger: Mapping[str, Any]
    durable_clients: tuple[str, ...]
    is_async: bool
    wants_context: bool
    returns_http: bool

    @property
    def kind(self) -> str:
        """The trigger's type, such as `activityTrigger`."""
        return str(self.trigger["type"])

    @property
    def durable_name(self) -> str:
        """The name under which the Durable extension knows it."""
        override = self.trigger.get("activity") or self.trigger.get("orchestration")
        return str(override or self.name)


@dataclass(frozen=True)
class LoadedApp:
    """Every function of the app, by trigger."""

    functions: tuple[AppFunction, ...]

    def of(self, kind: str) -> tuple[AppFunction, ...]:
        """The functions with this trigger type, in the order the app declares them."""
        return tuple(function for function in self.functions if function.kind == kind)

    def durable(self, kind: str) -> dict[str, AppFunction]:
        """Durable functions by name in lower case: the extension ignores case."""
        return {function.durable_name.lower(): function for function in self.of(kind)}


def load_app(app_root: Path, settings: Mapping[str, str]) -> LoadedApp:
    """Import the app's script from `app_root` and index it once."""
    script = settings.get("PYTHON_SCRIPT_FILE_NAME", "function_app.py")
    if not (app_root / script).is_file():
        raise AppError(f"{app_root / script} does not exist: give the folder that holds {script}")
    sys.path.insert(0, str(app_root))
    os.chdir(app_root)
    module = importlib.import_module(Path(script).stem)
    apps = [item for item in vars(module).values() if isinstance(item, func.FunctionRegister)]
    if len(apps) != 1:
        raise AppError(f"{script} has {len(apps)} top-level function apps: the worker needs one")
    return index_app(apps[0])


def index_app(app: func.FunctionRegister) -> LoadedApp:
    """Index an app object; to be called once, because a second indexing raises in the SDK."""
    return LoadedApp(tuple(_function(item) for item in app.get_functions()))


def _function(item: Any) -> AppFunction:
    name = str(item.get_function_name())
    bindings = [json.loads(text) for text in item.get_raw_bindings()]
    unknown = [b["type"] for b in bindings if b["type"] not in TRIGGERS | _OTHERS]
    if unknown:
        raise AppError(f"function '{name}': this host has no {', '.join(unknown)}; use Azure")
    trigger = next(b for b in bindings if b["type"] in TRIGGERS)
    call = item.get_user_function()
    clients = tuple(b["name"] for b in bindings if b["type"] == "durableClient")
    parameters = inspect.signature(call).parameters
    bound = {b["name"] for b in bindings}
    _check_parameters(name, set(parameters), bound)
    return AppFunction(
        name=name,
        call=call,
        trigger=trigger,
        durable_clients=clients,
        is_async=inspect.iscoroutinefunction(call),
        wants_context="context" in parameters and "context" not in bound,
        returns_http=any(b["type"] == "http" and b["name"] == "$return" for b in bindings),
    )


def _check_parameters(name: str, parameters: set[str], bound: set[str]) -> None:
    """Refuse what the worker's indexing refuses: parameters and bindings that do not meet."""
    # An orchestrator's handle takes `context` whatever the binding is called.
    if parameters == {"context"} and len(bound) == 1:
        return
    missing = bound - parameters - {"$return"}
    extra = parameters - bound - {"context"}
    if missing or extra:
        raise AppError(
            f"function '{name}': bindings without a parameter {sorted(missing)}, "
            f"parameters without a binding {sorted(extra)}; make the names agree"
        )
