"""The warden: reads which process groups to watch and, when its pipe closes, ends those that are left.

Runs as a script of its own with the standard library alone. Lines: `watch <pid> <signal>` and `forget <pid> 0`.
"""

import os
import signal
import sys
import time
from pathlib import Path

PATIENCE_SECONDS = 8.0
LOOK_EVERY_SECONDS = 0.05
ON_LINUX = sys.platform == "linux"


def signal_group(group: int, number: int) -> bool:
    """Signal a process group; False when no process of it is left."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        # macOS says so of a group in which only zombies are left.
        return False
    return True


def is_alive(group: int) -> bool:
    """Whether anything of the group still runs; the dead whom nobody has collected yet do not count."""
    if not signal_group(group, 0):
        return False
    if not ON_LINUX:
        return True
    states = [state for stat in Path("/proc").glob("[0-9]*/stat") if (state := state_in(stat, group))]
    return any(state not in "ZX" for state in states)


def state_in(stat: Path, group: int) -> str:
    """The one-letter state of a process of this group; empty for any other process."""
    try:
        # The name before it stands in parentheses and may hold anything.
        state, _, found, *_ = stat.read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return state if int(found) == group else ""


def end(groups: dict[int, int]) -> None:
    """Send each group its own signal, wait, and kill those that do not listen."""
    left = {group for group, number in groups.items() if signal_group(group, number)}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_SECONDS)
        left = {group for group in left if is_alive(group)}
    for group in left:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    groups: dict[int, int] = {}
    for line in sys.stdin:
        verb, pid, number = line.split()
        if verb == "watch":
            groups[int(pid)] = int(number)
        else:
            groups.pop(int(pid), None)
    end(groups)


if __name__ == "__main__":
    main()
