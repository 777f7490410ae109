"""What the tables of automatic recharges refuse, whatever a service might do."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from billing.auto_recharge import selectors
from billing.auto_recharge.models import MAX_THRESHOLD, AutoRecharge, Evaluation, Policy, Question
from tests.billing.auto_recharge.conftest import SwitchedOn


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("an_automatic_recharge_has_a_threshold", {"threshold_units": 0}),
        ("an_automatic_recharge_has_a_threshold", {"threshold_units": MAX_THRESHOLD + 1}),
        ("an_automatic_recharge_buys_a_listed_quantity", {"quantity_units": 1_500_000}),
        ("a_cap_allows_something", {"day_cap_cents": 0}),
        ("a_cap_allows_something", {"month_cap_cents": -1}),
        ("what_recharges_by_itself_says_since_when", {"switched_on_at": None}),
    ],
)
def test_an_automatic_recharge_that_cannot_be_is_refused(
    switched_on: SwitchedOn, constraint: str, change: dict[str, object]
) -> None:
    switched_on()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        AutoRecharge.objects.update(**change)


def an_evaluation(auto: AutoRecharge, now: datetime, **fields: object) -> Evaluation:
    figures = dict.fromkeys(["available_units", "on_their_way_units", "threshold_units", "quantity_units", "units"], 0)
    usual: dict[str, object] = {"answer": "enough", "conditions": {}, "first_at": now, "last_at": now}
    return Evaluation.objects.create(auto_recharge=auto, **{**figures, **usual, **fields})


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("an_evaluation_has_a_known_answer", {"answer": "perhaps"}),
        ("only_a_decision_to_buy_has_a_recharge", {"answer": "buy"}),
        ("an_evaluation_ends_after_it_began", {"last_at": None}),
    ],
)
def test_an_evaluation_that_cannot_be_is_refused(
    switched_on: SwitchedOn, now: datetime, constraint: str, change: dict[str, object]
) -> None:
    change = {name: now - timedelta(days=1) if name == "last_at" else value for name, value in change.items()}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        an_evaluation(switched_on(), now, **change)


def test_one_question_is_asked_at_a_time_and_says_when_it_was_answered(switched_on: SwitchedOn, now: datetime) -> None:
    auto = switched_on()
    asked = {"auto_recharge": auto, "because": "second", "units": 1, "gross_cents": 1, "currency": "EUR"}
    Question.objects.create(**asked, asked_at=now)
    with pytest.raises(IntegrityError, match="one_question_is_asked_at_a_time"), transaction.atomic():
        Question.objects.create(**asked, asked_at=now, state="approved", answered_at=now)
    with pytest.raises(IntegrityError, match="a_question_is_waiting_or_answered"), transaction.atomic():
        Question.objects.update(state="denied")


@pytest.mark.django_db
def test_one_policy_holds_at_a_time(now: datetime) -> None:
    Policy.objects.create(valid_from=now, valid_until=now + timedelta(days=1))
    Policy.objects.create(valid_from=now + timedelta(days=1), months_old=3)
    with pytest.raises(IntegrityError, match="one_recharge_policy_holds_at_a_time"), transaction.atomic():
        Policy.objects.create(valid_from=now + timedelta(hours=23), valid_until=now + timedelta(hours=24, seconds=1))
    with pytest.raises(IntegrityError, match="a_recharge_policy_ends_after_it_begins"), transaction.atomic():
        Policy.objects.create(valid_from=now - timedelta(days=3), valid_until=now - timedelta(days=4))
    with pytest.raises(IntegrityError, match="a_recharge_policy_allows_something"), transaction.atomic():
        Policy.objects.create(valid_from=now - timedelta(days=4), valid_until=now - timedelta(days=3), day_cap_cents=0)


@pytest.mark.django_db
def test_a_policy_holds_from_its_moment_until_before_its_end_and_the_defaults_otherwise(now: datetime) -> None:
    end = now + timedelta(days=1)
    Policy.objects.create(valid_from=now, valid_until=end, months_old=7, allows_cards=False)
    second = timedelta(seconds=1)
    found = [selectors.policy(at).months_old for at in (now - second, now, end - second, end)]
    assert found == [2, 7, 7, 2]
    assert selectors.allowed_kinds(selectors.policy(now)) == ["sepa"]
