"""The operator's desk: what needs a person, who is who, what was paid, whether the ledger agrees."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from messaging.delivery.models import GatewayState, Message
from messaging.senders import services as senders
from messaging.senders.codes import State
from messaging.senders.models import SenderName
from portal.accounts.models import Account, User
from portal.audit import wording as audit_wording
from portal.audit.models import AuditEvent
from portal.backoffice import ledger_check, search, selectors
from tests.conftest import Grant, SignedIn
from tests.house.world import Owned, furnish


@pytest.fixture(autouse=True)
def _fresh_check() -> None:
    cache.delete(ledger_check.KEY)


@pytest.fixture
def desk(olga: User, signed_in: SignedIn) -> Client:
    """Olga's browser."""
    return signed_in(olga)


@pytest.fixture
def world(acme: Account, alice: User, now: datetime) -> Owned:
    """Acme with one of everything."""
    call_command("load_prices", stdout=StringIO())
    return furnish(acme, alice, now)


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def unknown_recharge(account: Account, owner: User, now: datetime) -> Recharge:
    """A purchase whose first answer is lost on the way back."""
    call_command("load_prices", stdout=StringIO())
    method = payments.add_method(
        account=account,
        provider="sandbox",
        token=sandbox.TIMEOUT_AFTER,
        label="Card",
        expires_on=None,
        actor_id=owner.pk,
        now=now,
    )
    pack = pricing_selectors.packs(account, now)[0]
    return recharges.buy(account=account, pack=pack, method=method, reference=uuid.uuid4(), actor_id=owner.pk, now=now)


def test_an_empty_house_needs_nobody(desk: Client, acme: Account) -> None:
    assert "Nothing waits for you" in page(desk, "desk")


def test_the_desk_lists_what_needs_a_person(desk: Client, acme: Account, alice: User, now: datetime) -> None:
    senders.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    unknown_recharge(acme, alice, timezone.now())
    GatewayState.objects.create(name="simulator", is_paused=True)
    alert = BalanceAlert.objects.create(account=acme, threshold_units=1, email="a@acme.example", created_at=now)
    Notice.objects.create(
        alert=alert,
        kind=Kind.FIRED,
        channel=Channel.EMAIL,
        address="a@acme.example",
        threshold_units=1,
        balance_units=0,
        state=NoticeState.FAILED,
        fault=Fault.REFUSED,
        next_attempt_at=timezone.now(),
        created_at=timezone.now(),
    )
    shown = page(desk, "desk")
    for sentence in (
        "1 sender name to review",
        "1 payment with an unknown outcome",
        "1 gateway takes no messages",
        "1 balance alert not delivered",
    ):
        assert sentence in shown
    assert "a@acme.example" in page(desk, "desk_notices")


def test_the_numbers_of_the_business_add_up(world: Owned, now: datetime) -> None:
    business = selectors.business(now)
    assert business.credits.owed == business.credits.sold + business.credits.given
    assert business.credits.held == 7_000
    assert business.customer_count == 1
    assert business.message_count == Message.objects.count() == 1
    # An invoice of EUR 4.20, less a credit note of one cent.
    assert business.invoiced == (("EUR", 419),)


@pytest.mark.parametrize(
    "query",
    ["acm", "ACME", "alice@acme", "Alice Cast", "it 07643520567", "7643520567", "02 7654321", "+39 027654321", "milan"],
)
def test_a_customer_is_found_by_what_somebody_can_name(
    acme: Account, acme_milano: Account, globex: Account, alice: User, charlie: User, query: str
) -> None:
    User.objects.filter(pk=alice.pk).update(phone="+39027654321")
    assert list(search.customers(query)) == [acme]


def test_a_customer_is_found_by_invoice_number_and_message_id(world: Owned, globex: Account) -> None:
    recharge = Recharge.objects.get()
    assert recharge.invoice is not None
    message = Message.objects.get()
    assert list(search.customers(recharge.invoice.full_number)) == [world.account]
    assert list(search.customers(str(message.public_id))) == [world.account]
    assert not search.customers(str(uuid.uuid4())).exists()


