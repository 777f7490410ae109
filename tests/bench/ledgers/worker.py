"""A contender's process: does as it is told on its standard input, and answers with what it measured, in JSON lines."""

import json
import os
import sys
from collections.abc import Callable
from time import perf_counter
from typing import Protocol

CUSTOMERS = 20
FUNDS = 10**12
LINES = 1_000
WARM_UP = 20


class Contender(Protocol):
    """A ledger with `CUSTOMERS` wallets that hold `FUNDS` each, and a pot opposite each of them."""

    def prepare(self) -> None:
        """Make the tables and the accounts in the empty database of `DATABASE_URL`."""
        ...

    def connect(self) -> None:
        """Find the accounts that `prepare` made."""
        ...

    def single(self, customer: int) -> None:
        """Move something out of one customer's wallet, durably."""
        ...

    def keyed_batch(self) -> None:
        """Move `LINES` times, each with a key of its own, all or none."""
        ...

    def batch(self) -> None:
        """Move `LINES` times under one key, all or none."""
        ...


def database_url() -> str:
    """The database of this contender."""
    return os.environ["DATABASE_URL"]


def serve(contender: Contender) -> None:
    """Prepare once, or work: `{"work": name, "seconds": s}` answers `{"count": n, "seconds": s, "p99_ms": ms}`."""
    if sys.argv[1:] == ["prepare"]:
        contender.prepare()
        return
    contender.connect()
    turns = 0

    def anyone() -> None:
        nonlocal turns
        turns += 1
        contender.single(turns % CUSTOMERS)

    works: dict[str, Callable[[], None]] = {
        "single": anyone,
        "hot": lambda: contender.single(0),
        "keyed_batch": contender.keyed_batch,
        "batch": contender.batch,
    }
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_measure(works[order["work"]], order["seconds"])), flush=True)  # noqa: T201


def _measure(work: Callable[[], None], seconds: float) -> dict[str, float]:
    latencies = []
    started = now = perf_counter()
    while now - started < seconds:
        before = now
        work()
        now = perf_counter()
        latencies.append(now - before)
    latencies.sort()
    return {
        "count": len(latencies),
        "seconds": now - started,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
    }
