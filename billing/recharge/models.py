"""Buying credits."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RechargeQuerySet(models.QuerySet["Recharge"]):
    def waiting(self) -> "RechargeQuerySet":
        """The recharges whose money is still under way."""
        return self.filter(state=Recharge.State.WAITING)

    def provisional(self, now: datetime) -> "RechargeQuerySet":
        """The paid recharges whose debit can still be returned at `now`."""
        return self.filter(state=Recharge.State.PAID, provisional_until__gt=now)


class Recharge(models.Model):
    """One purchase of credits, its conditions frozen when it was asked for.

    Paid means: charged once, credited once, invoiced once, in one transaction. A wallet has one open recharge, ever.
    One that staff had given up at `given_up_at` may turn out paid all the same.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for payment")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", pgettext_lazy("recharge", "Expired")
        WITHDRAWN = "withdrawn", pgettext_lazy("recharge", "Withdrawn")

    class Origin(models.TextChoices):
        MANUAL = "manual", pgettext_lazy("recharge", "By hand")
        AUTOMATIC = "automatic", pgettext_lazy("recharge", "Automatic")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="recharges")
    origin = models.CharField(_("started"), max_length=16, choices=Origin.choices, default=Origin.MANUAL)
    credits_units = models.BigIntegerField(_("credits"))
    price_list_name = models.CharField(_("price list"), max_length=80)
    net_cents = models.BigIntegerField(_("net amount"))
    vat_cents = models.BigIntegerField(_("VAT"))
    gross_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    vat_treatment = models.CharField(_("VAT treatment"), max_length=16)
    vat_rate = models.DecimalField(_("VAT rate"), max_digits=5, decimal_places=4)
    # Whom the VAT was agreed with; nothing of purchases from before this was kept.
    buyer = models.JSONField(_("buyer"), default=dict, blank=True)
    credits_expire_after_months = models.PositiveSmallIntegerField(
        _("credits expire after months"), null=True, blank=True
    )
    reference = models.UUIDField(_("reference"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    payment = models.OneToOneField("payments.Payment", models.PROTECT, related_name="recharge")
    transfer = models.OneToOneField("ledger.Transfer", models.PROTECT, null=True, related_name="+")
    invoice = models.OneToOneField("invoices.Invoice", models.PROTECT, null=True, related_name="recharge")
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("asked at"))
    provisional_until = models.DateTimeField(_("can be returned until"), null=True, blank=True)
    given_up_at = models.DateTimeField(_("taken for not charged"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = RechargeQuerySet.as_manager()

    class Meta:
        verbose_name = _("recharge")
        verbose_name_plural = _("recharges")
        constraints = [
            models.UniqueConstraint(fields=["account", "reference"], name="a_purchase_is_made_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(state="waiting"), name="a_wallet_has_one_open_recharge"
            ),
            models.CheckConstraint(
                condition=Q(gross_cents=F("net_cents") + F("vat_cents")), name="a_recharge_costs_net_and_vat"
            ),
            models.CheckConstraint(condition=Q(credits_units__gt=0), name="a_recharge_buys_something"),
            models.CheckConstraint(
                condition=Q(state="paid", transfer__isnull=False, invoice__isnull=False)
                | Q(
                    state__in=["waiting", "failed", "expired", "withdrawn"], transfer__isnull=True, invoice__isnull=True
                ),
                name="paid_means_credited_and_invoiced",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "-created_at"], name="recharges_by_account"),
            models.Index("id", name="recharges_given_up", condition=Q(given_up_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class TakeBackQuerySet(models.QuerySet["TakeBack"]):
    def missing(self) -> "TakeBackQuerySet":
        """Those whose credits were spent before they could be taken: they are owed."""
        return self.filter(undone_at=None, taken_units__lt=F("units"))

    def to_correct(self) -> "TakeBackQuerySet":
        """Those whose money is gone for good, and that took more credits than credit notes say."""
        return self.filter(undone_at=None, reversal__state="done", noted_units__lt=F("taken_units"))


class TakeBack(models.Model):
    """The credits of a recharge that go back with its money: `units` in all, `taken_units` of them so far.

    What the customer has spent already is owed, and taken from the next credits that are there.
    """

    recharge = models.ForeignKey(Recharge, models.PROTECT, related_name="take_backs")
    reversal = models.OneToOneField("payments.Reversal", models.PROTECT, related_name="take_back")
    units = models.BigIntegerField(_("credits"))
    taken_units = models.BigIntegerField(_("taken back"), default=0)
    created_at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("given back"), null=True, blank=True)
    noted_units = models.BigIntegerField(_("credits on credit notes"), default=0)
    noted_cents = models.BigIntegerField(_("amount on credit notes"), default=0)

    objects = TakeBackQuerySet.as_manager()

    class Meta:
        verbose_name = _("credits taken back")
        verbose_name_plural = _("credits taken back")
        constraints = [
            models.CheckConstraint(
                condition=Q(units__gte=0, taken_units__gte=0, taken_units__lte=F("units")),
                name="no_more_is_taken_back_than_was_bought",
            ),
            models.CheckConstraint(
                condition=Q(noted_cents__gte=0, noted_units__gte=0, noted_units__lte=F("taken_units")),
                name="a_credit_note_follows_the_credits",
            ),
        ]
        indexes = [
            models.Index("recharge", name="take_backs_owed", condition=Q(undone_at=None, taken_units__lt=F("units")))
        ]

    def __str__(self) -> str:
        return str(self.reversal)

    @property
    def missing_units(self) -> int:
        """What is owed."""
        return 0 if self.undone_at else self.units - self.taken_units
