"""The rules of payments, each from a day on: staff say so, and what was said stays to be read."""

from dataclasses import asdict, dataclass
from datetime import datetime

from billing.payments.models import PaymentPolicy
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work


class PolicyInThePast(Exception):
    """A policy counts from now on or later: what was decided by another one stays decided."""


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
    """Let `terms` be valid from `valid_from` on; False where they are so already.

    What had begun before ends there, what had not gives way. Raises `PolicyInThePast`.
    """
    if valid_from < now:
        raise PolicyInThePast
    # Before the first policy there is no row of it to wait for: those who change it queue at the operator's.
    Account.objects.select_for_update(no_key=True).get(is_operator=True)
    before = periods()
    valid = [each for each in before if each.valid_until is None or each.valid_until > valid_from]
    is_so = len(valid) == 1 and valid[0].valid_until is None and valid[0].valid_from <= valid_from
    if is_so and Terms(valid[0].provisional_limit_cents, valid[0].part_days) == terms:
        return False
    PaymentPolicy.objects.filter(valid_from__gte=valid_from).delete()
    PaymentPolicy.objects.filter(pk__in=[each.pk for each in valid]).update(valid_until=valid_from)
    PaymentPolicy.objects.create(valid_from=valid_from, **asdict(terms))
    audit.record(
        action="payment_policy.changed",
        actor_id=actor_id,
        subject="payment_policy",
        before={"periods": [_told(each) for each in before]},
        after={"periods": [_told(each) for each in periods()]},
        now=now,
    )
    return True


def _told(policy: PaymentPolicy) -> dict[str, object]:
    return {
        "from": policy.valid_from.isoformat(),
        "until": policy.valid_until.isoformat() if policy.valid_until else None,
        "provisional_limit_cents": policy.provisional_limit_cents,
        "part_days": policy.part_days,
    }
