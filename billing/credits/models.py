"""A wallet per account, and the lots its credits came in."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where the credits of a lot came from."""

    PURCHASE = "purchase", _("Purchase")
    PROMOTION = "promotion", _("Promotion")
    CORRECTION = "correction", _("Correction")
    MOVE = "move", _("Transfer between wallets")


class Wallet(models.Model):
    """An account's credits. Its row is the lock under which lots change; the balances stand in the ledger."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="wallet")
    ledger_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="wallet")
    issue_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="+")
    usage_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="+")
    expiry_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")

    def __str__(self) -> str:
        return str(self.account)


class CreditLotQuerySet(models.QuerySet["CreditLot"]):
    def spendable(self, now: datetime) -> "CreditLotQuerySet":
        """The lots with something free at `now`, in the order they are used: earliest expiry, then oldest."""
        alive = Q(expires_at=None) | Q(expires_at__gt=now)
        return self.filter(alive, remaining__gt=F("held")).order_by(F("expires_at").asc(nulls_last=True), "pk")

    def due(self, now: datetime) -> "CreditLotQuerySet":
        """The lots that expired by `now` and still have something that is not held."""
        return self.filter(expires_at__lte=now, remaining__gt=F("held")).order_by("expires_at", "pk")


class CreditLot(models.Model):
    """Credits of one origin, price and expiry. `remaining` and `held` are units; what is held is also remaining."""

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="lots")
    transfer = models.ForeignKey("ledger.Transfer", models.PROTECT, related_name="+")
    origin = models.CharField(_("origin"), max_length=16, choices=Origin.choices)
    granted = models.BigIntegerField(_("granted"))
    remaining = models.BigIntegerField(_("remaining"))
    held = models.BigIntegerField(_("held"), default=0)
    unit_price_cents = models.DecimalField(_("price of a credit in cents"), max_digits=12, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    created_at = models.DateTimeField(_("granted at"))

    objects = CreditLotQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit lot")
        verbose_name_plural = _("credit lots")
        constraints = [
            models.CheckConstraint(condition=Q(granted__gt=0), name="a_lot_grants_something"),
            models.CheckConstraint(
                condition=Q(held__gte=0, held__lte=F("remaining"), remaining__lte=F("granted")),
                name="a_lot_never_holds_more_than_remains",
            ),
            models.CheckConstraint(condition=Q(unit_price_cents__gte=0), name="a_lot_has_a_price_or_was_free"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="a_lot_has_a_known_origin"),
        ]
        indexes = [
            models.Index(
                "wallet", F("expires_at").asc(nulls_last=True), "id", name="lots_in_use", condition=Q(remaining__gt=0)
            ),
            models.Index("expires_at", name="lots_by_expiry", condition=Q(remaining__gt=0, expires_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_origin_display()} {self.pk}"


class LotDraw(models.Model):
    """How much a transfer draws on a lot: a hold earmarks it, every other transfer takes it. Written once."""

    transfer = models.ForeignKey("ledger.Transfer", models.PROTECT, related_name="draws")
    lot = models.ForeignKey(CreditLot, models.PROTECT, related_name="draws")
    amount = models.BigIntegerField(_("amount"))

    class Meta:
        verbose_name = _("draw on a lot")
        verbose_name_plural = _("draws on lots")
        constraints = [
            models.UniqueConstraint("transfer", "lot", name="a_transfer_draws_on_a_lot_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="a_draw_takes_something"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} · {self.lot_id}"
