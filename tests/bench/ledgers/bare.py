"""The same SQL as ours, called by psycopg without Django: what is left is the price of our services."""

import uuid
from datetime import UTC, datetime

import psycopg

from tests.bench.ledgers.worker import LINES, database_url, serve

TRANSFER = "SELECT * FROM ledger_transfer(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
BATCH = "SELECT * FROM ledger_post_batch(%b, %b, %b, %b, %b, %b, %b, %b)"
POTS = "SELECT id FROM ledger_account WHERE code = %s ORDER BY owner_id"


class Bare:
    def prepare(self) -> None:
        """Works in the database that our own services have prepared."""

    def connect(self) -> None:
        self.connection = psycopg.connect(database_url(), autocommit=True)
        self.cursor = self.connection.cursor()
        self.wallets, self.usages = (
            [id for (id,) in self.connection.execute(POTS, [code])] for code in ("wallet", "usage")
        )
        self.run = uuid.uuid4().hex
        self.turn = 0

    def single(self, customer: int) -> None:
        self.turn += 1
        pots = (self.wallets[customer], self.usages[customer])
        why = ("call", f"{self.run}:{self.turn}", "", None, datetime.now(UTC))
        moved = self.cursor.execute(TRANSFER, ("single", *pots, 7, None, *why)).fetchone()
        assert moved
        assert moved[0] == "done"

    def keyed_batch(self) -> None:
        self._batch([f"{self.run}:{self.turn}:{n}" for n in range(LINES)])

    def batch(self) -> None:
        self._batch([f"{self.run}:{self.turn}:batch"])

    def _batch(self, keys: list[str]) -> None:
        self.turn += 1
        times = LINES // len(self.wallets)
        lines = (self.wallets * times, self.usages * times, [7] * LINES, keys)
        moved = self.cursor.execute(BATCH, (*lines, "call", "", None, datetime.now(UTC)), prepare=True).fetchone()
        assert moved
        assert moved[0] == "done"


if __name__ == "__main__":
    serve(Bare())
