"""Runs each test at another moment: `make clock AT="2028-12-31 23:00"` (UTC, New Year's Eve in Rome).

Each test runs once right after the moment, and once so that the clock crosses it after half of the test's readings. So it
meets a new second, minute, day, week, month and year at once, and what took the clock twice is found. Only the process of
the tests sees that moment, not the servers: choose one to come.
"""

import ctypes
import os
from datetime import UTC, datetime

import pytest
from _pytest.nodes import Node
from _pytest.reports import TestReport
from _pytest.runner import runtestprotocol


class Sibling:
    """Stands for a test of the same module that is to come: what the module has made is kept for it."""

    def __init__(self, item: pytest.Item) -> None:
        self._item = item

    def listchain(self) -> list[Node]:
        return self._item.listchain()[:-1]


class Clock:
    """The clock of this process."""

    def __init__(self, at: datetime) -> None:
        self._library = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._at = ctypes.c_long(int(at.timestamp()))

    def run(self, item: pytest.Item, readings: int) -> tuple[list[TestReport], int]:
        """Run a test whose first readings are before the moment; its reports, and how often it read the clock."""
        self._library.clock_cross(self._at, ctypes.c_long(readings))
        try:
            reports = runtestprotocol(item, log=False, nextitem=Sibling(item))  # type: ignore[arg-type]
            return reports, int(self._library.clock_readings())
        finally:
            self._library.clock_return()


def pytest_addoption(parser: pytest.Parser) -> None:
    """At which moment the tests run."""
    parser.addoption("--at", type=datetime.fromisoformat, required=True, help="a moment in UTC that is to come")


def pytest_configure(config: pytest.Config) -> None:
    """Take hold of the clock."""
    config.stash[_CLOCK] = Clock(config.getoption("at").replace(tzinfo=UTC))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Run the test after the moment, then over it."""
    clock = item.config.stash[_CLOCK]
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports, count = clock.run(item, 0)
    if count > 1 and not any(report.failed for report in reports):
        reports, _ = clock.run(item, count // 2)
    item.session._setupstate.teardown_exact(nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


_CLOCK = pytest.StashKey[Clock]()
