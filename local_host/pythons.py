"""The Python interpreters of this machine. Kept to old syntax: `dev` asks it for a newer one."""

import shutil
import subprocess
from pathlib import Path

VERSIONS = ("3.11", "3.12", "3.13")


def find_python(versions: "tuple[str, ...]" = VERSIONS, needs: str = "sys") -> str:
    """Return the first interpreter that has one of these versions and imports `needs`, or ""."""
    for version in versions:
        for path in _candidates(version):
            if _runs(path, version, needs):
                return path
    return ""


def _candidates(version: str) -> "list[str]":
    """On PATH first (a pyenv shim there may refuse to run), then where pyenv keeps its own."""
    on_path = shutil.which("python" + version)
    kept = Path("~/.pyenv/versions").expanduser().glob(version + ".*/bin/python")
    return ([on_path] if on_path else []) + sorted((str(path) for path in kept), reverse=True)


def _runs(path: str, version: str, needs: str) -> bool:
    check = "import sys, {}; sys.exit('%d.%d' % sys.version_info[:2] != '{}')"
    command = [path, "-c", check.format(needs, version)]
    try:
        quiet = subprocess.DEVNULL
        return subprocess.call(command, stdout=quiet, stderr=quiet) == 0
    except OSError:
        return False
