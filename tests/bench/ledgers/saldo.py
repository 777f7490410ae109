"""Our own ledger, through its services."""

import os
import uuid
from datetime import UTC, datetime
from itertools import islice, repeat

import django
from django.core.management import call_command

from tests.bench.ledgers.worker import CUSTOMERS, FUNDS, LINES, serve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup()

from billing.ledger import services  # noqa: E402 - once Django is set up
from billing.ledger.codes import AccountCode, TransferCode  # noqa: E402
from billing.ledger.models import Account  # noqa: E402
from billing.ledger.services import Cause, Line  # noqa: E402
from portal.accounts.models import Account as Customer  # noqa: E402


class Saldo:
    def prepare(self) -> None:
        call_command("migrate", verbosity=0)
        for number in range(CUSTOMERS):
            customer = Customer.objects.create(name=f"Customer {number}")
            pots = services.open_accounts(owner_id=customer.pk, customer_id=customer.pk)
            services.transfer(
                debit=pots[AccountCode.ISSUE],
                credit=pots[AccountCode.WALLET],
                amount=FUNDS,
                cause=Cause(TransferCode.PURCHASE, f"fund:{customer.pk}"),
                now=datetime.now(UTC),
            )

    def connect(self) -> None:
        self.wallets = list(Account.objects.filter(code=AccountCode.WALLET).order_by("owner"))
        self.usages = list(Account.objects.filter(code=AccountCode.USAGE).order_by("owner"))
        self.run = uuid.uuid4().hex
        self.turn = 0

    def single(self, customer: int) -> None:
        self.turn += 1
        services.transfer(
            debit=self.wallets[customer],
            credit=self.usages[customer],
            amount=7,
            cause=Cause(TransferCode.CALL, f"{self.run}:{self.turn}"),
            now=datetime.now(UTC),
        )

    def keyed_batch(self) -> None:
        self._batch([f"{self.run}:{self.turn}:{n}" for n in range(LINES)])

    def batch(self) -> None:
        self._batch(repeat(None))

    def _batch(self, references: object) -> None:
        self.turn += 1
        pairs = [(wallet.pk, usage.pk) for wallet, usage in zip(self.wallets, self.usages, strict=True)]
        keys = islice(references, LINES)  # type: ignore[call-overload]
        lines = [Line(*pairs[n % CUSTOMERS], 7, reference) for n, reference in enumerate(keys)]
        cause = Cause(TransferCode.CALL, f"{self.run}:{self.turn}")
        assert services.post_batch(lines=lines, cause=cause, now=datetime.now(UTC)) == LINES


if __name__ == "__main__":
    serve(Saldo())
