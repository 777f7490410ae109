"""The same form sent twice, one after the other or at the same moment, does its work once."""

import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from billing.amounts import to_units
from billing.credits import selectors as credits_selectors
from billing.invoices.models import Invoice
from billing.payments.models import Attempt, Payment, PaymentMethod, SandboxCharge
from billing.recharge.models import Recharge
from messaging.campaigns import selectors as campaigns_selectors
from messaging.campaigns.models import Campaign
from messaging.contacts.models import OptOut
from messaging.delivery.models import Message
from messaging.senders.models import SenderName
from portal.accounts.models import Account, User
from portal.reports.models import ReportRequest
from tests.conftest import Grant, SignedIn
from tests.faults.hostility import NUMBER, at, draft_of, nothing_changes, purchase, smallest_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("prices")]


def test_the_same_purchase_twice_is_one(acme: Account, browser: Client, card: PaymentMethod) -> None:
    form = purchase(smallest_pack(acme).public_id, card.public_id)
    assert_both_end_there(browser, at("recharge_new", acme), form)
    assert_bought_once(acme)


def test_the_same_send_twice_is_one(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    draft = draft_of(browser, acme)
    form = {"fingerprint": campaigns_selectors.quote_of(draft, timezone.now()).fingerprint}
    assert_both_end_there(browser, at("campaign_draft", acme, draft.public_id), form)
    assert_sent_once(acme)


def test_the_same_request_twice_is_one(acme: Account, acme_milano: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    today = timezone.localdate().isoformat()
    forms = {
        at("sender_name_new", acme): {"name": "AcmeShop", "purpose": ""},
        at("contact_list_new", acme): {"name": "Friends", "pasted": NUMBER},
        at("opt_out_new", acme): {"pasted": NUMBER},
        at("subaccount_credit", acme, acme_milano.public_id): {"reference": str(uuid.uuid4()), "credits_units": "10"},
        at("report_new", acme): {
            "reference": str(uuid.uuid4()),
            "kind": "delivery_receipts",
            "first_day": today,
            "last_day": today,
        },
    }
    for url, form in forms.items():
        assert browser.post(url, form).status_code == 302, url
        with nothing_changes():
            assert browser.post(url, form).status_code in {302, 422}, url
    counted = [model.objects.count() for model in (SenderName, OptOut, ReportRequest)]
    assert counted == [1, 1, 1]
    assert credits_selectors.balance(acme_milano).available == to_units(Decimal(10))


def assert_both_end_there(browser: Client, url: str, form: dict[str, Any]) -> None:
    """The second click leads to the page of what the first one made."""
    answers: list[Any] = [browser.post(url, form) for _ in range(2)]
    assert answers[0].url == answers[1].url


def assert_bought_once(account: Account) -> None:
    counted = [model.objects.count() for model in (Recharge, Payment, Attempt, SandboxCharge, Invoice)]
    assert counted == [1, 1, 1, 1, 1]
    assert credits_selectors.balance(account).available == Recharge.objects.get().credits_units


def assert_sent_once(account: Account) -> None:
    assert (Campaign.objects.count(), Message.objects.count()) == (1, 1)
    assert credits_selectors.balance(account).available == to_units(Decimal("99.3"))


def at_the_same_moment(count: int, click: Callable[[], Any]) -> list[Any]:
    """Do the same from several threads at once; what each got, in no order."""
    line, answers = threading.Barrier(count), []

    def one() -> None:
        try:
            line.wait(timeout=10)
            answers.append(click())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == count
    return answers


@pytest.mark.django_db(transaction=True)
def test_a_double_click_buys_once(
    acme: Account, browser: Client, card: PaymentMethod, signed_in: SignedIn, alice: User
) -> None:
    form = purchase(smallest_pack(acme).public_id, card.public_id)
    answers = at_the_same_moment(4, lambda: signed_in(alice).post(at("recharge_new", acme), form))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.url for answer in answers}) == 1
    assert_bought_once(acme)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_sends_once(
    acme: Account, browser: Client, grant: Grant, signed_in: SignedIn, alice: User
) -> None:
    grant(acme, "100")
    draft = draft_of(browser, acme)
    form = {"fingerprint": campaigns_selectors.quote_of(draft, timezone.now()).fingerprint}
    answers = at_the_same_moment(4, lambda: signed_in(alice).post(at("campaign_draft", acme, draft.public_id), form))
    assert {answer.status_code for answer in answers} == {302}
    assert len({answer.url for answer in answers}) == 1
    assert_sent_once(acme)


@pytest.mark.django_db(transaction=True)
def test_clicks_on_two_forms_never_spend_what_one_may(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, signed_in: SignedIn, alice: User
) -> None:
    grant(acme, "100")

    def move() -> Any:
        form = {"reference": str(uuid.uuid4()), "credits_units": "60"}
        return signed_in(alice).post(at("subaccount_credit", acme, acme_milano.public_id), form)

    answers = at_the_same_moment(4, move)
    assert sorted(answer.status_code for answer in answers) == [302, 422, 422, 422]
    assert credits_selectors.balance(acme).available == to_units(Decimal(40))
    assert credits_selectors.balance(acme_milano).available == to_units(Decimal(60))
