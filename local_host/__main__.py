"""`./dev COMMAND`, once the environment is there; `python -m local_host` is the same."""

import sys

from local_host.command_line import Arguments, parse


def perform(arguments: Arguments) -> int:
    """Do the command; return its exit code."""
    if arguments.command == "run":
        from local_host.run_command import run

        return run(arguments)
    if arguments.command == "samples":
        from local_host.samples import write_samples

        return write_samples(arguments.folder)
    from local_host import checks

    if arguments.command == "bench":
        return checks.run_benchmarks(arguments.name)
    return checks.run_checks(arguments.rest)


if __name__ == "__main__":
    sys.exit(perform(parse(sys.argv[1:])))
