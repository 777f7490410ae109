"""How much memory a process has had at most."""

import re
from pathlib import Path


def peak_megabytes() -> float:
    """Of this process since its program began. `getrusage` would tell of the process that started it, if that was larger."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert found
    return int(found[1]) / 1024
