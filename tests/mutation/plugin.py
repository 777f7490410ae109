"""Runs the tests against each mutant: `pytest -p tests.mutation.plugin --mutants=FILE --results=FILE`.

The tests run once as they are; meanwhile it is noted which of them enter which function. Then each mutant gets a fork
of this warm process, with the database ready, and in it only the tests that enter what was changed, the quick ones
first, until one fails.
"""

import ast
import gc
import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Final

import pytest
from _pytest.runner import runtestprotocol
from django.core.management import call_command
from django.db import connection, connections
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

from tests.mutation import patching
from tests.mutation.patching import ROOT, Mutant

KILLED, SURVIVED, INVALID, UNTESTED, TIMEOUT = "killed", "survived", "invalid", "untested", "timeout"
OUTCOMES: Final = {0: SURVIVED, 1: KILLED, 3: INVALID}
Trace = Callable[[FrameType, str, object], Any]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the mutants come from, and where what became of them goes."""
    parser.addoption("--mutants", type=Path, required=True)
    parser.addoption("--results", type=Path, required=True)
    parser.addoption("--most", type=int, default=1_000, help="how many tests a mutant meets")


class Map:
    """Which tests run which lines, and how long each test takes."""

    def __init__(self, files: set[str]) -> None:
        self._files = {str(ROOT / file): file for file in files}
        self.seconds: dict[str, float] = {}
        self.tests: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
        self._current = ""

    def _trace(self, frame: FrameType, event: str, _argument: object) -> "Trace | None":
        file = self._files.get(frame.f_code.co_filename)
        if file is None:
            return None
        self.tests[file, frame.f_lineno].add(self._current)
        return self._trace

    def learn(self, items: list[pytest.Item]) -> None:
        """Run every test once as the code is; all must pass."""
        for item in items:
            self._current, start = item.nodeid, time.monotonic()
            threading.settrace(self._trace)
            sys.settrace(self._trace)
            reports = run(item)
            sys.settrace(None)
            threading.settrace(None)
            self.seconds[item.nodeid] = time.monotonic() - start
            if failed := [report for report in reports if report.failed]:
                pytest.exit(f"{item.nodeid} fails without any mutant:\n{failed[0].longreprtext}", returncode=1)

    def touching(self, mutant: Mutant) -> list[str]:
        """The tests that run what the mutant changes: those of its own room first, then the quick ones."""
        file = mutant["file"]
        found: set[str] = set()
        if mutant["module"]:
            lines = lines_of((ROOT / file).read_text(encoding="utf-8"), mutant)
            found = set().union(*(self.tests[file, line] for line in lines))
        if not mutant["module"] or (not found and mutant["qualname"].startswith("=")):
            # SQL, and a name that only other modules use once something runs: whatever runs in the room.
            room = file.rpartition("/sql/")[0] or file.rpartition("/")[0]
            found = set().union(*(tests for (where, _), tests in self.tests.items() if where.startswith(room)))
        home = "tests/" + "/".join(file.split("/")[:2])
        return sorted(found, key=lambda test: (not test.startswith(home), self.seconds[test]))


def lines_of(source: str, mutant: Mutant) -> set[int]:
    """The lines that run what the mutant changes: its statement, or, of a name at the top, every use of the name."""
    tree = ast.parse(source)
    if mutant["qualname"].startswith("="):
        wanted = mutant["qualname"][1:]
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == wanted]
        uses = {node.lineno for node in names if isinstance(node.ctx, ast.Load)}
        # A name that only other modules use, or other names at the top: whatever runs in this module.
        return uses or set(range(1, len(source.splitlines()) + 1))
    spans = []
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            body: list[ast.stmt] | None = getattr(node, "body", None)
            # Of a statement with a body only what stands before the body, unless it is a function: its defaults.
            last = node.end_lineno or node.lineno
            end = max(node.lineno, body[0].lineno - 1) if body and not isinstance(node, ast.FunctionDef) else last
            spans.append(range(node.lineno, end + 1))
    line = mutant["line"]
    return set(min((span for span in spans if line in span), key=len, default=[line]))


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try every mutant, and write down what became of it."""
    options = session.config.option
    mutants: list[Mutant] = [json.loads(line) for line in options.mutants.read_text().splitlines()]
    items = {item.nodeid: item for item in session.items}
    tests = Map({mutant["file"] for mutant in mutants} | {"billing/ledger/services.py"})
    tests.learn(session.items)
    blocker: DjangoDbBlocker = session.config.stash[blocking_manager_key]
    control: Mutant = {**mutants[0], "source": (ROOT / mutants[0]["file"]).read_text(encoding="utf-8")}
    if _try(control, session.items[::8], 600, blocker) != SURVIVED:
        pytest.exit("The tests fail in a fork without any mutant.", returncode=1)
    options.results.touch()
    known = {_key(json.loads(line)) for line in options.results.read_text().splitlines()}
    mutants = [mutant for mutant in mutants if _key(mutant) not in known]
    gc.collect()
    gc.freeze()  # what a fork does not touch it does not copy
    with options.results.open("a") as results:
        for number, mutant in enumerate(mutants, 1):
            chosen = [items[test] for test in tests.touching(mutant)][: options.most]
            limit = 20 + sum(tests.seconds[item.nodeid] for item in chosen)
            outcome = _try(mutant, chosen, int(limit), blocker) if chosen else UNTESTED
            told = {key: mutant[key] for key in ("file", "qualname", "is_sql", "line", "change")}
            results.write(json.dumps(told | {"outcome": outcome, "tests": len(chosen)}) + "\n")
            results.flush()
            sys.stderr.write(f"\r{number}/{len(mutants)} {outcome:9}")
    return True


def _key(mutant: Mutant) -> tuple[str, str, str]:
    return mutant["file"], mutant["qualname"], mutant["change"]


def _try(mutant: Mutant, items: list[pytest.Item], limit: int, blocker: DjangoDbBlocker) -> str:
    connections.close_all()
    child = os.fork()
    if child == 0:
        signal.alarm(limit)
        os._exit(_verdict(mutant, items, blocker))
    _, status = os.waitpid(child, 0)
    with blocker.unblock():
        if os.WIFSIGNALED(status):
            _clean()
        patching.restore(mutant)
    return TIMEOUT if os.WIFSIGNALED(status) else OUTCOMES[os.WEXITSTATUS(status)]


def _verdict(mutant: Mutant, items: list[pytest.Item], blocker: DjangoDbBlocker) -> int:
    """In the child: 1 when a test fails, 0 when none does, 3 when PostgreSQL does not take the changed SQL."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        with blocker.unblock():
            patching.put_in(mutant)
            connection.close()
    except Exception:  # noqa: BLE001 - Python that cannot even be imported fails every test; SQL is no function then
        return 1 if mutant["module"] else 3
    for item in items:
        # Nobody reads why it failed, and to write it takes longer than the test.
        item.repr_failure = item._repr_failure_py = _no_words  # type: ignore[method-assign, assignment]
        if any(report.failed for report in run(item)):
            return 1
    return 0


def _no_words(*_: object, **__: object) -> str:
    return ""


def run(item: pytest.Item) -> list[pytest.TestReport]:
    """Run one test, and keep what stands for the whole session: the database."""
    return runtestprotocol(item, nextitem=item.session, log=False)  # type: ignore[arg-type]


def _clean() -> None:
    """End what a child that was stopped has left in the database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    call_command("flush", interactive=False, verbosity=0)


def pytest_runtest_logreport(report: Any) -> None:
    """Say nothing of single tests."""
