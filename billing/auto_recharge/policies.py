"""The operator's rules for automatic recharges, from a day on: staff say so, and what was said stays to be read."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from billing.auto_recharge import selectors
from billing.auto_recharge.models import NEEDERS, Policy
from billing.payments import services as payments
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work


class PolicyInThePast(Exception):
    """A policy counts from now on or later: what was decided by another one stays decided."""


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
    if is_so and terms_of(valid[0]) == terms:
        return False
    Policy.objects.filter(valid_from__gte=valid_from).delete()
    Policy.objects.filter(pk__in=[each.pk for each in valid]).update(valid_until=valid_from)
    Policy.objects.create(valid_from=valid_from, **_columns(terms))
    restate_needs(now=now)
    audit.record(
        action="auto_recharge_policy.changed",
        actor_id=actor_id,
        subject="auto_recharge_policy",
        before={"periods": [_told(each) for each in before]},
        after={"periods": [_told(each) for each in periods()]},
        now=now,
    )
    return True


def restate_needs(*, now: datetime) -> int:
    """Let every automatic recharge need a method of a kind that may be charged by the policy of `now`, so that the last
    one that would do is not removed; return how many needed another one."""
    return payments.restate_needs(prefix=NEEDERS, kinds=selectors.allowed_kinds(selectors.policy(now)))


def _columns(terms: Terms) -> dict[str, Any]:
    return {**asdict(terms), "quantities": list(terms.quantities)}


def _told(policy: Policy) -> dict[str, Any]:
    until = policy.valid_until.isoformat() if policy.valid_until else None
    return {"from": policy.valid_from.isoformat(), "until": until, **_columns(terms_of(policy))}
