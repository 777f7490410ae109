"""Credits whose money can still be returned by the bank: until when, how many, and how many are too many."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, Sum

from billing.payments.models import PaymentMethod, PaymentPolicy, Reversal
from billing.recharge.models import Recharge
from portal.accounts.models import Account
from portal.periods import valid_at

# A debit can be returned without a reason for eight weeks (SEPA Core Rulebook 4.3.2.4).
RETURNABLE: Final = timedelta(weeks=8)
# EUR 1,000, until staff say otherwise.
DEFAULT_LIMIT_CENTS: Final = 100_000


class ProvisionalLimitReached(Exception):
    """With this purchase more direct debits could be returned than the operator's policy allows the customer."""

    def __init__(self, limit_cents: int, open_cents: int) -> None:
        super().__init__(f"{open_cents} of {limit_cents} cents")
        self.limit_cents, self.open_cents = limit_cents, open_cents


def limit_cents(now: datetime) -> int:
    """The policy's limit at `now`, in cents."""
    policy = PaymentPolicy.objects.filter(valid_at(now)).first()
    return policy.provisional_limit_cents if policy else DEFAULT_LIMIT_CENTS


def open_cents(account: Account, now: datetime) -> int:
    """What the customer's direct debits come to that are under way or can still be returned at `now`, less what of it
    has gone back or is going: that is not returned once more."""
    can_return = Q(state=Recharge.State.WAITING) | Q(state=Recharge.State.PAID, provisional_until__gt=now)
    family = Q(account=account.customer_id) | Q(account__parent=account.customer_id)
    debits = Recharge.objects.filter(can_return, family, payment__method__kind=PaymentMethod.Kind.SEPA)
    found: dict[int, int] = dict(debits.values_list("payment", "gross_cents"))
    gone = Reversal.objects.filter(payment__in=found, take_back__undone_at=None).order_by().values_list("payment")
    for payment_id, cents in gone.annotate(Sum("amount_cents")):
        found[payment_id] = max(found[payment_id] - cents, 0)
    return sum(found.values())


def check(*, account: Account, method: PaymentMethod, cents: int, now: datetime) -> None:
    """Raise `ProvisionalLimitReached` when a debit of `cents` more would pass the limit. Call it in the queue."""
    if method.kind != PaymentMethod.Kind.SEPA:
        return
    limit, already = limit_cents(now), open_cents(account, now)
    if already + cents > limit:
        raise ProvisionalLimitReached(limit, already)
