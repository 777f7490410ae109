"""Money that goes back, what providers tell us by webhook, and the operator's policy."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal.periods import LASTS, period


class Reversal(models.Model):
    """Money of a payment that went back: given back by us, claimed back, or returned by the bank.

    `reference` is the provider's name for it, or our own key where we asked for it. One that is `asked` for is not
    known to have been carried out yet, a `contested` one not decided; one that is `undone` came to us again (a dispute
    that was won), and `came_again` did so after a credit note was issued for it: a person has to agree with the
    customer what becomes of the money.
    """

    class Kind(models.TextChoices):
        REFUND = "refund", _("Refund")
        DISPUTE = "dispute", _("Disputed by the payer")
        RETURN = "return", _("Debit returned")
        BY_HAND = "by_hand", _("Given back by bank transfer")

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("refund", "Asked for")
        CONTESTED = "contested", pgettext_lazy("refund", "Not decided yet")
        DONE = "done", pgettext_lazy("refund", "Done")
        REFUSED = "refused", pgettext_lazy("refund", "Refused")
        UNDONE = "undone", pgettext_lazy("refund", "Undone")
        CAME_AGAIN = "came_again", pgettext_lazy("refund", "Came again after its credit note")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    payment = models.ForeignKey("payments.Payment", models.PROTECT, related_name="reversals")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.DONE)
    reference = models.CharField(_("reference"), max_length=120, unique=True)
    amount_cents = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("heard of"))
    ask_again_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("reversal")
        verbose_name_plural = _("reversals")
        constraints = [
            models.CheckConstraint(condition=Q(amount_cents__gt=0), name="a_reversal_moves_money"),
            models.CheckConstraint(
                condition=Q(state="asked", finished_at=None) | (~Q(state="asked") & Q(finished_at__isnull=False)),
                name="a_reversal_is_asked_for_or_finished",
            ),
        ]
        indexes = [models.Index("ask_again_at", name="reversals_to_ask_about", condition=Q(state="asked"))]

    def __str__(self) -> str:
        return self.reference


class ProviderEventQuerySet(models.QuerySet["ProviderEvent"]):
    def due(self, now: datetime) -> "ProviderEventQuerySet":
        """The events that nobody has dealt with, or is dealing with at `now`."""
        return self.filter(state=ProviderEvent.State.WAITING, handle_at__lte=now).order_by("pk")


class ProviderEvent(models.Model):
    """A webhook whose signature was good, as it came, once for each name the provider gave it.

    It only says that something happened to a charge; what that was is asked of the provider. What concerns no payment
    of ours, or cannot be true, is set aside with the reason, and kept.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("webhook", "Waiting")
        DONE = "done", pgettext_lazy("webhook", "Dealt with")
        SET_ASIDE = "set_aside", pgettext_lazy("webhook", "Set aside")

    class Verdict(models.TextChoices):
        NONE = "", ""
        UNKNOWN_PAYMENT = "unknown_payment", _("It is about a payment that we did not ask for.")
        OTHER_ENVIRONMENT = "other_environment", _("It comes from the provider's other environment, test or live.")
        CHANGED_AMOUNT = "changed_amount", _("It names another amount than the one we asked for.")

    provider = models.CharField(_("provider"), max_length=16)
    event_id = models.CharField(_("provider's name for it"), max_length=120)
    kind = models.CharField(_("kind"), max_length=64)
    key = models.CharField(max_length=64, blank=True)
    provider_reference = models.CharField(_("provider's reference"), max_length=120, blank=True)
    amount_cents = models.BigIntegerField(_("amount"), null=True)
    body = models.TextField(_("as it came"))
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    verdict = models.CharField(_("why"), max_length=32, choices=Verdict.choices, blank=True)
    received_at = models.DateTimeField(_("received"))
    handle_at = models.DateTimeField(editable=False)

    objects = ProviderEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider's webhook")
        verbose_name_plural = _("providers' webhooks")
        constraints = [models.UniqueConstraint("provider", "event_id", name="an_event_is_kept_once")]
        indexes = [
            models.Index("handle_at", name="events_to_deal_with", condition=Q(state="waiting")),
            models.Index("id", name="events_set_aside", condition=Q(state="set_aside")),
        ]

    def __str__(self) -> str:
        return self.event_id


class PaymentPolicy(models.Model):
    """How much money of direct debits that can still be returned a customer may have credits for, after how many days a
    bank transfer that came only in part waits for a person, and since when."""

    PART_DAYS: ClassVar = 7

    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    provisional_limit_cents = models.BigIntegerField(_("limit of provisional credits"))
    part_days = models.PositiveSmallIntegerField(_("days until a part waits for a person"), default=PART_DAYS)

    class Meta:
        verbose_name = _("payment policy")
        verbose_name_plural = _("payment policies")
        constraints = [
            ExclusionConstraint(name="one_payment_policy_at_a_time", expressions=[(period(), RangeOperators.OVERLAPS)]),
            models.CheckConstraint(condition=LASTS, name="a_payment_policy_ends_after_it_begins"),
            models.CheckConstraint(condition=Q(provisional_limit_cents__gte=0), name="a_limit_is_not_negative"),
        ]

    def __str__(self) -> str:
        return str(self.valid_from)
