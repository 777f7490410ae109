"""The money asked for, each try to get it, and what came back of it."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from billing.payments.creditor_reference import grouped
from billing.payments.method_models import Mandate, MethodNeed, MethodSetup, PaymentMethod, PaymentMethodQuerySet
from billing.payments.reasons import Reason
from billing.payments.reversal_models import PaymentPolicy, ProviderEvent, Reversal

__all__ = [
    "Attempt",
    "AttemptQuerySet",
    "Mandate",
    "MethodNeed",
    "MethodSetup",
    "Payment",
    "PaymentMethod",
    "PaymentMethodQuerySet",
    "PaymentPolicy",
    "ProviderEvent",
    "Reversal",
    "SandboxCharge",
]


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
        """The tries that have not ended: nobody knows yet, the bank has not said, or the customer has to confirm."""
        return self.filter(state__in=Attempt.OPEN)

    def in_doubt(self) -> "AttemptQuerySet":
        """The tries of which nobody knows whether they were charged, or of which the provider said what cannot be."""
        return self.filter(Q(state=Attempt.State.UNKNOWN) | ~Q(contradiction=""))

    def due(self, now: datetime) -> "AttemptQuerySet":
        """The unresolved tries whose time to ask again has come."""
        return self.unresolved().filter(ask_again_at__lte=now).order_by("ask_again_at")


class Attempt(models.Model):
    """One try to get a payment. What was asked is frozen and `key` makes the question repeatable.

    A try that was under way when a process or a connection died is `unknown`, never failed: it is asked again with
    the same key. `ask_again_at` is also the lease of whoever is asking now. `contradiction` is what the provider said
    that cannot be true of what was asked (another amount): nothing is credited, and a person looks at it.

    A bank transfer's `provider_reference` is what the customer quotes; it may come in parts (`received_cents`, the last
    at `received_at`), and is waited for until the end of `expires_on`.
    """

    class State(models.TextChoices):
        SUBMITTING = "submitting", _("Being submitted")
        UNKNOWN = "unknown", _("Outcome unknown")
        PENDING = "pending", _("Under way at the bank")
        CONFIRMING = "confirming", _("Waiting for your confirmation")
        SUCCEEDED = "succeeded", _("Succeeded")
        DECLINED = "declined", _("Declined")

    OPEN: ClassVar = ("submitting", "unknown", "pending", "confirming")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="attempts")
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    provider = models.CharField(_("provider"), max_length=16)
    token = models.CharField(max_length=120)
    amount_cents = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3)
    is_off_session = models.BooleanField(_("without the customer"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.SUBMITTING)
    provider_reference = models.CharField(_("provider's reference"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=32, choices=Reason.choices, blank=True)
    confirm_url = models.CharField(max_length=500, blank=True)
    contradiction = models.CharField(_("contradiction"), max_length=200, blank=True)
    asked_count = models.PositiveIntegerField(_("times asked"), default=0)
    looked_up_at = models.DateTimeField(_("looked up, not found"), null=True, blank=True)
    received_cents = models.BigIntegerField(_("received so far"), default=0)
    received_at = models.DateTimeField(_("last part received"), null=True, blank=True)
    expires_on = models.DateField(_("waited for until"), null=True, blank=True)
    started_at = models.DateTimeField(_("started"))
    ask_again_at = models.DateTimeField(_("asked again at"))
    charged_at = models.DateTimeField(_("charged, as the provider says"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = AttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(
                fields=["payment"],
                condition=Q(state__in=["submitting", "unknown", "pending", "confirming", "succeeded"]),
                name="a_payment_is_tried_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(received_cents__gte=0, received_cents__lte=F("amount_cents")),
                name="no_more_is_received_than_was_asked",
            ),
            models.UniqueConstraint(
                fields=["provider_reference"],
                condition=Q(provider="bank") & ~Q(provider_reference=""),
                name="a_bank_reference_names_one_attempt",
            ),
        ]
        indexes = [
            # In the words of `unresolved` and `in_doubt`: else PostgreSQL does not see that they answer those.
            models.Index(
                "ask_again_at",
                name="attempts_to_ask_about",
                condition=Q(state__in=["submitting", "unknown", "pending", "confirming"]),
            ),
            models.Index("provider_reference", name="attempts_by_reference", condition=~Q(provider_reference="")),
            models.Index("payment", name="attempts_in_doubt", condition=Q(state="unknown") | ~Q(contradiction="")),
        ]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def missing_cents(self) -> int:
        """What has not come yet of a bank transfer."""
        return self.amount_cents - self.received_cents

    @property
    def quoted(self) -> str:
        """A bank transfer's reference as people read it, in groups of four."""
        return grouped(self.provider_reference)


class SandboxCharge(models.Model):
    """The sandbox's own memory of what it was asked, as a real provider keeps one far away.

    `serial` counts what happened to the charge, `told` how much of that a webhook has told; at `moves_at` the bank
    behind a direct debit does the next thing.
    """

    key = models.CharField(max_length=64, unique=True)
    token = models.CharField(max_length=120, blank=True)
    amount_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=32, blank=True)
    reference = models.CharField(max_length=64, blank=True)
    serial = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)
    moves_at = models.DateTimeField(null=True)
    reversals = models.JSONField(default=list)

    class Meta:
        verbose_name = _("sandbox charge")
        verbose_name_plural = _("sandbox charges")

    def __str__(self) -> str:
        return self.key
