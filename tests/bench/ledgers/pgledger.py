"""pgledger, a ledger in pure SQL. Its file is not ours to carry: `PGLEDGER_SQL` says where it lies.

It has no idempotency key; what its caller needs for one comes on top of what is measured here.
"""

import os
from pathlib import Path

import psycopg

from tests.bench.ledgers.worker import CUSTOMERS, FUNDS, LINES, database_url, serve

CREATE = "SELECT id FROM pgledger_create_account(%s, 'EUR', allow_negative_balance => %s)"
TRANSFER = "SELECT id FROM pgledger_create_transfer(%s, %s, %s)"
BATCH = """
    SELECT count(*) FROM pgledger_create_transfers(
        (SELECT array_agg((debit, credit, 7)::transfer_request) FROM unnest(%s::text[], %s::text[]) AS l(debit, credit)))
"""


class Pgledger:
    def prepare(self) -> None:
        with psycopg.connect(database_url(), autocommit=True) as connection:
            connection.execute(Path(os.environ["PGLEDGER_SQL"]).read_text())
            for number in range(CUSTOMERS):
                [bank], [wallet], [_] = (
                    connection.execute(CREATE, [f"{name} {number}", name != "wallet"]).fetchone() or ()
                    for name in ("bank", "wallet", "usage")
                )
                connection.execute(TRANSFER, [bank, wallet, FUNDS])

    def connect(self) -> None:
        self.connection = psycopg.connect(database_url(), autocommit=True)
        self.cursor = self.connection.cursor()
        self.wallets, self.usages = (
            [
                id
                for (id,) in self.connection.execute(
                    "SELECT id FROM pgledger_accounts WHERE name LIKE %s ORDER BY created_at", [f"{name} %"]
                )
            ]
            for name in ("wallet", "usage")
        )

    def single(self, customer: int) -> None:
        self.cursor.execute(TRANSFER, [self.wallets[customer], self.usages[customer], 7]).fetchone()

    def keyed_batch(self) -> None:
        times = LINES // CUSTOMERS
        self.cursor.execute(BATCH, [self.wallets * times, self.usages * times]).fetchone()

    batch = keyed_batch


if __name__ == "__main__":
    serve(Pgledger())
