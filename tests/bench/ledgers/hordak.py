"""django-hordak with what it lacks for a wallet: the row lock of the account and a look at its balance."""

from datetime import date

import dj_database_url
import django
from django.conf import settings

from tests.bench.ledgers.worker import CUSTOMERS, FUNDS, LINES, database_url, serve

settings.configure(
    DATABASES={"default": dj_database_url.parse(database_url())},
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    CURRENCIES=["EUR"],
    USE_TZ=True,
)
django.setup()

from django.core.management import call_command  # noqa: E402 - once Django is set up
from django.db import transaction  # noqa: E402
from hordak.models import Account, AccountType, Leg, Transaction  # noqa: E402
from moneyed import Money  # noqa: E402

AMOUNT = Money("0.07", "EUR")
TODAY = date(2026, 11, 20)


class Hordak:
    def prepare(self) -> None:
        call_command("migrate", verbosity=0)
        for number in range(CUSTOMERS):
            wallet, _, bank = (
                Account.objects.create(name=f"{name} {number}", type=type, currencies=["EUR"])
                for name, type in (
                    ("wallet", AccountType.liability),
                    ("usage", AccountType.income),
                    ("bank", AccountType.asset),
                )
            )
            with transaction.atomic():
                movement = Transaction.objects.create(description="fund", date=TODAY)
                Leg.objects.create(transaction=movement, account=bank, debit=Money(FUNDS // 10**4, "EUR"))
                Leg.objects.create(transaction=movement, account=wallet, credit=Money(FUNDS // 10**4, "EUR"))

    def connect(self) -> None:
        self.wallets, self.usages = (
            list(Account.objects.filter(name__startswith=name).order_by("pk")) for name in ("wallet", "usage")
        )

    def single(self, customer: int) -> None:
        with transaction.atomic():
            wallet = Account.objects.select_for_update().get(pk=self.wallets[customer].pk)
            assert wallet.get_simple_balance()["EUR"] >= AMOUNT
            movement = Transaction.objects.create(description="call", date=TODAY)
            Leg.objects.create(transaction=movement, account=wallet, debit=AMOUNT)
            Leg.objects.create(transaction=movement, account=self.usages[customer], credit=AMOUNT)

    def keyed_batch(self) -> None:
        """Neither lock nor key: hordak has no such thing in bulk."""
        with transaction.atomic():
            movements = Transaction.objects.bulk_create(
                Transaction(description="call", date=TODAY) for _ in range(LINES)
            )
            Leg.objects.bulk_create(
                leg
                for n, movement in enumerate(movements)
                for leg in (
                    Leg(transaction=movement, account=self.wallets[n % CUSTOMERS], debit=AMOUNT),
                    Leg(transaction=movement, account=self.usages[n % CUSTOMERS], credit=AMOUNT),
                )
            )

    batch = keyed_batch


if __name__ == "__main__":
    serve(Hordak())
