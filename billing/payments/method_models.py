"""How a customer pays: the methods in their order, the mandates behind direct debits, and who needs a method."""

import uuid
from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PaymentMethodQuerySet(models.QuerySet["PaymentMethod"]):
    def kept(self) -> "PaymentMethodQuerySet":
        """The methods that have not been removed, in the account's order: the first pays, the next is the backup."""
        return self.filter(removed_at=None).order_by("position", "pk")

    def usable(self, on: date) -> "PaymentMethodQuerySet":
        """The methods that can pay on this day: kept, not expired, and a debit with a valid mandate."""
        allowed = ~Q(kind=PaymentMethod.Kind.SEPA) | Q(mandate__state=Mandate.State.VALID)
        return self.kept().filter(allowed).filter(Q(expires_on=None) | Q(expires_on__gte=on))


class PaymentMethod(models.Model):
    """A card, a direct debit or a bank transfer that the account pays with. The provider keeps what is secret; Saldo
    keeps the provider's token."""

    class Kind(models.TextChoices):
        CARD = "card", _("Card")
        SEPA = "sepa", _("SEPA direct debit")
        BANK_TRANSFER = "bank_transfer", _("Bank transfer")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="payment_methods")
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices, default=Kind.CARD)
    position = models.PositiveIntegerField(_("order"), default=0)
    provider = models.CharField(_("provider"), max_length=16)
    token = models.CharField(max_length=120)
    label = models.CharField(_("name"), max_length=80)
    expires_on = models.DateField(_("valid until"), null=True, blank=True)
    warned_days = models.PositiveSmallIntegerField(null=True, editable=False)
    created_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(_("added"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = PaymentMethodQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        indexes = [
            models.Index("expires_on", name="methods_that_expire", condition=Q(removed_at=None)),
        ]

    def __str__(self) -> str:
        return self.label


class Mandate(models.Model):
    """The right to debit a bank account, as it was given: the text that was read, when, from which address, by whom.

    The bank's answer makes it valid. It ends when it is revoked, by the customer or the bank, or when nothing was
    debited for 36 months (SEPA Core Rulebook 4.1).
    """

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("mandate", "Being checked")
        VALID = "valid", pgettext_lazy("mandate", "Valid")
        REVOKED = "revoked", pgettext_lazy("mandate", "Revoked")
        EXPIRED = "expired", pgettext_lazy("mandate", "Expired")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    method = models.OneToOneField(PaymentMethod, models.PROTECT, related_name="mandate")
    reference = models.CharField(_("mandate reference"), max_length=35, unique=True)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.PENDING)
    holder = models.CharField(_("account holder"), max_length=70)
    iban_ending = models.CharField(_("IBAN ending in"), max_length=4)
    text = models.TextField(_("text that was agreed to"))
    accepted_at = models.DateTimeField(_("agreed at"))
    accepted_from = models.GenericIPAddressField(_("agreed from"))
    accepted_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, related_name="+")
    validated_at = models.DateTimeField(_("valid since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    used_at = models.DateTimeField(_("last debited"), null=True, blank=True)

    class Meta:
        verbose_name = _("mandate")
        verbose_name_plural = _("mandates")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending", validated_at=None, ended_at=None)
                | Q(state="valid", validated_at__isnull=False, ended_at=None)
                | Q(state__in=["revoked", "expired"], ended_at__isnull=False),
                name="a_mandate_says_since_when",
            ),
        ]
        indexes = [
            models.Index("id", name="mandates_being_checked", condition=Q(state="pending")),
            models.Index(Coalesce("used_at", "accepted_at"), name="mandates_by_use", condition=Q(state="valid")),
        ]

    def __str__(self) -> str:
        return self.reference


class MethodNeed(models.Model):
    """Somebody (`by`, such as an automatic recharge) pays by itself and needs a usable method of one of these kinds.

    With no `kinds` any kind will do. While it stands, the last method that would do is not removed.
    """

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+")
    by = models.CharField(max_length=80, unique=True)
    kinds = ArrayField(models.CharField(max_length=16), default=list, blank=True)

    class Meta:
        verbose_name = _("need of a payment method")
        verbose_name_plural = _("needs of payment methods")

    def __str__(self) -> str:
        return self.by


class MethodSetup(models.Model):
    """A provider's page that somebody opened to enter a card or a bank account, and what it brought.

    Whoever hears first that it was completed, the browser that comes back or the webhook, keeps the method, once. A
    mandate's `text` was agreed to here, before the page was opened: when, from which address, by whom.
    """

    account = models.ForeignKey("accounts.Account", models.PROTECT, related_name="+")
    session = models.CharField(_("provider's reference"), max_length=120, unique=True)
    text = models.TextField(_("text that was agreed to"), blank=True)
    opened_from = models.GenericIPAddressField(_("opened from"))
    created_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("opened"))
    method = models.OneToOneField(PaymentMethod, models.PROTECT, null=True, related_name="setup")

    class Meta:
        verbose_name = _("set-up of a payment method")
        verbose_name_plural = _("set-ups of payment methods")

    def __str__(self) -> str:
        return self.session
