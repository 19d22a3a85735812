"""Ends what a supervisor started when the supervisor itself dies, however it dies.

The supervisor holds the only lasting writing end of our standard input. Each program writes
`+PID` there before it becomes itself, so none is missed; the supervisor writes `-PID` when it has
ended one. The pipe closes when the supervisor is gone, SIGKILL included: then every process group
still on the list is ended. Unlike Linux's PR_SET_PDEATHSIG this reaches grandchildren, works on
macOS, and does not depend on the thread that started a program.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 3.0


def main() -> None:
    """Read the list until the supervisor is gone, then end what is left on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        number = int(line[1:])
        if line.startswith("+"):
            groups.add(number)
        else:
            groups.discard(number)
    bury(groups)


def bury(groups: set[int]) -> None:
    """Ask the groups to end, and end those that do not."""
    left = {group for group in groups if send(group, signal.SIGTERM)}
    until = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Signal a process group; whether it still exists."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
        return False
    return True


if __name__ == "__main__":
    main()
