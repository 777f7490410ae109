"""Policies of the operator, from a day on; and the automatic recharges that wait for an answer."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.auto_recharge import policies, selectors, services
from billing.auto_recharge.models import QUANTITIES, Policy, Question
from billing.payments.models import PaymentPolicy
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from portal.periods import InThePast
from tests.billing.auto_recharge.conftest import (  # noqa: F401 - fixtures
    CREDIT,
    Spend,
    SwitchedOn,
    card,
    old_acme,
    spend,
    switched_on,
)
from tests.conftest import SignedIn

DAY = timedelta(days=1)


@pytest.fixture
def desk(olga: User, signed_in: SignedIn) -> Client:
    """Olga's browser."""
    return signed_in(olga)


def filled(**changed: object) -> dict[str, Any]:
    usual = {"months_old": "3", "day_cap": "50", "month_cap": "200.50", "hours_apart": "6", "pace_factor": "4"}
    return usual | {"quantities": [str(QUANTITIES[0]), str(QUANTITIES[5])], "valid_from": day(0)} | changed


def day(after: int) -> str:
    return (timezone.localdate() + after * DAY).isoformat()


def test_a_policy_is_laid_over_the_others_from_a_day_on(desk: Client, old_acme: Account, olga: User) -> None:  # noqa: F811
    change = reverse("desk_recharge_policies")
    assert "No policy has been set yet" in desk.get(reverse("desk_policies")).content.decode()
    assert "The policy is changed." in desk.post(change, filled(), follow=True).content.decode()
    assert "says so already" in desk.post(change, filled(), follow=True).content.decode()
    later = filled(valid_from=day(9), months_old="5", allows_cards="on")
    assert "The policy is changed." in desk.post(change, later, follow=True).content.decode()
    now = timezone.now()
    first, second = policies.periods()
    assert (first.valid_until, second.valid_until) == (second.valid_from, None)
    assert policies.terms_of(selectors.policy(now)) == policies.Terms(
        3, False, 5_000, 20_050, 6, 4, (100 * CREDIT, 5_000 * CREDIT)
    )
    assert selectors.policy(now + 10 * DAY).months_old == 5
    # A new one from tomorrow on takes the place of what was planned behind it.
    assert "The policy is changed." in desk.post(change, filled(valid_from=day(1)), follow=True).content.decode()
    assert Policy.objects.count() == 2
    assert selectors.policy(now + 10 * DAY).months_old == 3
    events = AuditEvent.objects.filter(action="auto_recharge_policy.changed", actor=olga)
    assert events.count() == 3
    with pytest.raises(InThePast):
        policies.change(terms=policies.terms_of(first), valid_from=now - DAY, actor_id=olga.pk, now=now)


@pytest.mark.parametrize(
    "changed",
    [
        {"months_old": "-1"},
        {"day_cap": "0"},
        {"month_cap": "49"},
        {"pace_factor": "0"},
        {"quantities": []},
        {"quantities": ["1500000"]},
        {"valid_from": "2020-01-01"},
        {"valid_from": "x"},
    ],
)
def test_a_policy_that_cannot_be_is_answered_on_the_page(
    desk: Client, acme: Account, changed: dict[str, object]
) -> None:
    assert desk.post(reverse("desk_recharge_policies"), filled(**changed)).status_code == 422
    assert not Policy.objects.exists()


def test_the_limit_of_provisional_credits_is_changed_on_the_same_page(desk: Client, acme: Account) -> None:
    change = reverse("desk_payment_policies")
    assert desk.post(change, {"limit": "-1", "part_days": "5", "valid_from": day(0)}).status_code == 422
    done = desk.post(change, {"limit": "250", "part_days": "5", "valid_from": day(0)}, follow=True)
    assert "The policy is changed." in done.content.decode()
    assert PaymentPolicy.objects.get().provisional_limit_cents == 25_000


def test_quantities_outside_todays_policy_are_not_offered_and_not_taken(
    old_acme: Account,  # noqa: F811
    alice: User,
    switched_on: SwitchedOn,  # noqa: F811
    signed_in: SignedIn,
) -> None:
    auto, now = switched_on(), timezone.now()
    Policy.objects.create(valid_from=now - DAY, quantities=[500 * CREDIT, 1_000 * CREDIT])
    page = signed_in(alice).get(reverse("auto_recharge", args=[old_acme.public_id])).content.decode()
    assert f'value="{500 * CREDIT}"' in page
    assert f'value="{200 * CREDIT}"' not in page
    terms = services.Terms(50 * CREDIT, 200 * CREDIT, auto.method)
    with pytest.raises(services.NotAllowed):
        services.switch_on(account=old_acme, terms=terms, revision=1, actor_id=alice.pk, now=now)


def test_questions_without_an_answer_are_shown_with_their_age_and_what_is_known(
    desk: Client,
    old_acme: Account,  # noqa: F811
    switched_on: SwitchedOn,  # noqa: F811
    spend: Spend,  # noqa: F811
) -> None:
    questions = reverse("desk_questions")
    assert "Every question is answered" in desk.get(questions).content.decode()
    auto, at = switched_on(), timezone.now() - 2 * DAY
    services.evaluate(auto_id=auto.pk, now=at)
    spend(old_acme, 60)
    services.evaluate(auto_id=auto.pk, now=at)
    page = desk.get(questions).content.decode()
    assert "2 days ago" in page
    assert "Credits were bought automatically a short time ago already." in page
    assert "€5.12" in page
    home = desk.get(reverse("desk")).content.decode()
    assert "1 automatic recharge waits for its customer's answer" in home.replace("&#x27;", "'")
    Question.objects.update(state="denied", answered_at=at)
    assert "Every question is answered" in desk.get(questions).content.decode()
