"""What host.json says, with the overrides the platform knows (`AzureFunctionsJobHost__a__b`)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_OVERRIDE = "AzureFunctionsJobHost__"
_TIMESPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,7}))?")


@dataclass(frozen=True)
class HostConfig:
    """The settings of host.json that this host honours."""

    route_prefix: str = "api"
    function_timeout: float | None = 1800.0
    hub_name: str = "TestHubName"
    max_activities: int = 10
    max_orchestrators: int = 10


def seconds_of(timespan: str) -> float:
    """The length of a .NET TimeSpan such as `00:05:00` or `1.00:00:00`, in seconds."""
    match = _TIMESPAN.fullmatch(timespan.strip())
    if match is None:
        raise ValueError(f"{timespan!r} is no TimeSpan: write it as [days.]hours:minutes:seconds")
    days, hours, minutes, seconds, fraction = match.groups()
    whole = int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + (float(f"0.{fraction}") if fraction else 0.0)


def read_host_config(app_root: Path, settings: Mapping[str, str]) -> HostConfig:
    """Read `app_root/host.json`; what `settings` override wins."""
    path = app_root / "host.json"
    try:
        document = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ValueError(f"{path}: not valid JSON ({error}); correct it") from error
    for name, value in settings.items():
        if name.startswith(_OVERRIDE):
            _override(document, name.removeprefix(_OVERRIDE).split("__"), value)
    extensions = document.get("extensions", {})
    durable = extensions.get("durableTask", {})
    plain = HostConfig()
    return HostConfig(
        route_prefix=str(extensions.get("http", {}).get("routePrefix", plain.route_prefix)),
        function_timeout=_timeout(document.get("functionTimeout")),
        hub_name=str(durable.get("hubName", plain.hub_name)),
        max_activities=int(durable.get("maxConcurrentActivityFunctions", plain.max_activities)),
        max_orchestrators=int(
            durable.get("maxConcurrentOrchestratorFunctions", plain.max_orchestrators)
        ),
    )


def _timeout(value: Any) -> float | None:
    if value is None:
        return HostConfig.function_timeout
    return None if str(value) == "-1" else seconds_of(str(value))


def _override(document: dict[str, Any], path: list[str], value: str) -> None:
    """Set one value, finding each step of the path without regard to case, as .NET does."""
    node = document
    for step in path[:-1]:
        node = node.setdefault(_key(node, step), {})
    node[_key(node, path[-1])] = value


def _key(node: Mapping[str, Any], wanted: str) -> str:
    return next((key for key in node if key.lower() == wanted.lower()), wanted)
