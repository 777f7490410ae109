"""Switching on in the browser, answering, and reading why."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.auto_recharge import selectors, services
from billing.auto_recharge.models import AutoRecharge
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.notices.models import Notice
from tests.billing.auto_recharge.conftest import CREDIT, Card, Spend, SwitchedOn
from tests.conftest import SignedIn


def url(name: str, account: Account, *more: object) -> str:
    return reverse(name, args=[account.public_id, *more])


def filled(card: PaymentMethod, **changed: str) -> dict[str, str]:
    usual = {"revision": "0", "threshold": "50", "quantity": str(100 * CREDIT), "method": str(card.public_id)}
    return usual | {"day_cap": "20.50", "month_cap": ""} | changed


@pytest.fixture
def browser(old_acme: Account, alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


def test_the_page_says_which_condition_is_missing_and_how_to_meet_it(
    old_acme: Account, browser: Client, card: Card
) -> None:
    page = browser.get(url("auto_recharge", old_acme)).content.decode()
    assert "It cannot be switched on yet" in page
    assert "Add a payment method, or wait until the bank has validated the mandate." in page
    assert "available + on their way ≤ threshold" in page
    card(sandbox.SUCCEEDS)
    assert "Switch on" in browser.get(url("auto_recharge", old_acme)).content.decode()
    Account.objects.update(created_at=timezone.now())
    assert "Until then, buy credits by hand." in browser.get(url("auto_recharge", old_acme)).content.decode()


def test_switching_on_buys_at_once_where_it_is_due_and_why_is_told(
    old_acme: Account, browser: Client, card: Card
) -> None:
    answer = browser.post(url("auto_recharge_terms", old_acme), filled(card(sandbox.SUCCEEDS)), follow=True)
    assert "On: at 50 credits or below, 100 credits are bought" in answer.content.decode()
    auto = AutoRecharge.objects.get()
    assert (auto.threshold_units, auto.quantity_units, auto.day_cap_cents) == (50 * CREDIT, 100 * CREDIT, 2_050)
    assert Recharge.objects.get().state == "paid"
    told = browser.get(url("auto_recharge_evaluations", old_acme)).content.decode()
    assert "The recharge started." in told
    assert "100 credits for €5.12" in told
    off = browser.post(url("auto_recharge_end", old_acme), {"revision": "1"}, follow=True)
    assert "Automatic recharge is switched off." in off.content.decode()
    again = browser.post(url("auto_recharge_end", old_acme), {"revision": "1"}, follow=True)
    assert "Somebody changed this meanwhile." in again.content.decode()


@pytest.mark.parametrize(
    "changed",
    [
        {"threshold": "0"},
        {"threshold": "-5"},
        {"threshold": "100001"},
        {"threshold": "9" * 30},
        {"quantity": "1500000"},
        {"quantity": "1"},
        {"method": "5b0c3c2a-0000-4000-8000-000000000000"},
        {"day_cap": "0"},
        {"month_cap": "-1"},
        {"day_cap": "0.001"},
        {"revision": "x"},
    ],
)
def test_what_cannot_be_is_answered_on_the_page(
    old_acme: Account, browser: Client, card: Card, changed: dict[str, str]
) -> None:
    answer = browser.post(url("auto_recharge_terms", old_acme), filled(card(sandbox.SUCCEEDS), **changed))
    assert answer.status_code == 422
    assert not AutoRecharge.objects.exists()


def test_the_question_is_mailed_and_answered_once_by_who_may_buy(
    old_acme: Account,
    browser: Client,
    bob: User,
    switched_on: SwitchedOn,
    spend: Spend,
    signed_in: SignedIn,
    now: datetime,
) -> None:
    auto, at = switched_on(), timezone.now() - timedelta(minutes=5)
    services.evaluate(auto_id=auto.pk, now=at)
    spend(old_acme, 60)
    services.evaluate(auto_id=auto.pk, now=at)
    assert Notice.objects.filter(kind="recharge_asks").count() == 1
    question = selectors.questions(old_acme).get()
    page = browser.get(url("auto_recharge", old_acme)).content.decode()
    assert "May we buy 100 credits for €5.12?" in page
    answers = url("auto_recharge_answer", old_acme, question.public_id)
    assert signed_in(bob).post(answers, {"verdict": "approve"}).status_code == 403
    assert "Choose whether" in browser.post(answers, {"verdict": "perhaps"}, follow=True).content.decode()
    assert Recharge.objects.count() == 1
    assert "Approved" in browser.post(answers, {"verdict": "approve"}, follow=True).content.decode()
    assert "answered before" in browser.post(answers, {"verdict": "approve"}, follow=True).content.decode()
    assert Recharge.objects.count() == 2


def test_a_history_without_rows_says_what_it_will_hold(old_acme: Account, browser: Client) -> None:
    assert "Nothing has been looked at yet" in browser.get(url("auto_recharge_evaluations", old_acme)).content.decode()
