"""A deactivated sub-account: nobody logs in, nothing is sent, what ran stops cleanly; and the way back."""

import threading
import time
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits import warnings
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from messaging.campaigns import services as campaigns
from messaging.campaigns.codes import State
from messaging.campaigns.models import Campaign
from messaging.delivery.models import Message
from portal.accounts.models import Account, Member, User
from portal.audit.models import AuditEvent
from portal.notices import wording
from portal.notices.models import Notice
from portal.subaccounts import services
from tests.conftest import PASSWORD, Grant, SignedIn
from tests.portal.subaccounts.conftest import available, books_agree

ITALY = 7_000


def launch(account: Account, now: datetime, count: int = 2) -> Campaign:
    return campaigns.launch(
        account=account,
        actor_id=None,
        sender=None,
        text="Ciao",
        recipients=[f"+39{3_471_000_000 + each}" for each in range(count)],
        reference=str(uuid.uuid4()),
        now=now,
    )


def test_what_runs_is_cancelled_and_its_hold_returns(
    acme_milano: Account, alice: User, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme_milano, "10")
    running = launch(acme_milano, now)
    assert services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now) == 2
    running.refresh_from_db()
    assert (running.state, running.charged_units) == (State.CANCELLED, 0)
    assert credits_selectors.balance(acme_milano) == credits_selectors.Balance(100_000, 0, 100_000)
    with pytest.raises(campaigns.WalletBlocked):
        launch(acme_milano, now)
    assert services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now) == 0
    assert AuditEvent.objects.filter(action="subaccount.deactivated").count() == 1
    assert books_agree()


def test_an_unlimited_one_stops_too_and_its_parents_credits_return(
    acme: Account, acme_milano: Account, alice: User, grant: Grant, prices: None, now: datetime
) -> None:
    parent = grant(acme, "10")
    credits.draw_on(wallet=credits.open_wallet(account=acme_milano), other=parent)
    launch(acme_milano, now)
    mine = launch(acme, now)
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    mine.refresh_from_db()
    assert mine.state == State.SENDING
    assert available(acme) == 100_000 - 2 * ITALY
    assert books_agree()


def test_the_same_button_opens_it_again(
    acme: Account, acme_milano: Account, alice: User, browser: Client, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme_milano, "10")
    url = reverse("subaccount_activity", args=[acme.public_id, acme_milano.public_id])
    assert "Deactivate Acme Milano" in browser.get(url).content.decode()
    for _ in range(2):  # two tabs that say the same
        assert browser.post(url, {"active": "no"}).status_code == 302
    assert Account.objects.get(pk=acme_milano.pk).deactivated_at is not None
    assert browser.get(reverse("dashboard", args=[acme_milano.public_id])).status_code == 404
    page = browser.get(reverse("subaccounts", args=[acme.public_id])).content.decode()
    assert "Reactivate Acme Milano" in page
    assert "Credit Acme Milano" not in page
    assert "Reset Acme Milano" in page
    assert "Reactivate Acme Milano" in browser.get(url).content.decode()
    browser.post(url, {"active": "yes"})
    assert browser.get(reverse("dashboard", args=[acme_milano.public_id])).status_code == 200
    assert launch(acme_milano, now).state == State.SENDING


@pytest.mark.parametrize("asked", ["", "maybe"])
def test_a_state_that_is_none_changes_nothing(acme: Account, acme_milano: Account, browser: Client, asked: str) -> None:
    url = reverse("subaccount_activity", args=[acme.public_id, acme_milano.public_id])
    assert browser.post(url, {"active": asked} if asked else {}).status_code in {200, 422}
    assert Account.objects.get(pk=acme_milano.pk).deactivated_at is None


def test_its_people_neither_stay_in_nor_come_in(
    acme_milano: Account, alice: User, bob: User, client: Client, signed_in: SignedIn, now: datetime
) -> None:
    bob.memberships.all().delete()
    Member.objects.create(account=acme_milano, user=bob, role="owner", may_spend=True)
    inside = signed_in(bob)
    home = reverse("dashboard", args=[acme_milano.public_id])
    assert inside.get(home).status_code == 200
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    assert inside.get(home).status_code == 404
    client.post(reverse("account_login"), {"login": bob.email, "password": PASSWORD})
    assert "_auth_user_id" not in client.session
    services.reactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    assert inside.get(home).status_code == 200


def test_the_page_says_what_will_stop(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme_milano, "10")
    launch(acme_milano, now)
    url = reverse("subaccount_activity", args=[acme.public_id, acme_milano.public_id])
    assert "1 campaign is under way." in browser.get(url).content.decode()
    page = browser.post(url, {"active": "no"}, follow=True).content.decode()
    assert "2 messages that waited were cancelled." in page


@pytest.mark.django_db(transaction=True)
def test_nothing_slips_through_while_it_is_being_deactivated(
    acme_milano: Account, alice: User, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme_milano, "10")
    begin = threading.Barrier(5)

    def send() -> None:
        begin.wait()
        try:
            launch(acme_milano, now)
        except campaigns.WalletBlocked:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    begin.wait()
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    for thread in threads:
        thread.join()
    assert not Message.objects.filter(state="waiting").exists()
    assert available(acme_milano) == 100_000
    assert books_agree()


def is_waiting_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_deactivation_takes_campaigns_before_the_wallet_as_settling_does(
    acme_milano: Account, alice: User, grant: Grant, prices: None, now: datetime
) -> None:
    wallet = grant(acme_milano, "10")
    _first, last = launch(acme_milano, now), launch(acme_milano, now)

    def deactivate() -> None:
        try:
            services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
        finally:
            connection.close()

    thread = threading.Thread(target=deactivate)
    with transaction.atomic():
        # Somebody settles the last campaign: they have it, and will want the wallet.
        Campaign.objects.select_for_update(no_key=True).get(pk=last.pk)
        thread.start()
        deadline = time.monotonic() + 20
        while not is_waiting_for_a_row():
            assert time.monotonic() < deadline, "the deactivation does not wait for the campaign"
        assert Wallet.objects.select_for_update(nowait=True).get(pk=wallet.pk).blocked_at is None
    thread.join()
    assert available(acme_milano) == 100_000
    assert Wallet.objects.get(pk=wallet.pk).blocked_at == now


def test_that_its_credits_expire_is_told_to_who_can_do_something_about_it(
    acme: Account, acme_milano: Account, alice: User, bob: User, now: datetime
) -> None:
    bob.memberships.all().delete()
    Member.objects.create(account=acme_milano, user=bob, role="owner", may_spend=True)
    credits.grant(
        wallet=credits.open_wallet(account=acme_milano),
        amount=70_000,
        terms=credits.Terms(Decimal("4.2"), expires_at=now + timedelta(days=7)),
        cause=credits.Cause(TransferCode.PURCHASE, "test:expiring"),
        now=now,
    )
    services.deactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    [due] = warnings.due(now)
    warnings.warn(due=due, now=now)
    notice = Notice.objects.get()
    said = wording.words(notice)
    assert (notice.user, said.subject) == (alice, "Acme Milano: 7 credits expire in 7 days")
    assert said.sentences[-1] == "This sub-account is deactivated. Reset it to take its credits back, or reactivate it."
    assert (said.button, wording.path(notice)) == (
        "Open the sub-accounts",
        reverse("subaccounts", args=[acme.public_id]),
    )
    services.reactivate(subaccount=acme_milano, actor_id=alice.pk, now=now)
    notice = Notice.objects.get()
    assert wording.words(notice).button == "Open the statement"
    assert str(acme_milano.public_id) in wording.path(notice)
