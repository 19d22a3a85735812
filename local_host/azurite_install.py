"""Installs Azurite once, from its lock, into the checkout's `.local` directory.

`python -m local_host.azurite_install` does it by itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_host.node import Node, NodeUnavailableError, find_node

RECIPE = Path(__file__).parent / "azurite"
"""package.json and its lock, the Node requirement, and what is preloaded."""
LOCAL = Path(__file__).parent.parent / ".local"
"""Where everything installed lives: nothing is written outside it."""


class AzuriteUnavailableError(RuntimeError):
    """Azurite could not be installed or started; the message is one line naming what is missing."""


@dataclass(frozen=True)
class Installed:
    """An Azurite ready to be started: the Node to run and the blob service's program."""

    node: Path
    program: Path


def install_azurite(local: Path = LOCAL) -> Installed:
    """Azurite under `local`, installed if it is not there; processes started together take turns.

    Raises AzuriteUnavailableError, with one line naming what is missing.
    """
    local.mkdir(parents=True, exist_ok=True)
    with _alone(local / "azurite.lock"):
        try:
            node = find_node(RECIPE / "node-requirements.txt", local / "node")
        except NodeUnavailableError as error:
            raise AzuriteUnavailableError(f"Azurite needs Node.js. {error}") from error
        home = local / "azurite"
        program = home / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
        stamp = home / "installed"
        if not (program.is_file() and stamp.is_file() and stamp.read_text() == _lock_hash()):
            _npm_ci(node, home, local / "npm-cache")
            stamp.write_text(_lock_hash())
        return Installed(node.node, program)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it when this process dies, however it dies."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock_hash() -> str:
    return hashlib.sha256((RECIPE / "package-lock.json").read_bytes()).hexdigest()


def _npm_ci(node: Node, home: Path, cache: Path) -> None:
    """Install exactly what the lock names; what is there stays until the new one is whole.

    An Azurite may be running from it, and without a registry there will be no other.
    """
    fresh = home.with_name(f"{home.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(RECIPE / name, fresh / name)
    options = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error")
    done = subprocess.run(
        [*node.npm, "ci", *options, "--cache", cache],
        cwd=fresh,
        env=os.environ | {"PATH": f"{node.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise AzuriteUnavailableError(
            f"npm could not install Azurite into {home} ({_reason(done.stderr)}). "
            "Allow npm to reach a registry (`npm config get registry`) and start again."
        )
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)


def _reason(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if line.startswith("npm error")]
    return "; ".join(lines[:2]) if lines else stderr.strip()[-200:] or "it said nothing"


def main() -> int:
    """Install Azurite, or say in one line why that cannot be."""
    try:
        install_azurite()
    except AzuriteUnavailableError as error:
        print(error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
