"""A wallet per account, and the lots its credits came in."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import gettext_lazy as _


class Origin(models.TextChoices):
    """Where the credits of a lot came from."""

    PURCHASE = "purchase", _("Purchase")
    PROMOTION = "promotion", _("Promotion")
    CORRECTION = "correction", _("Correction")
    MOVE = "move", _("Transfer between wallets")


class Wallet(models.Model):
    """An account's credits. Its row is the lock under which lots change; the balances stand in the ledger.

    A wallet that `draws_on` another (an unlimited sub-account's) spends from that one and is still counted on its own:
    what it used stands on its own usage account. A blocked wallet spends nothing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField("accounts.Account", models.PROTECT, related_name="wallet")
    ledger_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="wallet")
    issue_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="+")
    usage_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="usage_of")
    expiry_account = models.OneToOneField("ledger.Account", models.PROTECT, related_name="+")
    draws_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="drawn_on_by", verbose_name=_("draws on")
    )
    blocked_at = models.DateTimeField(_("blocked"), null=True, blank=True)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")
        constraints = [
            models.CheckConstraint(condition=~Q(draws_on=F("pk")), name="a_wallet_does_not_draw_on_itself"),
        ]

    def __str__(self) -> str:
        return str(self.account)


class CreditLotQuerySet(models.QuerySet["CreditLot"]):
    def free(self) -> "CreditLotQuerySet":
        """The lots with something that is neither used nor held."""
        # The first half says nothing new, but in the words of the indexes, which hold no lot that is used up.
        return self.filter(Q(remaining__gt=0), remaining__gt=F("held"))

    def spendable(self, now: datetime) -> "CreditLotQuerySet":
        """What is free at `now`, in the order it is used: what ends first (expires, or goes back), then the oldest."""
        ends_at = Least("expires_at", "returns_at")  # PostgreSQL's LEAST passes over what is NULL
        alive = Q(ends_at=None) | Q(ends_at__gt=now)
        free = self.free().alias(ends_at=ends_at).filter(alive)
        return free.order_by(F("ends_at").asc(nulls_last=True), "pk")

    def due(self, now: datetime) -> "CreditLotQuerySet":
        """The lots that expired by `now` and still have something free."""
        return self.free().filter(expires_at__lte=now).order_by("expires_at", "pk")

    def loans_due(self, now: datetime) -> "CreditLotQuerySet":
        """The loans that go back by `now` and still have something free."""
        return self.free().filter(returns_at__lte=now).order_by("returns_at", "pk")


class CreditLot(models.Model):
    """Credits of one origin, price and expiry. `remaining` and `held` are units; what is held is also remaining.

    A loan goes back to the wallet `returns_to` at `returns_at`, as far as it is not used by then.
    """

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="lots")
    transfer = models.ForeignKey("ledger.Transfer", models.PROTECT, related_name="+")
    origin = models.CharField(_("origin"), max_length=16, choices=Origin.choices)
    granted = models.BigIntegerField(_("granted"))
    remaining = models.BigIntegerField(_("remaining"))
    held = models.BigIntegerField(_("held"), default=0)
    unit_price_cents = models.DecimalField(_("price of a credit in cents"), max_digits=12, decimal_places=6)
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    returns_at = models.DateTimeField(_("goes back"), null=True, blank=True)
    returns_to = models.ForeignKey(
        Wallet, models.PROTECT, null=True, blank=True, related_name="lent", verbose_name=_("lent by")
    )
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
            models.CheckConstraint(
                condition=Q(returns_at=None, returns_to=None) | Q(returns_at__isnull=False, returns_to__isnull=False),
                name="a_loan_says_when_and_where_it_returns",
            ),
            models.CheckConstraint(condition=~Q(returns_to=F("wallet")), name="a_loan_returns_to_another_wallet"),
        ]
        indexes = [
            models.Index(
                "wallet", F("expires_at").asc(nulls_last=True), "id", name="lots_in_use", condition=Q(remaining__gt=0)
            ),
            models.Index("expires_at", name="lots_by_expiry", condition=Q(remaining__gt=0, expires_at__isnull=False)),
            models.Index("returns_at", name="loans_by_return", condition=Q(remaining__gt=0, returns_at__isnull=False)),
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


class ExpiryWarning(models.Model):
    """That the people of a wallet were told, so many days before, what expires on a day in their zone. Written once.

    `units` is what was left then, and `expires_at` when the first of it expires.
    """

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="expiry_warnings")
    expires_on = models.DateField(_("expires"))
    days_before = models.PositiveSmallIntegerField(_("days before"))
    units = models.BigIntegerField(_("credits"))
    expires_at = models.DateTimeField(_("expires at"))
    created_at = models.DateTimeField(_("warned at"))

    class Meta:
        verbose_name = _("expiry warning")
        verbose_name_plural = _("expiry warnings")
        constraints = [
            models.UniqueConstraint("wallet", "expires_on", "days_before", name="a_wallet_is_warned_of_a_day_once"),
            models.CheckConstraint(condition=Q(units__gt=0), name="a_warning_is_about_something"),
        ]
        indexes = [models.Index("expires_on", name="warnings_by_day")]

    def __str__(self) -> str:
        return f"{self.expires_on} −{self.days_before}"


class Watch(models.Model):
    """That a watcher (alerts, automatic recharge) wants to hear of a wallet.

    It does when the wallet has `level_units` or less to spend, or more than `above_units`.
    """

    wallet = models.ForeignKey(Wallet, models.PROTECT, related_name="watches", db_index=False)
    watcher = models.CharField(_("who wants to hear"), max_length=16)
    level_units = models.BigIntegerField(_("at"), null=True)
    above_units = models.BigIntegerField(_("above"), null=True)

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        constraints = [
            models.UniqueConstraint("wallet", "watcher", name="a_watcher_has_one_level_a_wallet"),
            models.CheckConstraint(
                condition=Q(level_units__gte=0) & Q(above_units__gte=0), name="a_level_is_never_negative"
            ),
            models.CheckConstraint(
                condition=Q(level_units__isnull=False) | Q(above_units__isnull=False), name="a_watch_has_a_level"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.watcher} {self.wallet_id}"
