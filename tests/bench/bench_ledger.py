"""The ledger beside other ledgers: every contender's rounds in turn, on one PostgreSQL that waits for its disk.

Each contender is a process of its own with a database of its own (`tests/bench/ledgers`). `PGLEDGER_SQL=<file>` adds
pgledger, whose file is not part of Saldo.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest

from portal.services_embedded.postgres import EmbeddedPostgres
from tests.bench.ledgers.worker import LINES
from tests.bench.page import record

ROUNDS = 5
SECONDS = 1.0
CROWD = 8
WRITERS = 4
GUESTS = {"bare", "same_tables", "floor"}  # at work in our own database
NAMES = [
    "saldo",
    "bare",
    "floor",
    "same_tables",
    "orm",
    "hordak",
    *(["pgledger"] if "PGLEDGER_SQL" in os.environ else []),
]
SHOWN = {
    "saldo": "Saldo",
    "bare": "the same SQL, bare psycopg",
    "floor": "no ledger: one row without an index; in batches ready rows into a copy of our table",
    "same_tables": "the same tables by Django's ORM, `select_for_update`, `bulk_create`",
    "orm": "two plain tables by Django's ORM, `select_for_update`, `bulk_create`",
    "hordak": "django-hordak 2.0 with row lock and check; in bulk without",
    "pgledger": "pgledger, without a key",
}


class Process:
    """A contender at work."""

    def __init__(self, name: str, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", f"tests.bench.ledgers.{name}"],
            env=environment(url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def order(self, work: str, seconds: float) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps({"work": work, "seconds": seconds}) + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict[str, float]:
        assert self.process.stdout
        found: dict[str, float] = json.loads(self.process.stdout.readline())
        return found

    def stop(self) -> None:
        self.process.communicate(timeout=20)


def environment(url: str) -> dict[str, str]:
    return {**os.environ, "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0", "SALDO_MODE": "test"}


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A prepared database for each contender."""
    folder = Path(__file__).resolve().parents[2] / "var" / "bench"
    with EmbeddedPostgres(folder / "postgres") as server:
        found = {}
        with psycopg.connect(server.url, autocommit=True) as connection:
            for name in NAMES:
                database = "saldo_bench" if name in GUESTS else f"{name}_bench"
                found[name] = server.url.rsplit("/", 1)[0] + f"/{database}"
                if name not in GUESTS:
                    connection.execute(f"DROP DATABASE IF EXISTS {database}")
                    connection.execute(f"CREATE DATABASE {database}")
                    module = f"tests.bench.ledgers.{name}"
                    command = [sys.executable, "-W", "ignore", "-m", module, "prepare"]
                    subprocess.run(command, env=environment(found[name]), check=True)
        yield found


@contextmanager
def started(urls: dict[str, str], names: list[str], count: int = 1) -> Iterator[dict[str, list[Process]]]:
    with ExitStack() as stack:
        processes = {name: [Process(name, urls[name]) for _ in range(count)] for name in names}
        for each in processes.values():
            for process in each:
                stack.callback(process.stop)
                process.order("single", 0.2)  # what is slow only once is not measured
                process.answer()
        yield processes


def rounds(
    processes: dict[str, list[Process]], works: list[str]
) -> dict[tuple[str, str], list[list[dict[str, float]]]]:
    """Let everybody work in turn; per contender and work, for each round what each of its processes measured."""
    found: dict[tuple[str, str], list[list[dict[str, float]]]] = {}
    for _ in range(ROUNDS):
        for work in works:
            for name, crowd in processes.items():
                for process in crowd:
                    process.order(work, SECONDS)
                found.setdefault((name, work), []).append([process.answer() for process in crowd])
    return found


def rate(measured: list[list[dict[str, float]]], of: int = 1) -> float:
    """The median of the rounds of what all processes did together in a second."""
    return median(sum(each["count"] * of / each["seconds"] for each in crowd) for crowd in measured)


def beside(rates: dict[str, float]) -> list[str]:
    """Each rate, and how many times as many Saldo did."""
    return [f"{found:,.0f} ({rates['saldo'] / found:.2f} ×)" for found in rates.values()]


@pytest.mark.django_db
def test_the_ledger_beside_others(urls: dict[str, str]) -> None:
    works = {"single": 1, "keyed_batch": LINES, "batch": LINES}
    with started(urls, NAMES) as processes:
        measured = rounds(processes, list(works))
    columns = [beside({name: rate(measured[name, work], of) for name in NAMES}) for work, of in works.items()]
    record(
        "The ledger beside other ledgers",
        f"Transfers per second of one process over 20 wallets, durable commits, median of {ROUNDS} interleaved rounds; "
        "in brackets Saldo's rate as a multiple. A batch has 1,000 lines. TigerBeetle was not measured: its server "
        "cannot be had from a package.",
        ["ledger", "one by one, each with a key", "in batches, a key each", "in batches, one key"],
        [[SHOWN[name], *(column[row] for column in columns)] for row, name in enumerate(NAMES)],
    )


@pytest.mark.django_db
def test_one_hot_wallet(urls: dict[str, str]) -> None:
    names = [name for name in NAMES if name not in {"bare", "floor"}]
    with started(urls, names, CROWD) as processes:
        measured = rounds(processes, ["hot"])
    rates = beside({name: rate(measured[name, "hot"]) for name in names})
    latencies = [median(max(each["p99_ms"] for each in crowd) for crowd in measured[name, "hot"]) for name in names]
    record(
        "One hot wallet",
        f"{CROWD} processes on one wallet, durable commits: transfers per second of all together, in brackets Saldo's as a "
        f"multiple; p99 of the slowest process. Median of {ROUNDS} interleaved rounds.",
        ["ledger", "transfers/s", "p99, ms"],
        [[SHOWN[name], rates[row], f"{latencies[row]:.1f}"] for row, name in enumerate(names)],
    )


@pytest.mark.django_db
def test_several_writers_of_batches(urls: dict[str, str]) -> None:
    with started(urls, ["saldo"]) as one:
        alone = rate(rounds(one, ["batch"])["saldo", "batch"], LINES)
    with started(urls, ["saldo"], WRITERS) as several:
        together = rate(rounds(several, ["batch"])["saldo", "batch"], LINES)
    rows: list[list[Any]] = [["1", f"{alone:,.0f}"], [str(WRITERS), f"{together:,.0f} ({together / alone:.2f} ×)"]]
    record(
        "Several writers of batches",
        f"Transfers per second in batches of 1,000 with one key, all on the same 20 wallets; median of {ROUNDS} rounds.",
        ["processes", "transfers/s"],
        rows,
    )
