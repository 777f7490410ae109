"""No ledger at all: the least that one transfer, and a batch of ready rows, cost on this machine.

One row goes into a table without an index; a batch goes, with every balance known beforehand and nothing locked or looked
up, into a copy of our table of transfers with its indexes and rules. What asks for more than that asks for other rows.
"""

import uuid
from datetime import UTC, datetime

import psycopg

from tests.bench.ledgers.worker import LINES, database_url, serve

TABLES = """
    CREATE TABLE IF NOT EXISTS bench_row (reference text NOT NULL);
    CREATE TABLE IF NOT EXISTS bench_transfer (LIKE ledger_transfer INCLUDING ALL);
"""
ROW = "INSERT INTO bench_row VALUES (%s)"
ROWS = """
    INSERT INTO bench_transfer (phase, debit_account_id, credit_account_id, amount, code, reference, sequence, subject,
                                debit_balance, credit_balance, created_at)
    SELECT 'single', debit, credit, 7, 'call', reference, sequence, '', debit_balance, credit_balance, %b
      FROM unnest(%b::bigint[], %b::bigint[], %b::text[], %b::int[], %b::bigint[], %b::bigint[])
           AS line (debit, credit, reference, sequence, debit_balance, credit_balance)
"""
POTS = "SELECT id FROM ledger_account WHERE code = %s ORDER BY owner_id"


class Floor:
    def prepare(self) -> None:
        """Works in the database that our own services have prepared."""

    def connect(self) -> None:
        self.connection = psycopg.connect(database_url(), autocommit=True)
        self.connection.execute(TABLES)
        self.cursor = self.connection.cursor()
        self.wallets, self.usages = (
            [id for (id,) in self.connection.execute(POTS, [code])] * (LINES // 20) for code in ("wallet", "usage")
        )
        self.run = uuid.uuid4().hex
        self.turn = 0

    def single(self, customer: int) -> None:
        self.turn += 1
        self.cursor.execute(ROW, (f"{self.run}:{self.turn}",))

    def keyed_batch(self) -> None:
        self._batch([f"{self.run}:{self.turn}:{n}" for n in range(LINES)], [0] * LINES)

    def batch(self) -> None:
        self._batch([f"{self.run}:{self.turn}:batch"] * LINES, list(range(LINES)))

    def _batch(self, references: list[str], sequences: list[int]) -> None:
        self.turn += 1
        balances = list(range(10**12, 10**12 + LINES))
        lines = (self.wallets, self.usages, references, sequences, balances, balances)
        self.cursor.execute(ROWS, (datetime.now(UTC), *lines), prepare=True)


if __name__ == "__main__":
    serve(Floor())
