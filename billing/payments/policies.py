"""The rules of payments, each from a day on: staff say so, and what was said stays to be read."""

from dataclasses import asdict, dataclass
from datetime import datetime

from billing.payments.models import PaymentPolicy
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.periods import begin
from portal.transactions import unit_of_work


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy says: the limit of provisional credits of one customer, in cents of euro, and after how many days a
    bank transfer that came only in part waits for a person."""

    provisional_limit_cents: int
    part_days: int = PaymentPolicy.PART_DAYS


def periods() -> list[PaymentPolicy]:
    """What was, is and will be valid, in order."""
    return list(PaymentPolicy.objects.order_by("valid_from"))


@unit_of_work
def change(*, terms: Terms, valid_from: datetime, actor_id: int, now: datetime) -> bool:
    """Let `terms` be valid from `valid_from` on; False where they are so already. Raises `InThePast`."""
    # Those who change a policy queue at the operator's account.
    Account.objects.select_for_update(no_key=True).get(is_operator=True)
    before = _told()
    if not begin(PaymentPolicy.objects, valid_from=valid_from, now=now, **asdict(terms)):
        return False
    audit.record(
        action="payment_policy.changed",
        actor_id=actor_id,
        subject="payment_policy",
        before={"periods": before},
        after={"periods": _told()},
        now=now,
    )
    return True


def _told() -> list[dict[str, object]]:
    return [
        {
            "from": policy.valid_from.isoformat(),
            "until": policy.valid_until.isoformat() if policy.valid_until else None,
            "provisional_limit_cents": policy.provisional_limit_cents,
            "part_days": policy.part_days,
        }
        for policy in periods()
    ]
