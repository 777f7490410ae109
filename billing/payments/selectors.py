"""Questions about payments; the account comes first."""

from datetime import date, datetime

from django.db.models import QuerySet

from billing.payments.models import Attempt, Payment, PaymentMethod
from portal.accounts.models import Account


def methods(account: Account, on: date) -> QuerySet[PaymentMethod]:
    """The methods that the account can pay with on this day."""
    return PaymentMethod.objects.usable(on).filter(account=account)


def all_payments() -> QuerySet[Payment]:
    """Every payment, newest first: the operator's list."""
    return Payment.objects.select_related("account", "method").prefetch_related("attempts").order_by("-pk")


def unknown_payments() -> QuerySet[Payment]:
    """The payments of which nobody knows yet whether they were charged."""
    return all_payments().filter(attempts__state=Attempt.State.UNKNOWN)


def due_attempts(now: datetime) -> QuerySet[Attempt]:
    """The tries to ask about now."""
    return Attempt.objects.due(now).select_related("payment")
