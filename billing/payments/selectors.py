"""Questions about payments; the account comes first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import QuerySet, Subquery, TextChoices
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from billing.payments.models import (
    Attempt,
    Mandate,
    MethodNeed,
    Payment,
    PaymentMethod,
    PaymentPolicy,
    ProviderEvent,
)
from portal.accounts.models import Account
from portal.periods import valid_at


def methods(account: Account, on: date) -> QuerySet[PaymentMethod]:
    """The methods that the account can pay with on this day."""
    return PaymentMethod.objects.usable(on).filter(account=account)


EXPIRES_SOON: Final = timedelta(days=30)


class Obstacle(TextChoices):
    """Why a method that is kept cannot pay."""

    EXPIRED = "expired", _("The card has expired. Add the new one.")
    MANDATE_PENDING = (
        "mandate_pending",
        _("The bank is still checking the mandate. It can be used as soon as it is valid."),
    )
    MANDATE_REVOKED = (
        "mandate_revoked",
        _("The mandate has been revoked. Add the bank account again to give a new one."),
    )
    MANDATE_EXPIRED = "mandate_expired", _("The mandate has expired. Add the bank account again to give a new one.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A method in its place, and what keeps it from paying, if anything. `expires_soon` is a warning, no obstacle.

    `is_first` is the one that pays; the usable ones behind it are its backups.
    """

    method: PaymentMethod
    place: int
    obstacle: Obstacle | None
    expires_soon: bool
    is_first: bool

    @property
    def is_usable(self) -> bool:
        """Whether the account can pay with it."""
        return self.obstacle is None


def standings(account: Account, on: date) -> list[Standing]:
    """What can be charged, in its order, the unusable ones with the reason.

    A bank transfer has no place in it: the customer sends that money, so it neither pays first nor stands in.
    """
    kept = PaymentMethod.objects.kept().filter(account=account).select_related("mandate")
    kept = kept.exclude(kind=PaymentMethod.Kind.BANK_TRANSFER)
    found: list[Standing] = []
    for place, method in enumerate(kept, start=1):
        soon = method.expires_on is not None and on <= method.expires_on <= on + EXPIRES_SOON
        obstacle = _obstacle(method, on)
        is_first = obstacle is None and not any(each.is_usable for each in found)
        found.append(Standing(method, place, obstacle, soon, is_first))
    return found


def usable_methods(account: Account, on: date) -> list[PaymentMethod]:
    """The methods that can pay on this day, in order: the first pays, the next is the backup."""
    return list(methods(account, on).select_related("mandate"))


def part_days(at: datetime) -> int:
    """After how many days a bank transfer that came only in part waits for a person, by the policy that holds then."""
    days = PaymentPolicy.objects.filter(valid_at(at)).values_list("part_days", flat=True).first()
    return PaymentPolicy.PART_DAYS if days is None else days


def part_days_of_policy(at: datetime) -> Coalesce:
    """The same as an expression, for whoever counts and asks nothing else."""
    days = PaymentPolicy.objects.filter(valid_at(at)).values("part_days")
    return Coalesce(Subquery(days[:1]), PaymentPolicy.PART_DAYS)


def needs(account: Account) -> Sequence[MethodNeed]:
    """Who pays by itself and needs a method of the account."""
    return list(MethodNeed.objects.filter(account=account).order_by("by"))


def _obstacle(method: PaymentMethod, on: date) -> Obstacle | None:
    if method.expires_on is not None and method.expires_on < on:
        return Obstacle.EXPIRED
    if method.kind != PaymentMethod.Kind.SEPA:
        return None
    mandate: Mandate | None = getattr(method, "mandate", None)
    if mandate is None:
        return Obstacle.MANDATE_REVOKED
    return {
        Mandate.State.VALID: None,
        Mandate.State.PENDING: Obstacle.MANDATE_PENDING,
        Mandate.State.REVOKED: Obstacle.MANDATE_REVOKED,
        Mandate.State.EXPIRED: Obstacle.MANDATE_EXPIRED,
    }[Mandate.State(mandate.state)]


def all_payments() -> QuerySet[Payment]:
    """Every payment, newest first: the operator's list."""
    return Payment.objects.select_related("account", "method").prefetch_related("attempts").order_by("-pk")


def unknown_payments() -> QuerySet[Payment]:
    """The payments of which nobody knows yet whether they were charged, or of which the provider said what cannot be."""
    return all_payments().filter(pk__in=Attempt.objects.in_doubt().values("payment"))


def reversed_payments() -> QuerySet[Payment]:
    """The payments whose money went back, in whole or in part."""
    return all_payments().filter(reversals__isnull=False).distinct()


def strange_events() -> QuerySet[ProviderEvent]:
    """Webhooks that were set aside, newest first."""
    return ProviderEvent.objects.filter(state=ProviderEvent.State.SET_ASIDE).order_by("-pk")


def due_attempts(now: datetime) -> QuerySet[Attempt]:
    """The tries to ask about now."""
    return Attempt.objects.due(now).select_related("payment")
