"""Switching on in the browser, answering, and reading why."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.auto_recharge import links, selectors, services
from billing.auto_recharge.models import AutoRecharge, Question
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from portal.notices import wording
from portal.notices.models import Notice
from tests.billing.auto_recharge.conftest import CREDIT, Card, Spend, SwitchedOn
from tests.conftest import Grant, SignedIn


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
    assert "May we buy 100 credits for €5.12?" in browser.get(url("dashboard", old_acme)).content.decode()
    assert "May we buy" not in signed_in(bob).get(url("dashboard", old_acme)).content.decode()
    answers = url("auto_recharge_answer", old_acme, question.public_id)
    approval = {"verdict": "approve", "amount": "512"}
    assert signed_in(bob).post(answers, approval).status_code == 403
    assert "Choose whether" in browser.post(answers, {"verdict": "perhaps"}, follow=True).content.decode()
    for amount in ("511", "", "x", "9" * 40):
        refused = browser.post(answers, approval | {"amount": amount}, follow=True)
        assert "The amount has changed" in refused.content.decode()
    assert Recharge.objects.count() == 1
    assert "Approved" in browser.post(answers, approval, follow=True).content.decode()
    assert "answered before" in browser.post(answers, approval, follow=True).content.decode()
    assert Recharge.objects.count() == 2


@pytest.fixture
def asked(old_acme: Account, switched_on: SwitchedOn, spend: Spend) -> Question:
    """A question that was asked five minutes ago."""
    auto, at = switched_on(), timezone.now() - timedelta(minutes=5)
    services.evaluate(auto_id=auto.pk, now=at)
    spend(old_acme, 60)
    services.evaluate(auto_id=auto.pk, now=at)
    return Question.objects.get()


def test_the_link_of_the_mail_shows_what_would_be_bought_and_changes_nothing_by_being_opened(
    old_acme: Account, asked: Question, browser: Client, bob: User, signed_in: SignedIn
) -> None:
    notice = Notice.objects.get(kind="recharge_asks")
    link = wording.path(notice)
    assert link.startswith(url("auto_recharge_question", old_acme, asked.public_id) + "?key=")
    for _ in range(2):
        page = browser.get(link).content.decode()
        assert "May we buy 100 credits for €5.12?" in page
        assert "Approve the purchase" in page
    assert Question.objects.get().state == "waiting"
    anonymous = Client().get(link)
    assert (anonymous.status_code, anonymous["Location"].startswith(reverse("account_login"))) == (302, True)
    refused = signed_in(bob).get(link)
    assert refused.status_code == 403
    assert "Your role in this account does not include this." in refused.content.decode()


def test_a_link_that_is_old_altered_or_of_another_question_says_so_and_where_to_answer(
    old_acme: Account, asked: Question, browser: Client
) -> None:
    page, now = url("auto_recharge_question", old_acme, asked.public_id), timezone.now()
    old = browser.get(page, {"key": links.key(asked.public_id, now - links.LIFE)})
    assert (old.status_code, "This link is too old" in old.content.decode()) == (410, True)
    good = links.key(asked.public_id, now)
    for key in ("", "x", f"{good}x", good[1:], links.key(uuid4(), now)):
        wrong = browser.get(page, {"key": key})
        assert (wrong.status_code, "This link is not complete" in wrong.content.decode()) == (404, True)
        assert "Approve the purchase" not in wrong.content.decode()
    assert "Approve the purchase" in browser.get(page, {"key": good}).content.decode()


@pytest.mark.parametrize(("verdict", "said"), [("approve", "Approved and bought"), ("deny", "Denied")])
def test_a_link_is_good_for_one_answer_wherever_it_was_given(
    old_acme: Account, asked: Question, browser: Client, verdict: str, said: str
) -> None:
    link = wording.path(Notice.objects.get(kind="recharge_asks"))
    answers = url("auto_recharge_answer", old_acme, asked.public_id)
    browser.post(answers, {"verdict": verdict, "amount": "512"})
    page = browser.get(link).content.decode()
    assert f"This question needs no answer any more: {said}" in page
    assert "A link works for one answer." in page
    assert "Approve the purchase" not in page
    assert Recharge.objects.count() == (2 if verdict == "approve" else 1)


def test_a_lapsed_question_says_that_there_is_nothing_to_decide(
    old_acme: Account, asked: Question, browser: Client, grant: Grant
) -> None:
    grant(old_acme, "500")
    services.evaluate(auto_id=asked.auto_recharge_id, now=timezone.now())
    page = browser.get(wording.path(Notice.objects.get(kind="recharge_asks"))).content.decode()
    assert "there is nothing to decide" in page


def test_a_stop_is_ended_on_the_page_by_who_may_buy(
    old_acme: Account, browser: Client, bob: User, card: Card, switched_on: SwitchedOn, signed_in: SignedIn
) -> None:
    auto = switched_on(card(sandbox.DECLINED))
    for _ in range(2):
        services.evaluate(auto_id=auto.pk, now=timezone.now())
    assert "Try again now" in browser.get(url("auto_recharge", old_acme)).content.decode()
    resumption = url("auto_recharge_resumption", old_acme)
    assert signed_in(bob).post(resumption, {"revision": "1"}).status_code == 403
    assert "checks again" in browser.post(resumption, {"revision": "1"}, follow=True).content.decode()
    assert "changed this meanwhile" in browser.post(resumption, {"revision": "1"}, follow=True).content.decode()
    assert Recharge.objects.count() == 2


def test_credits_that_take_days_are_explained_as_on_their_way(
    old_acme: Account, browser: Client, card: Card, switched_on: SwitchedOn
) -> None:
    auto = switched_on(card(sandbox.TIMEOUT_AFTER))
    for _ in range(2):
        services.evaluate(auto_id=auto.pk, now=timezone.now())
    for page in ("auto_recharge_evaluations", "auto_recharge"):
        told = browser.get(url(page, old_acme)).content.decode()
        assert "There were enough credits, together with those on their way." in told
    told = browser.get(url("auto_recharge_evaluations", old_acme)).content.decode()
    assert "100 credits were on their way." in told
    assert AutoRecharge.objects.unsettled().exists(), "it is looked at once more when they have come"
    AutoRecharge.objects.update(threshold_units=100 * CREDIT)
    services.evaluate(auto_id=auto.pk, now=timezone.now())
    told = browser.get(url("auto_recharge_evaluations", old_acme)).content.decode()
    assert "Another recharge was still waiting for its payment." in told


def test_a_history_without_rows_says_what_it_will_hold(old_acme: Account, browser: Client) -> None:
    assert "No checks yet" in browser.get(url("auto_recharge_evaluations", old_acme)).content.decode()
