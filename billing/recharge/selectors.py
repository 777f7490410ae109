"""Questions about recharges; the account comes first."""

from datetime import datetime

from django.db.models import Sum

from billing.invoices import selectors as invoices_selectors
from billing.invoices import vat
from billing.invoices.selectors import BillingDetailsMissing
from billing.payments import selectors as payments_selectors
from billing.payments.models import Attempt
from billing.recharge.models import Recharge, RechargeQuerySet
from portal.accounts.models import Account


def recharges(account: Account) -> RechargeQuerySet:
    """The account's recharges, newest first, with what a list shows of them."""
    return Recharge.objects.filter(account=account).select_related("payment__method", "invoice").order_by("-pk")


def to_pursue(now: datetime) -> RechargeQuerySet:
    """The waiting recharges whose payment should be asked about now."""
    due = payments_selectors.due_attempts(now).values("payment_id")
    return Recharge.objects.waiting().filter(payment_id__in=due).order_by("pk")


def on_their_way(account: Account) -> int:
    """The units that open recharges will bring to the account's wallet if their money comes."""
    waiting = Recharge.objects.waiting().filter(account=account)
    return waiting.aggregate(units=Sum("credits_units"))["units"] or 0


def progress(recharge: Recharge) -> Attempt:
    """The last try to get the recharge's money: its state (unknown, pending, declined…) and the reason."""
    return Attempt.objects.filter(payment_id=recharge.payment_id).latest("pk")


def vat_assessment(account: Account) -> vat.Assessment | None:
    """Which VAT the account's purchases carry; None while its billing details are missing."""
    try:
        return invoices_selectors.assessment(account)
    except BillingDetailsMissing:
        return None