def test_nothing_in_particular_finds_everybody_and_nonsense_finds_nobody(acme: Account, globex: Account) -> None:
    assert list(search.customers("  ")) == [acme, globex]
    assert not search.customers("%").exists()
    assert not search.customers("12").exists()


def test_a_customers_credits_include_those_of_its_subaccounts(
    acme: Account, acme_milano: Account, grant: Grant
) -> None:
    grant(acme, "100")
    grant(acme_milano, "20")
    found: Any = search.customers("").get()
    assert (found.available_units, found.subaccount_count) == (1_200_000, 1)


def test_the_operators_own_account_is_no_customer(operator: Account) -> None:
    assert not search.customers("").exists()


def test_a_search_term_may_be_anything(desk: Client, acme: Account) -> None:
    for query in ("", "'", "\\", "\x00", "x" * 500, "🙂", "--"):
        assert desk.get(reverse("desk_customers"), {"q": query}).status_code == 200


def test_everything_about_a_customer_is_on_one_page(desk: Client, world: Owned, acme: Account) -> None:
    shown = page(desk, "desk_customer", acme.public_id)
    for known in ("IT07643520567", "alice@acme.example", "Acme below", "Shop Acme", "Recharge paid", "Campaign sent"):
        assert known in shown


def test_a_subaccounts_address_leads_to_its_customer(desk: Client, acme: Account, acme_milano: Account) -> None:
    assert "<h1>Acme</h1>" in page(desk, "desk_customer", acme_milano.public_id)


def test_a_customers_page_asks_no_more_for_a_large_customer(desk: Client, world: Owned, acme: Account) -> None:
    for index in range(8):
        Account.objects.create(name=f"Branch {index}", parent=acme)
    # The page checker limits the queries of every page.
    assert "Branch 7" in page(desk, "desk_customer", acme.public_id)


def test_a_name_is_approved_once(desk: Client, acme: Account, alice: User, now: datetime) -> None:
    sender = senders.request(account=acme, name="Acme", purpose="Offers", actor_id=alice.pk, now=now)
    url = reverse("desk_sender_review", args=[sender.public_id])
    assert "Offers" in desk.get(url).content.decode()
    desk.post(url, {"decision": "approve"})
    sender.refresh_from_db()
    assert sender.state == State.APPROVED
    response = desk.post(url, {"decision": "refuse", "reason": "Too late"}, follow=True)
    assert "Somebody else has reviewed this name" in response.content.decode()
    sender.refresh_from_db()
    assert sender.state == State.APPROVED


def test_a_refusal_says_why(desk: Client, acme: Account, alice: User, now: datetime) -> None:
    sender = senders.request(account=acme, name="Acme", purpose="", actor_id=alice.pk, now=now)
    url = reverse("desk_sender_review", args=[sender.public_id])
    for given in ({"decision": "refuse", "reason": " "}, {"decision": "perhaps"}, {"decision": ""}):
        assert desk.post(url, given).status_code == 422
    assert SenderName.objects.get().state == State.REQUESTED
    desk.post(url, {"decision": "refuse", "reason": "Use your company's name."})
    assert SenderName.objects.get().reason == "Use your company's name."


def test_a_name_that_looks_like_another_customers_is_flagged(
    desk: Client, acme: Account, globex: Account, alice: User, charlie: User, now: datetime
) -> None:
    senders.request(account=globex, name="Shop 1", purpose="", actor_id=charlie.pk, now=now)
    sender = senders.request(account=acme, name="Sh0p l", purpose="", actor_id=alice.pk, now=now)
    assert "has a name that looks like it: “Shop 1”." in page(desk, "desk_sender_review", sender.public_id)


def test_an_unknown_payment_is_shown_and_asked_for_again(desk: Client, acme: Account, alice: User) -> None:
    recharge = unknown_recharge(acme, alice, timezone.now() - timedelta(minutes=5))
    payment = Payment.objects.get()
    assert "Outcome unknown" in page(desk, "desk_payments", show="unknown")
    assert "Ask again now" in page(desk, "desk_payment", payment.public_id)
    url = reverse("desk_payment_inquiry", args=[payment.public_id])
    response = desk.post(url, follow=True)
    assert "The payment succeeded" in response.content.decode()
    recharge.refresh_from_db()
    assert recharge.state == Recharge.State.PAID
    assert "The payment succeeded" in desk.post(url, follow=True).content.decode()
    assert Payment.objects.count() == 1


