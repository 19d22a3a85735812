"""`./dev` from outside: what it refuses, what it leaves alone, and that nothing outlives it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local_host import set_up
from local_host.processes import Program, StackError, Supervised, Undertaker
from local_host.progress_bar import describe
from local_host.samples import write_samples
from local_host.surroundings import ROOT, surround

DEV = ROOT / "dev"


def dev(
    *arguments: str | Path, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run `./dev` to its end."""
    return subprocess.run(
        [sys.executable, DEV, *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Return as soon as it holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_help_names_the_commands() -> None:
    """`./dev --help` answers at once, with every command."""
    done = dev("--help")
    assert done.returncode == 0, done.stderr
    for command in ("run", "test", "bench", "samples"):
        assert command in done.stdout


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("tests/web", "--help")])
def test_help_of_test_runs_nothing(arguments: tuple[str, ...]) -> None:
    """Who asks what `./dev test` does is told, without waiting for every check."""
    done = dev("test", *arguments)
    assert done.returncode == 0, done.stderr
    assert "usage: ./dev test" in done.stdout
    assert "ruff" not in done.stdout + done.stderr, "a check was run"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "COMMAND"),
        (("fly",), "fly"),
        (("run", "/no/such/plan.pdf"), "/no/such/plan.pdf: there is no such file"),
        (("run", str(DEV)), "neither a PDF nor a ZIP"),
        (("run", "--port", "99999"), "99999 is no port"),
        (("run", "--colour"), "--colour is not understood"),
        (("bench", "no_such_benchmark"), "no benchmark no_such_benchmark"),
    ],
)
def test_a_wrong_command_line_exits_with_2_and_names_the_fault(
    arguments: tuple[str, ...], said: str
) -> None:
    """What cannot be done is said in words, and nothing is started."""
    done = dev(*arguments)
    assert done.returncode == 2, done
    assert said in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "a.pdf", "--out", "a.pdf"), "a.pdf is a file: name a folder"),
        (("run", "a.pdf", "--out", "a.pdf/out"), "a.pdf is a file: name a folder"),
        (("samples", "a.pdf"), "a.pdf is a file: name a folder"),
        (("run", "plans"), "plans is a folder: give the PDFs in it"),
        (("run", "a.pdf", "--variables", "plans"), "plans is a folder: give one table"),
    ],
)
def test_a_file_for_a_folder_is_told_in_one_line(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """Exit 2 with one line, also the other way round, and nothing is written or started."""
    (tmp_path / "a.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "plans").mkdir()
    done = dev(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done
    assert said in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF-1.7"


@pytest.mark.parametrize("command", ["run", "samples"])
def test_a_folder_that_cannot_be_made_is_told(command: str, tmp_path: Path) -> None:
    """Where the system itself refuses the folder: exit 2, no traceback, nothing is started."""
    write_samples(tmp_path)
    wanted = "/proc/self/no such folder"
    pdf = next(tmp_path.glob("*.pdf"))
    done = dev(*(("run", pdf, "--out", wanted) if command == "run" else ("samples", wanted)))
    assert done.returncode == 2, done
    assert "cannot be written" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "ready" not in done.stdout


def test_a_table_without_its_columns_is_named(tmp_path: Path) -> None:
    """A CSV that lacks a required column is refused with the column's name."""
    write_samples(tmp_path)
    table = tmp_path / "v.csv"
    table.write_text("variable_name;note\nEnergy;x\n", encoding="utf-8")
    done = dev("run", next(tmp_path.glob("*.pdf")), "--variables", table)
    assert done.returncode == 2
    assert "v.csv: the column variable_description is missing" in done.stderr


def test_more_than_a_request_holds_is_refused(tmp_path: Path) -> None:
    """More than 100 MB is refused before anything starts, with the size."""
    big = tmp_path / "big.pdf"
    with big.open("wb") as file:
        file.truncate(101 * 1024 * 1024)
    done = dev("run", big)
    assert done.returncode == 2
    assert "101 MB" in done.stderr


@pytest.mark.parametrize("home", ["", "/nonexistent/home"])
def test_without_a_home_nothing_is_written_outside_the_checkout(home: str, tmp_path: Path) -> None:
    """Caches and home move into `.local` where HOME is empty or not there."""
    found = surround({"HOME": home, "PATH": "/bin"}, root=tmp_path)
    for name in ("HOME", "PIP_CACHE_DIR", "npm_config_cache"):
        assert found[name].startswith(str(tmp_path / ".local")), name
    assert Path(found["HOME"]).is_dir()


def test_a_usable_home_is_kept(tmp_path: Path) -> None:
    """A home that can be written to stays, and with it the user's own configuration."""
    assert surround({"HOME": str(tmp_path)}, root=tmp_path)["HOME"] == str(tmp_path)


def test_samples_are_written_without_a_home(tmp_path: Path) -> None:
    """A command runs with an empty HOME, twice with the same bytes, and leaves the HOME empty."""
    home = tmp_path / "home"
    home.mkdir()
    for folder in ("one", "two"):
        done = dev("samples", tmp_path / folder, HOME=str(home))
        assert done.returncode == 0, done.stderr
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    )
    assert len(one) == 4
    assert one == two
    assert list(home.iterdir()) == []


def make_finished_environment(root: Path) -> tuple[Path, Path]:
    """An environment that looks finished, without the minute it takes to fill one."""
    lock, venv = root / "a.lock", root / ".venv"
    lock.write_text("-r b.lock\nx==1\n", encoding="utf-8")
    (root / "b.lock").write_text("y==1\n", encoding="utf-8")
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    stamp = set_up.make_stamp(lock, sys.version)
    (venv / set_up.STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    return venv, lock


def test_a_finished_environment_is_used_again(tmp_path: Path) -> None:
    """Nothing is installed where the stamp fits."""
    venv, lock = make_finished_environment(tmp_path)
    assert set_up.is_current(venv, lock)
    python = set_up.ensure_venv(tmp_path, ".venv", lock.name, base="/no/python")
    assert python == venv / "bin" / "python"


@pytest.mark.parametrize("damage", ["lock", "included lock", "stamp", "half a stamp", "python"])
def test_a_stale_or_broken_environment_is_noticed(damage: str, tmp_path: Path) -> None:
    """Another lock, no stamp, an interrupted one or a Python that is gone: made again."""
    venv, lock = make_finished_environment(tmp_path)
    match damage:
        case "lock":
            lock.write_text("-r b.lock\nx==2\n", encoding="utf-8")
        case "included lock":
            (tmp_path / "b.lock").write_text("y==2\n", encoding="utf-8")
        case "stamp":
            (venv / set_up.STAMP).unlink()
        case "half a stamp":
            (venv / set_up.STAMP).write_text('{"lock": "', encoding="utf-8")
        case "python":
            (venv / "bin" / "python").unlink()
    assert not set_up.is_current(venv, lock)


SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.BaseHTTPRequestHandler)
print(f"grandchild {child.pid}\\nready http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


def make_supervised(folder: Path, undertaker: Undertaker, code: str = SERVER) -> Supervised:
    """A program that starts another, as the functions host does."""

    def command(port: int) -> list[str]:
        return [sys.executable, "-c", code, str(port)]

    return Supervised(Program("server", command, surround()), folder, undertaker, print)


def grandchild_of(folder: Path) -> int:
    """The process that the program started."""
    return int((folder / "server.out").read_text(encoding="utf-8").split()[1])


def test_a_killed_program_is_started_again_on_its_port(tmp_path: Path) -> None:
    """After SIGKILL the same port is served by another process, and what the first left is gone."""
    undertaker = Undertaker()
    server = make_supervised(tmp_path, undertaker)
    try:
        server.launch()
        server.wait_until_ready()
        url, first, left_behind = server.url, server.pid, grandchild_of(tmp_path)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: server.pid != first and is_running(server.pid), "started again")
        wait_until(lambda: grandchild_of_or_zero(tmp_path) not in (0, left_behind), "ready again")
        assert server.url == url
        assert not is_running(left_behind)
    finally:
        server.stop()
        undertaker.close()
    assert not is_running(server.pid)
    assert not is_running(grandchild_of(tmp_path))


def grandchild_of_or_zero(folder: Path) -> int:
    """As `grandchild_of`, 0 while the program is starting."""
    words = (folder / "server.out").read_text(encoding="utf-8").split()
    return int(words[1]) if len(words) > 2 else 0


def test_a_program_that_does_not_start_shows_its_last_words(tmp_path: Path) -> None:
    """The error names the program and shows why it ended."""
    undertaker = Undertaker()
    server = make_supervised(tmp_path, undertaker, "raise SystemExit('no licence today')")
    server.launch()
    try:
        with pytest.raises(StackError, match=r"(?s)server did not start.*no licence today"):
            server.wait_until_ready()
    finally:
        server.stop()
        undertaker.close()


SUPERVISOR = """
import sys, time
from pathlib import Path
from tests.test_dev import make_supervised
from local_host.processes import Undertaker
server = make_supervised(Path(sys.argv[1]), Undertaker())
server.launch()
server.wait_until_ready()
print(server.pid, flush=True)
time.sleep(600)
"""


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    """SIGKILL to the supervisor ends its programs and theirs."""
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout
        server = int(supervisor.stdout.readline())
        grandchild = grandchild_of(tmp_path)
        assert is_running(server)
        assert is_running(grandchild)
        supervisor.kill()
    wait_until(lambda: not is_running(server), "the program ends")
    wait_until(lambda: not is_running(grandchild), "what it started ends")


def test_progress_is_one_line_of_true_counts() -> None:
    """The line says how many documents and variables are done, and the app's message."""
    line = describe(
        {
            "message": "Reading 3 of 12 documents",
            "documents": {"total": 12, "done": 2, "failed": 1, "reading": 3},
            "variables": {"total": 204, "done": 51},
        }
    )
    assert "3/12 documents, 51/204 variables" in line
    assert line.count("█") * 3 == line.count("░")
    assert line.endswith("Reading 3 of 12 documents")


def test_progress_before_the_first_status_is_silent() -> None:
    """A job without a status shows nothing rather than zeros."""
    assert describe({}) == ""
