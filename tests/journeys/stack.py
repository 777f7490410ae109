"""The whole of Saldo as `make run` starts it, in a folder and on a port of its own, for as long as the journeys last."""

import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 300
STOP_SECONDS = 30
# What names services, a folder or an address of somebody else's Saldo.
NOT_OURS = {"DATABASE_URL", "REDIS_URL", "SALDO_MODE", "SITE_URL", "DJANGO_SETTINGS_MODULE"}


@dataclass(frozen=True)
class Saldo:
    """A running portal: where it answers, where it keeps its data, and how the demo's people sign in."""

    address: str
    folder: str
    password: str


@contextmanager
def shared(folder: Path) -> Iterator[Saldo]:
    """The one Saldo of all workers of xdist: who comes first starts it, and stops it when the others have gone.

    `folder` is where they meet. Who uses it holds a shared lock on one file; on another, who starts or stops it.
    """
    found = folder / "saldo.json"
    with (folder / "in-use.lock").open("w") as users, (folder / "starting.lock").open("w") as starting:
        fcntl.flock(users, fcntl.LOCK_SH)
        fcntl.flock(starting, fcntl.LOCK_EX)
        if found.exists():
            fcntl.flock(starting, fcntl.LOCK_UN)
            yield Saldo(**json.loads(found.read_text()))
            return
        with running(Path(tempfile.mkdtemp(prefix="saldo-", dir=folder))) as saldo:
            found.write_text(json.dumps(asdict(saldo)))
            fcntl.flock(starting, fcntl.LOCK_UN)
            try:
                yield saldo
            finally:
                fcntl.flock(users, fcntl.LOCK_EX)
                fcntl.flock(starting, fcntl.LOCK_EX)
                found.unlink()


@contextmanager
def running(folder: Path) -> Iterator[Saldo]:
    """Start Saldo with the demo's data in `folder`; stop it as Ctrl-C does."""
    port = _free_port()
    environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
    # With MAKELEVEL it ends when we end, however that happens.
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), "MAKELEVEL": "1"}
    with (folder / "launcher.log").open("w+") as log:
        launcher = subprocess.Popen(
            [sys.executable, "-m", "portal.launcher"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        try:
            password = _wait_until_it_runs(launcher, log.name)
            yield Saldo(f"http://localhost:{port}", str(folder), password)
        finally:
            launcher.send_signal(signal.SIGINT)
            # One that does not listen would outlive us; its parts end with it.
            too_long = threading.Timer(STOP_SECONDS, launcher.kill)
            too_long.start()
            launcher.communicate()
            too_long.cancel()


def _wait_until_it_runs(launcher: subprocess.Popen[str], log: str) -> str:
    """Read what it says until it says how to stop it; the password of the demo is on the way there."""
    assert launcher.stdout is not None
    too_long = threading.Timer(START_SECONDS, launcher.kill)
    too_long.start()
    said = ""
    try:
        for line in launcher.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
    finally:
        too_long.cancel()
    found = re.search(r"^\S+@\S+ +(.+?)  ", said, re.MULTILINE)
    assert found, f"Saldo did not start.\n{said}\n{Path(log).read_text()}"
    return found[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