def test_a_payment_asked_for_a_moment_ago_is_looked_up_and_not_asked_for_again(
    desk: Client, acme: Account, alice: User
) -> None:
    unknown_recharge(acme, alice, timezone.now())
    url = reverse("desk_payment_inquiry", args=[Payment.objects.get().public_id])
    assert "The payment succeeded" in desk.post(url, follow=True).content.decode()
    assert Attempt.objects.get().asked_count == 1


def test_an_inquiry_about_nothing_is_not_found(desk: Client) -> None:
    assert desk.post(reverse("desk_payment_inquiry", args=[uuid.uuid4()])).status_code == 404


def test_invoices_are_found_by_number_and_customer(desk: Client, world: Owned) -> None:
    invoice = Recharge.objects.get().invoice
    assert invoice is not None
    for query in (invoice.full_number, "acme"):
        assert invoice.full_number in page(desk, "desk_invoices", q=query)
    assert invoice.full_number not in page(desk, "desk_invoices", q="Globex")
    response = desk.get(reverse("desk_invoice_pdf", args=[invoice.public_id]), follow=True)
    assert "is being prepared" in response.content.decode()


def test_a_gateway_is_paused_and_taken_up_again_and_that_is_recorded(desk: Client, olga: User) -> None:
    GatewayState.objects.create(name="simulator")
    url = reverse("desk_gateway_pause")
    for paused in ("yes", "yes", "no"):
        desk.post(url, {"gateway": "simulator", "paused": paused})
        assert GatewayState.objects.get().is_paused == (paused == "yes")
    assert [(event.action, event.actor) for event in AuditEvent.objects.order_by("pk")] == [
        ("gateway.paused", olga),
        ("gateway.resumed", olga),
    ]


def test_a_gateway_that_does_not_exist_is_not_made_by_pausing_it(desk: Client) -> None:
    response = desk.post(reverse("desk_gateway_pause"), {"gateway": "mine", "paused": "yes"}, follow=True)
    assert "There is no such gateway" in response.content.decode()
    assert not GatewayState.objects.exists()


def test_a_sound_ledger_shows_no_difference(desk: Client, world: Owned) -> None:
    assert "Difference: 0" in page(desk, "desk_ledger")


def test_a_counter_that_was_meddled_with_is_an_alarm(desk: Client, acme: Account, grant: Grant) -> None:
    grant(acme, "100")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_account SET credits_posted = credits_posted + 1 WHERE code = 'wallet'")
        cursor.execute("UPDATE credits_creditlot SET remaining = remaining - 1")
    shown = page(desk, "desk_ledger")
    assert "The ledger does not agree with itself" in shown
    assert "Acme · Wallet" in shown
    assert "Rest of lot" in shown
    assert "The ledger shows" in page(desk, "desk")


def test_every_action_that_was_recorded_has_words(world: Owned) -> None:
    codes = set(AuditEvent.objects.values_list("action", flat=True))
    assert codes
    assert {code for code in codes if audit_wording.action(code) == code} == set()


def test_staff_of_no_account_are_led_to_the_desk(desk: Client) -> None:
    response = desk.get(reverse("home"))
    assert response.headers["Location"] == reverse("desk")


def test_the_desk_says_what_was_earned_and_what_is_still_owed(
    desk: Client, acme: Account, grant: Grant, now: datetime
) -> None:
    assert "Revenue from credits" not in page(desk, "desk")
    wallet = grant(acme, "100")
    cause = credits.Cause(TransferCode.CAMPAIGN, "used")
    credits.spend(wallet=wallet, amount=250_000, cause=cause, now=now)
    [months] = selectors.revenue(now)
    assert months.month == months.ever
    [months] = selectors.revenue(now + timedelta(days=31))
    assert [months.month.sold, months.month.before, months.month.deferred] == [Decimal(0), Decimal(315), Decimal(315)]
    shown = page(desk, "desk")
    for amount in ("€4.20", "€1.05", "€3.15"):
        assert amount in shown
