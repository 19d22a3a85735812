"""What our programs run in: caches and home inside the checkout, no proxy on loopback."""

import os
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"
"""Everything made at run time; git ignores it."""

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def surround(environment: Mapping[str, str] | None = None, root: Path = ROOT) -> dict[str, str]:
    """Return the environment with caches under `.local` and a home that can be written to."""
    result = dict(os.environ if environment is None else environment)
    local = root / ".local"
    result["PIP_CACHE_DIR"] = str(local / "cache" / "pip")
    result["npm_config_cache"] = str(local / "cache" / "npm")
    if not _home_is_usable(result.get("HOME", "")):
        home = local / "home"
        home.mkdir(parents=True, exist_ok=True)
        result["HOME"] = str(home)
    result["NO_PROXY"] = result["no_proxy"] = _without_proxy(result)
    result["PYTHONUNBUFFERED"] = "1"
    result.pop("POLICY_READER_SET_UP", None)
    return result


def _home_is_usable(home: str) -> bool:
    return bool(home) and Path(home).is_dir() and os.access(home, os.W_OK | os.X_OK)


def _without_proxy(environment: Mapping[str, str]) -> str:
    """Return the user's own exceptions and ours."""
    own = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    hosts = [host.strip() for host in own.split(",") if host.strip()]
    return ",".join([*hosts, *(host for host in LOOPBACK if host not in hosts)])
