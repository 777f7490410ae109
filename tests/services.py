"""Starts PostgreSQL and Redis for the tests before Django reads its settings (loaded by pytest's `-p`)."""

import fcntl
import gc
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal.services_embedded import Services, services_for_tests

ROOT = Path(__file__).resolve().parent.parent
# Names a file that stays locked until the database that the workers copy is made.
TEMPLATE_LOCK = "SALDO_TEMPLATE_LOCK"

# A migration throws away as many models as there are; looking for them in between takes a third of the time. 660 MB for a while.
MIGRATE = """
import gc, os
gc.disable()
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", "migrate", "--verbosity", "0"])
"""

# Until the first test begins, what is made stays: see `quick_housekeeping`.
gc.disable()

_started: list[Services] = []
_migrating: list[subprocess.Popen[bytes]] = []

# The workers of xdist inherit the environment of the process that started the services.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["SALDO_MODE"] = "test"
    _started.append(services_for_tests(ROOT / "var" / "test"))
    os.environ.update(_started[0].environment())
else:
    # Each worker has a Redis database of its own, as it has a PostgreSQL database of its own.
    number = 1 + int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    address, _, _ = os.environ["REDIS_URL"].partition("?db=")
    os.environ["REDIS_URL"] = f"{address}?db={number}" if address.startswith("unix") else f"{address[:-1]}{number}"


def pytest_configure(config: pytest.Config) -> None:
    """Where workers share embedded services, migrate the database that came with them while the workers collect."""
    if _started and config.getoption("tx", None) and "postgres" in {child.name for child in _started[0].children()}:
        path = _started[0].folder / "template.lock"
        os.environ[TEMPLATE_LOCK] = str(path)
        with path.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # The lock goes with the open file: it is free when the process has ended, however that happens.
            argv = [sys.executable, "-c", MIGRATE]
            _migrating.append(subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.DEVNULL, pass_fds=[lock.fileno()]))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    for process in _migrating:
        process.kill()
        process.wait()
    while _started:
        _started.pop().stop()
