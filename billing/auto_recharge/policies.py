"""The operator's rules for automatic recharges, from a day on: staff say so, and what was said stays to be read."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing.auto_recharge import selectors
from billing.auto_recharge.models import NEEDERS, Policy
from billing.payments import services as payments
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.periods import begin
from portal.transactions import unit_of_work


@dataclass(frozen=True, slots=True)
class Terms:
    """What a policy says: caps in cents with VAT for each account, quantities in units, the smallest first."""

    months_old: int
    allows_cards: bool
    day_cap_cents: int
    month_cap_cents: int
    hours_apart: int
    pace_factor: int
    quantities: tuple[int, ...]


def terms_of(policy: Policy) -> Terms:
    """The terms of a policy."""
    return Terms(
        policy.months_old,
        policy.allows_cards,
        policy.day_cap_cents,
        policy.month_cap_cents,
        policy.hours_apart,
        policy.pace_factor,
        tuple(policy.quantities),
    )


def periods() -> list[Policy]:
    """What was, is and will be valid, in order."""
    return list(Policy.objects.order_by("valid_from"))


@unit_of_work
def change(*, terms: Terms, valid_from: datetime, actor_id: int, now: datetime) -> bool:
    """Let `terms` be valid from `valid_from` on; False where they are so already. Raises `InThePast`."""
    # Those who change a policy queue at the operator's account.
    Account.objects.select_for_update(no_key=True).get(is_operator=True)
    before = _told()
    if not begin(Policy.objects, valid_from=valid_from, now=now, **_columns(terms)):
        return False
    restate_needs(now=now)
    audit.record(
        action="auto_recharge_policy.changed",
        actor_id=actor_id,
        subject="auto_recharge_policy",
        before={"periods": before},
        after={"periods": _told()},
        now=now,
    )
    return True


def restate_needs(*, now: datetime) -> int:
    """Let every automatic recharge need a method of a kind that may be charged by the policy of `now`, so that the last
    one that would do is not removed; return how many needed another one."""
    return payments.restate_needs(prefix=NEEDERS, kinds=selectors.allowed_kinds(selectors.policy(now)))


def _columns(terms: Terms) -> dict[str, Any]:
    return {**asdict(terms), "quantities": list(terms.quantities)}


def _told() -> list[dict[str, Any]]:
    return [
        {
            "from": policy.valid_from.isoformat(),
            "until": policy.valid_until.isoformat() if policy.valid_until else None,
            **_columns(terms_of(policy)),
        }
        for policy in periods()
    ]
