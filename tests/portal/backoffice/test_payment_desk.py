"""Staff at the payments: unknown ones end safely, money goes back once, and only with its credits."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.credits import selectors as credits_selectors
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment, Reversal
from billing.payments.providers import sandbox
from billing.payments.providers.base import Answer, Outcome
from billing.pricing import selectors as pricing_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from tests.conftest import SignedIn


def bought(acme: Account, alice: User, token: str, at: datetime) -> Recharge:
    method = payments.add_method(
        account=acme, provider="sandbox", token=token, label="Card", expires_on=None, actor_id=alice.pk, now=at
    )
    pack = pricing_selectors.packs(acme, at)[0]
    return recharges.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=at)


def test_an_unknown_payment_is_given_up_only_when_the_provider_knows_of_none_and_may_still_turn_up(
    acme: Account, alice: User, olga: User, prices: None, signed_in: SignedIn
) -> None:
    now, browser = timezone.now(), signed_in(olga)
    recharge = bought(acme, alice, sandbox.TIMEOUT_BEFORE, now - payments.KEY_LIFE - timedelta(minutes=5))
    page = reverse("desk_payment", args=[recharge.payment.public_id])
    give_up = reverse("desk_payment_abandonment", args=[recharge.payment.public_id])
    assert "Ask again: the same key" in browser.get(page).content.decode()
    assert browser.post(give_up).status_code == 302
    assert Payment.objects.get().state == Payment.State.OPEN
    browser.post(reverse("desk_payment_inquiry", args=[recharge.payment.public_id]))
    assert "It is safe to give it up" in browser.get(page).content.decode()
    for _ in range(2):
        browser.post(give_up)
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.FAILED
    assert browser.get(reverse("desk_payments"), {"show": "unknown"}).status_code == 200
    paid = Answer(Outcome.SUCCEEDED, "late", amount_cents=recharge.gross_cents, currency="EUR")
    recharges.conclude(recharge=recharge, attempt=Attempt.objects.get(), answer=paid, now=now)
    assert credits_selectors.balance(acme).available == recharge.credits_units


@pytest.mark.parametrize("amount", ["", "0", "-1", "5.121", "5.13", "x"])
def test_a_refund_that_makes_no_sense_moves_nothing(
    acme: Account, alice: User, olga: User, prices: None, signed_in: SignedIn, now: datetime, amount: str
) -> None:
    recharge = bought(acme, alice, sandbox.SUCCEEDS, now)
    url = reverse("desk_payment_refund", args=[recharge.payment.public_id])
    given = {"amount_cents": amount, "reason": "asked", "reference": str(uuid.uuid4())}
    assert signed_in(olga).post(url, given).status_code == 302
    assert not Reversal.objects.exists()
    assert credits_selectors.balance(acme).available == recharge.credits_units


def test_a_refund_sent_twice_goes_back_once_and_is_shown(
    acme: Account, alice: User, olga: User, prices: None, signed_in: SignedIn, now: datetime
) -> None:
    recharge, browser = bought(acme, alice, sandbox.SUCCEEDS, now), signed_in(olga)
    given = {"amount_cents": "2.56", "reason": "asked", "reference": str(uuid.uuid4())}
    for _ in range(2):
        browser.post(reverse("desk_payment_refund", args=[recharge.payment.public_id]), given)
    assert Reversal.objects.get().amount_cents == 256
    assert credits_selectors.balance(acme).available == recharge.credits_units // 2
    assert "What went back" in browser.get(reverse("desk_payment", args=[recharge.payment.public_id])).content.decode()
    shown = browser.get(reverse("desk_payments"), {"show": "returned"}).content.decode()
    assert str(recharge.payment.public_id) in shown


def test_asking_again_asks_although_it_is_not_time_to(
    acme: Account, alice: User, olga: User, prices: None, signed_in: SignedIn
) -> None:
    now, browser = timezone.now(), signed_in(olga)
    recharge = bought(acme, alice, sandbox.TIMEOUT_AFTER, now)
    assert recharge.state == Recharge.State.WAITING
    browser.post(reverse("desk_payment_inquiry", args=[recharge.payment.public_id]))
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.PAID


def test_what_cannot_be_is_shown_and_settled_by_staff(
    acme: Account, alice: User, olga: User, prices: None, signed_in: SignedIn
) -> None:
    now, browser = timezone.now(), signed_in(olga)
    recharge = bought(acme, alice, sandbox.SILENT, now)
    wrong = Answer(Outcome.SUCCEEDED, "ch_1", amount_cents=1, currency="EUR")
    recharges.conclude(recharge=recharge, attempt=Attempt.objects.get(), answer=wrong, now=now)
    page = reverse("desk_payment", args=[recharge.payment.public_id])
    assert "ch_1: succeeded 0.01 EUR" in browser.get(page).content.decode()
    browser.post(reverse("desk_payment_contradiction", args=[recharge.payment.public_id]))
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.FAILED
    assert "Settle the contradiction" not in browser.get(page).content.decode()
