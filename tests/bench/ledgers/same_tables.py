"""The very tables of Saldo, with their indexes and constraints, written by Django's ORM: what is left is how."""

import os
import uuid
from datetime import UTC, datetime

import django

from tests.bench.ledgers.worker import CUSTOMERS, LINES, serve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from django.db import transaction  # noqa: E402 - once Django is set up
from django.db.models import F  # noqa: E402

from billing.ledger.codes import AccountCode, Phase, TransferCode  # noqa: E402
from billing.ledger.models import Account, Transfer  # noqa: E402

AMOUNT = 7


class SameTables:
    def prepare(self) -> None:
        """Works in the database that our own services have prepared."""

    def connect(self) -> None:
        self.wallets, self.usages = (
            list(Account.objects.filter(code=code).order_by("owner").values_list("pk", flat=True))
            for code in (AccountCode.WALLET, AccountCode.USAGE)
        )
        self.run = uuid.uuid4().hex
        self.turn = 0

    def single(self, customer: int) -> None:
        self.turn += 1
        pair = (self.wallets[customer], self.usages[customer])
        self._move([pair], [f"{self.run}:{self.turn}"])

    def keyed_batch(self) -> None:
        self._batch([(f"{self.run}:{self.turn}:{n}", 0) for n in range(LINES)])

    def batch(self) -> None:
        self._batch([(f"{self.run}:{self.turn}", n) for n in range(LINES)])

    def _batch(self, keys: list[tuple[str, int]]) -> None:
        self.turn += 1
        pairs = list(zip(self.wallets, self.usages, strict=True))
        self._move([pairs[n % CUSTOMERS] for n in range(LINES)], *map(list, zip(*keys, strict=True)))

    @transaction.atomic
    def _move(self, pairs: list[tuple[int, int]], references: list[str], sequences: list[int] | None = None) -> None:
        now = datetime.now(UTC)
        ids = {id for pair in pairs for id in pair}
        pots = {pot.pk: pot for pot in Account.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")}
        balances = {id: pot.posted for id, pot in pots.items()}
        out, into = dict.fromkeys(ids, 0), dict.fromkeys(ids, 0)
        rows = []
        for (debit, credit), reference, sequence in zip(pairs, references, sequences or [0] * len(pairs), strict=True):
            assert pots[debit].available - out[debit] >= AMOUNT
            out[debit] += AMOUNT
            into[credit] += AMOUNT
            rows.append(
                Transfer(
                    debit_account_id=debit,
                    credit_account_id=credit,
                    amount=AMOUNT,
                    code=TransferCode.CALL,
                    phase=Phase.SINGLE,
                    reference=reference,
                    sequence=sequence,
                    debit_balance=balances[debit] - out[debit],
                    credit_balance=balances[credit] + into[credit],
                    created_at=now,
                )
            )
        for id in pots:
            Account.objects.filter(pk=id).update(
                debits_posted=F("debits_posted") + out[id],
                credits_posted=F("credits_posted") + into[id],
                last_entry_at=now,
            )
        Transfer.objects.bulk_create(rows)


if __name__ == "__main__":
    serve(SameTables())
