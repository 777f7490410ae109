"""The limit of provisional credits, with the days from which it is valid."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection

from billing.payments import policies
from billing.payments.models import PaymentPolicy
from billing.payments.policies import Terms
from billing.recharge import provisional
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.backoffice.policy_forms import PaymentPolicyForm
from portal.periods import InThePast


def test_a_policy_counts_from_its_day_on_and_what_was_valid_ends_there(olga: User, now: datetime) -> None:
    def change(cents: int, days: int) -> bool:
        return policies.change(terms=Terms(cents), valid_from=now + timedelta(days=days), actor_id=olga.pk, now=now)

    assert [change(500, 0), change(500, 0), change(500, 3)] == [True, False, False]
    assert [change(700, 10), change(800, 5)] == [True, True]
    found = [(each.valid_from - now, each.valid_until, each.provisional_limit_cents) for each in policies.periods()]
    begins = now + timedelta(days=5)
    assert found == [(timedelta(0), begins, 500), (timedelta(days=5), None, 800)]
    days = (-1, 0, 4, 5, 11)
    limits = [provisional.limit_cents(now + timedelta(days=day)) for day in days]
    assert limits == [provisional.DEFAULT_LIMIT_CENTS, 500, 500, 800, 800]
    assert AuditEvent.objects.filter(action="payment_policy.changed").count() == 3


def test_a_policy_never_counts_for_what_is_over(olga: User, now: datetime) -> None:
    with pytest.raises(InThePast):
        policies.change(terms=Terms(1), valid_from=now - timedelta(seconds=1), actor_id=olga.pk, now=now)


@pytest.mark.django_db(transaction=True)
def test_two_who_change_it_at_once_leave_one_policy_at_a_time(operator: Account, olga: User, now: datetime) -> None:
    def change(cents: int) -> None:
        policies.change(terms=Terms(cents), valid_from=now, actor_id=olga.pk, now=now)
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, (1, 2, 3, 4)))
    assert PaymentPolicy.objects.count() == 1


@pytest.mark.parametrize(
    ("limit", "day", "wrong"),
    [
        ("-1", "2026-11-20", "limit"),
        ("1.001", "2026-11-20", "limit"),
        ("", "2026-11-20", "limit"),
        ("1000001", "2026-11-20", "limit"),
        ("1", "2026-11-19", "valid_from"),
        ("1", "soon", "valid_from"),
    ],
)
def test_a_form_that_says_nothing_sensible_is_refused(limit: str, day: str, wrong: str, now: datetime) -> None:
    assert list(PaymentPolicyForm({"limit": limit, "part_days": "7", "valid_from": day}, now=now).errors) == [wrong]


def test_a_form_counts_from_the_beginning_of_its_day_and_never_before_now(now: datetime) -> None:
    for day, begins in (("2026-11-20", now), ("2026-11-21", datetime.fromisoformat("2026-11-21T00:00+01:00"))):
        form = PaymentPolicyForm({"limit": "12.34", "part_days": "9", "valid_from": day}, now=now)
        assert form.is_valid()
        assert (form.begins_at, form.terms) == (begins, Terms(1234, 9))
