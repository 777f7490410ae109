"""What the tables of payments and recharges refuse, whatever a service might do."""

import uuid
from datetime import datetime

import pytest
from django.db import IntegrityError, transaction

from billing.payments import services as payments
from billing.payments.models import Attempt, Payment
from billing.payments.providers import sandbox
from billing.pricing.models import CreditPack
from billing.recharge import services
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from tests.billing.recharge.conftest import Card


@pytest.fixture
def waiting(acme: Account, alice: User, pack: CreditPack, card: Card, now: datetime) -> Recharge:
    """A recharge whose payment is not known yet."""
    method = card(sandbox.TIMEOUT_AFTER)
    return services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_recharge_costs_net_and_vat", {"gross_cents": 513}),
        ("a_recharge_buys_something", {"credits_units": 0}),
        ("paid_means_credited_and_invoiced", {"state": "paid"}),
    ],
)
def test_a_recharge_that_cannot_be_is_refused(waiting: Recharge, constraint: str, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Recharge.objects.update(**change)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("a_payment_asks_for_something", {"amount_cents": 0}),
        ("a_payment_is_open_or_finished", {"state": "succeeded"}),
    ],
)
def test_a_payment_that_cannot_be_is_refused(waiting: Recharge, constraint: str, change: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Payment.objects.update(**change)


def test_a_payment_is_tried_once_at_a_time(waiting: Recharge, now: datetime) -> None:
    attempt = Attempt.objects.get()
    attempt.pk, attempt.key = None, uuid.uuid4()
    with pytest.raises(IntegrityError, match="a_payment_is_tried_once_at_a_time"), transaction.atomic():
        attempt.save(force_insert=True)


def test_a_purchase_is_made_once(waiting: Recharge, card: Card, now: datetime) -> None:
    attempt = payments.request(
        account=waiting.account,
        method=card(sandbox.SUCCEEDS),
        amount_cents=512,
        currency="EUR",
        reference="second",
        now=now,
    )
    Recharge.objects.update(state="failed")
    waiting.pk, waiting.public_id, waiting.payment = None, uuid.uuid4(), attempt.payment
    with pytest.raises(IntegrityError, match="a_purchase_is_made_once"), transaction.atomic():
        waiting.save(force_insert=True)
