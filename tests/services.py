"""Starts PostgreSQL and Redis for the tests before Django reads its settings (loaded by pytest's `-p`)."""

import os
from pathlib import Path

import pytest

from portal.services_embedded import Services, services_for_tests

_started: list[Services] = []

# The workers of xdist inherit the environment of the process that started the services.
if "PYTEST_XDIST_WORKER" not in os.environ:
    os.environ["SALDO_MODE"] = "test"
    _started.append(services_for_tests(Path(__file__).resolve().parent.parent / "var" / "test"))
    os.environ.update(_started[0].environment())
else:
    # Each worker has a Redis database of its own, as it has a PostgreSQL database of its own.
    number = 1 + int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    address, _, _ = os.environ["REDIS_URL"].partition("?db=")
    os.environ["REDIS_URL"] = f"{address}?db={number}" if address.startswith("unix") else f"{address[:-1]}{number}"


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this process started."""
    while _started:
        _started.pop().stop()
