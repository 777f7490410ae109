"""How a customer pays, the money asked for, and each try to get it."""

import uuid
from datetime import date, datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.payments.reasons import Reason


class PaymentMethodQuerySet(models.QuerySet["PaymentMethod"]):
    def usable(self, on: date) -> "PaymentMethodQuerySet":
        """The methods that have neither been removed nor expired."""
        return self.filter(removed_at=None).filter(Q(expires_on=None) | Q(expires_on__gte=on)).order_by("pk")


class PaymentMethod(models.Model):
    """A card that the account may pay with. The provider keeps the card; Saldo keeps the provider's token."""

    class Kind(models.TextChoices):
        CARD = "card", _("Card")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="payment_methods")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CARD)
    provider = models.CharField(_("provider"), max_length=16)
    token = models.CharField(max_length=120)
    label = models.CharField(_("name"), max_length=80)
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("added"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = PaymentMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")

    def __str__(self) -> str:
        return self.label


class Payment(models.Model):
    """Money asked for, once: `reference` is unique, the amount frozen. It has one try under way, and one success."""

    class State(models.TextChoices):
        OPEN = "open", _("In progress")
        SUCCEEDED = "succeeded", pgettext_lazy("payment", "Paid")
        FAILED = "failed", pgettext_lazy("payment", "Failed")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="payments")
    method = models.ForeignKey(PaymentMethod, models.PROTECT, related_name="payments")
    amount_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    reference = models.CharField(_("reference"), max_length=120, unique=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.OPEN)
    created_at = models.DateTimeField(_("asked at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="a_payment_asks_for_something"),
            models.CheckConstraint(
                condition=Q(state="open", finished_at=None)
                | Q(state__in=["succeeded", "failed"], finished_at__isnull=False),
                name="a_payment_is_open_or_finished",
            ),
        ]
        indexes = [models.Index(fields=["account", "-created_at"], name="payments_by_account")]

    def __str__(self) -> str:
        return self.reference


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def unresolved(self) -> "AttemptQuerySet":
        """The tries of which nobody knows yet how they ended."""
        return self.filter(state__in=[Attempt.State.SUBMITTING, Attempt.State.UNKNOWN])

    def due(self, now: datetime) -> "AttemptQuerySet":
        """The unresolved tries whose time to ask again has come."""
        return self.unresolved().filter(ask_again_at__lte=now).order_by("ask_again_at")


class Attempt(models.Model):
    """One try to get a payment. What was asked is frozen and `key` makes the question repeatable.

    A try that was under way when a process or a connection died is `unknown`, never failed: it is asked again with
    the same key. `ask_again_at` is also the lease of whoever is asking now.
    """

    class State(models.TextChoices):
        SUBMITTING = "submitting", _("Being submitted")
        UNKNOWN = "unknown", _("Outcome unknown")
        SUCCEEDED = "succeeded", _("Succeeded")
        DECLINED = "declined", _("Declined")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="attempts")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.CharField(_("provider"), max_length=16)
    token = models.CharField(max_length=120)
    amount_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.SUBMITTING)
    provider_reference = models.CharField(_("provider's reference"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=32, choices=Reason.choices, blank=True)
    asked_count = models.PositiveIntegerField(_("times asked"), default=0)
    started_at = models.DateTimeField(_("started"))
    ask_again_at = models.DateTimeField(_("asked again at"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state__in=["submitting", "unknown", "succeeded"]),
                name="a_payment_is_tried_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return str(self.key)


class SandboxCharge(models.Model):
    """The sandbox's own memory of what it was asked, as a real provider keeps one far away."""

    key = models.CharField(max_length=64, unique=True)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    reference = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("sandbox charge")
        verbose_name_plural = _("sandbox charges")

    def __str__(self) -> str:
        return self.key
