"""What can be typed after `./dev`; checked before anything is installed. Standard library only."""

import argparse
import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.surroundings import ROOT

DEFAULT_VARIABLES = ROOT / "samples" / "variables.csv"
REQUIRED_COLUMNS = ("variable_name", "variable_description")
REQUEST_LIMIT = 100 * 1024 * 1024
"""Bytes one request holds; the host refuses more."""

HELP = frozenset(("-h", "--help"))
HELP_OF_TEST = """usage: ./dev test [PYTEST ARGUMENTS]

Check format, lint, types, layers and Microsoft's worker, then run the tests; exit with 1, naming
what failed. Everything after `test` is pytest's: its own options, or which tests to run, as in

  ./dev test -x tests/web
  ./dev test -k highlighted

`python -m pytest --help`, in the checkout's .venv, names them all.
"""


@dataclass(frozen=True)
class Arguments:
    """A checked command line; paths are absolute."""

    command: str
    documents: tuple[Path, ...] = ()
    variables: Path = DEFAULT_VARIABLES
    out: Path = Path("out")
    email: str = "analyst@example.org"
    port: int = 0
    state: Path | None = None
    model_latency: float = 0.0
    name: str = ""
    folder: Path = Path()
    rest: tuple[str, ...] = ()


def parse(argv: list[str]) -> Arguments:
    """Return what is asked for; exit with 2, naming what is wrong, where it cannot be done."""
    parser = _make_parser()
    known, rest = parser.parse_known_args(argv)
    if known.command == "test":  # everything after it is pytest's, but for its help
        given = tuple(argv[argv.index("test") + 1 :])
        if HELP.intersection(given):
            print(HELP_OF_TEST, end="")
            parser.exit(0)
        return Arguments("test", rest=given)
    if rest:
        parser.error(f"{rest[0]} is not understood; see ./dev {known.command} --help")
    values: dict[str, Any] = {**vars(known), "documents": tuple(vars(known).get("documents", ()))}
    arguments = Arguments(**values)
    if problem := find_problem(arguments):
        parser.exit(2, f"./dev {arguments.command}: {problem}\n")
    return arguments


def find_problem(arguments: Arguments) -> str:
    """Return the first thing that cannot work, naming the file; empty where all is well."""
    if arguments.command == "samples":
        return _find_problem_of_folder(arguments.folder)
    if arguments.command != "run":
        return ""
    if problem := next(filter(None, map(_find_problem_of_document, arguments.documents)), ""):
        return problem
    size = sum(path.stat().st_size for path in arguments.documents)
    if size > REQUEST_LIMIT:
        return (
            f"These files are {size / 1024 / 1024:.0f} MB together and one request holds "
            f"{REQUEST_LIMIT // 1024 // 1024} MB: give fewer at a time."
        )
    table = _find_problem_of_table(arguments.variables)
    return table or (_find_problem_of_folder(arguments.out) if arguments.documents else "")


def _find_problem_of_document(path: Path) -> str:
    """Look at the kind of file by its name; the app looks inside."""
    if path.is_dir():
        return f"{path} is a folder: give the PDFs in it, as in {path}/*.pdf, or a ZIP of it."
    if not path.is_file():
        return f"{path}: there is no such file."
    if path.suffix.lower() not in (".pdf", ".zip"):
        return f"{path}: neither a PDF nor a ZIP."
    return ""


def _find_problem_of_folder(folder: Path) -> str:
    """Say why files cannot be put there; a folder that is missing is made later."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if not there.is_dir():
        return f"{there} is a file: name a folder, new or old, for what is written."
    if not os.access(there, os.W_OK | os.X_OK):
        return f"{there} cannot be written to: name another folder."
    return ""


def _find_problem_of_table(table: Path) -> str:
    """Look at the header of a CSV; a workbook is looked at by the app."""
    if table.is_dir():
        return f"{table} is a folder: give one table of variables, a CSV or an XLSX."
    if not table.is_file():
        return f"{table}: there is no such file."
    if table.suffix.lower() == ".xlsx":
        return ""
    with table.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        header = file.readline()
    delimiter = max(",;\t", key=header.count)
    columns = {name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])}
    missing = [name for name in REQUIRED_COLUMNS if name not in columns]
    if missing:
        return f"{table}: the column {missing[0]} is missing; its first line must name it."
    return ""


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./dev",
        description="Policy Reader on this machine: sets up what is missing, then does a command.",
        epilog="With OPENAI_API_KEY (or AZURE_OPENAI_ENDPOINT) and EMAIL_ENDPOINT set, the real "
        "services are used instead of the stand-ins.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(
        commands.add_parser("run", help="read PDFs into a workbook; without PDFs, serve the page")
    )
    commands.add_parser(
        "test", add_help=False, help="every check and test; takes pytest's arguments"
    )
    bench = commands.add_parser("bench", help="run the benchmarks, or the one named")
    bench.add_argument("name", nargs="?", default="", metavar="NAME")
    samples = commands.add_parser("samples", help="write small sample policy PDFs into a folder")
    samples.add_argument("folder", type=_absolute, metavar="DIR")
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.description = (
        "Read PDFs into a workbook with quotes; without PDFs, serve the page until Ctrl-C."
    )
    add = run.add_argument
    add("documents", nargs="*", type=_absolute, metavar="PDF", help="PDFs or ZIPs to read")
    add(
        "--variables",
        type=_absolute,
        default=DEFAULT_VARIABLES,
        metavar="CSV",
        help="table with variable_name and variable_description (default: samples/variables.csv)",
    )
    add(
        "--out",
        type=_absolute,
        default=_absolute("out"),
        metavar="DIR",
        help="where the results go (default: out)",
    )
    add("--email", default="analyst@example.org", help="who gets the workbook")
    add("--port", type=_port, default=0, help="port of the page (default: a free one)")
    add(
        "--state", type=_absolute, metavar="DIR", help="where jobs are kept (default: .local/state)"
    )
    add(
        "--model-latency",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds a stand-in answer takes",
    )


def _absolute(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"{port} is no port: 0 to 65535.")
    return port
