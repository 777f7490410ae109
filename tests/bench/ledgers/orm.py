"""What one writes first: two Django models, `select_for_update`, F() expressions and `bulk_create`."""

import uuid
from decimal import Decimal

import dj_database_url
import django
from django.conf import settings

from tests.bench.ledgers.worker import CUSTOMERS, FUNDS, LINES, database_url, serve

settings.configure(
    DATABASES={"default": dj_database_url.parse(database_url())},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from django.db import connection, models, transaction  # noqa: E402 - once Django is set up
from django.db.models import F, Q  # noqa: E402


class Pot(models.Model):
    name = models.CharField(max_length=40)
    may_overdraw = models.BooleanField(default=False)
    balance = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        app_label = "plain"
        constraints = [
            models.CheckConstraint(condition=Q(may_overdraw=True) | Q(balance__gte=0), name="a_pot_is_never_overdrawn")
        ]


class Movement(models.Model):
    debit = models.ForeignKey(Pot, models.PROTECT, related_name="+")
    credit = models.ForeignKey(Pot, models.PROTECT, related_name="+")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    code = models.CharField(max_length=16)
    reference = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "plain"


AMOUNT = Decimal("0.0007")


class Orm:
    def prepare(self) -> None:
        with connection.schema_editor() as editor:
            editor.create_model(Pot)
            editor.create_model(Movement)
        Pot.objects.bulk_create(Pot(name=f"wallet {n}", balance=FUNDS // 10_000) for n in range(CUSTOMERS))
        Pot.objects.bulk_create(Pot(name=f"usage {n}", may_overdraw=True) for n in range(CUSTOMERS))

    def connect(self) -> None:
        self.wallets = list(Pot.objects.filter(may_overdraw=False).order_by("pk").values_list("pk", flat=True))
        self.usages = list(Pot.objects.filter(may_overdraw=True).order_by("pk").values_list("pk", flat=True))
        self.run = uuid.uuid4().hex
        self.turn = 0

    def single(self, customer: int) -> None:
        self.turn += 1
        wallet, usage = self.wallets[customer], self.usages[customer]
        with transaction.atomic():
            pot = Pot.objects.select_for_update().get(pk=wallet)
            assert pot.balance >= AMOUNT
            Pot.objects.filter(pk=wallet).update(balance=F("balance") - AMOUNT)
            Pot.objects.filter(pk=usage).update(balance=F("balance") + AMOUNT)
            Movement.objects.create(
                debit_id=wallet, credit_id=usage, amount=AMOUNT, code="call", reference=f"{self.run}:{self.turn}"
            )

    def keyed_batch(self) -> None:
        self.turn += 1
        share = AMOUNT * (LINES // CUSTOMERS)
        with transaction.atomic():
            for pot in Pot.objects.select_for_update().filter(pk__in=self.wallets).order_by("pk"):
                assert pot.balance >= share
            Pot.objects.filter(pk__in=self.wallets).update(balance=F("balance") - share)
            Pot.objects.filter(pk__in=self.usages).update(balance=F("balance") + share)
            Movement.objects.bulk_create(
                Movement(
                    debit_id=self.wallets[n % CUSTOMERS],
                    credit_id=self.usages[n % CUSTOMERS],
                    amount=AMOUNT,
                    code="call",
                    reference=f"{self.run}:{self.turn}:{n}",
                )
                for n in range(LINES)
            )

    batch = keyed_batch


if __name__ == "__main__":
    serve(Orm())
