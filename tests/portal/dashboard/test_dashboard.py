"""The first page of an account: what there is, what is under way, what to do next."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from messaging.alerts.models import BalanceAlert
from messaging.campaigns.models import Campaign
from messaging.delivery.codes import FINAL, Purpose, State
from messaging.delivery.models import Message
from portal.accounts.models import Account, BillingDetails, User
from portal.dashboard import selectors
from tests.conftest import Grant, SignedIn

ROME = ZoneInfo("Europe/Rome")


def message(account: Account, state: State, at: datetime, campaign: Campaign | None = None) -> Message:
    is_final = state in FINAL
    return Message.objects.create(
        account=account,
        campaign=campaign,
        purpose=Purpose.CAMPAIGN,
        sender="Acme",
        recipient="+393471234567",
        country_prefix="39",
        text="Ciao",
        encoding="gsm7",
        segment_count=1,
        price_units=7_000,
        state=state,
        gateway="simulator",
        gateway_message_id=uuid.uuid4().hex,
        created_at=at,
        submitted_at=at,
        final_at=at if is_final else None,
        due_at=None if is_final else at,
    )


def campaign(account: Account, now: datetime) -> Campaign:
    wallet = credits.open_wallet(account=account)
    hold = credits.reserve(
        wallet=wallet, amount=14_000, cause=Cause(TransferCode.CAMPAIGN, f"hold:{uuid.uuid4()}"), now=now
    )
    return Campaign.objects.create(
        account=account,
        name="Saldi d'autunno",
        sender="Acme",
        text="Ciao",
        segment_count=1,
        recipient_count=2,
        reference=str(uuid.uuid4()),
        held_units=14_000,
        hold=hold,
        created_at=now,
    )


def page(client_of: SignedIn, user: User, account: Account) -> str:
    response = client_of(user).get(reverse("dashboard", args=[account.public_id]))
    assert response.status_code == 200
    return response.content.decode()


def test_the_balance_says_for_how_many_messages_it_is_enough(
    acme: Account, alice: User, grant: Grant, signed_in: SignedIn
) -> None:
    call_command("load_prices")
    grant(acme, "100")
    assert "Italy: enough for 142 messages" in page(signed_in, alice, acme)


def test_the_balance_is_told_in_messages_to_the_countries_the_account_sends_to_most(
    acme: Account, globex: Account, alice: User, grant: Grant, prices: None, signed_in: SignedIn
) -> None:
    now = timezone.now()
    for days, prefix in ((1, "91"), (89, "91"), (2, "33"), (91, "39"), (92, "39"), (93, "39")):
        sent = message(acme, State.DELIVERED, now - timedelta(days=days))
        Message.objects.filter(pk=sent.pk).update(country_prefix=prefix)
    message(globex, State.DELIVERED, now)
    reach = selectors.reach(acme, 1_000_000, now)
    assert [(each.country, each.message_count) for each in reach][:2] == [("India", 250), ("France", 142)]
    assert [each.country for each in reach][2:] == ["Italy", "United Kingdom"]
    grant(acme, "100")
    shown = page(signed_in, alice, acme)
    assert "What you can send" in shown
    assert "India" in shown


def test_who_has_not_sent_anything_is_shown_the_usual_countries(acme: Account, prices: None) -> None:
    reach = selectors.reach(acme, 1_000_000, timezone.now())
    assert [each.country for each in reach] == ["Italy", "France", "United Kingdom", "India"]
    assert [each.message_count for each in reach] == [142, 142, 142, 250]


def test_an_empty_wallet_is_enough_for_nothing(acme: Account, alice: User, prices: None, signed_in: SignedIn) -> None:
    assert "What you can send" not in page(signed_in, alice, acme)


def test_what_is_held_is_no_longer_available(acme: Account, alice: User, grant: Grant, signed_in: SignedIn) -> None:
    now = timezone.now()
    grant(acme, "100")
    campaign(acme, now)
    shown = page(signed_in, alice, acme)
    assert "98.6" in shown
    assert "1.4" in shown


def test_a_new_account_is_shown_its_first_steps(acme: Account, alice: User, signed_in: SignedIn) -> None:
    BillingDetails.objects.all().delete()
    shown = page(signed_in, alice, acme)
    assert "First steps" in shown
    assert "0 of 4 done" in shown
    assert reverse("recharge_new", args=[acme.public_id]) in shown


def test_the_first_steps_vanish_one_by_one_and_then_altogether(acme: Account) -> None:
    now = timezone.now()
    so_far = selectors.steps(acme, recharges=[], sent=0)
    assert so_far is not None
    assert so_far.has_billing_details
    assert not so_far.has_sent
    message(acme, State.DELIVERED, now)
    so_far = selectors.steps(acme, recharges=[], sent=0)
    assert so_far is not None
    assert so_far.has_sent
    assert so_far.done_count == 2


def test_a_subaccount_has_no_first_steps(acme_milano: Account) -> None:
    assert selectors.steps(acme_milano, recharges=[], sent=0) is None


def test_days_are_counted_in_the_readers_zone_and_only_what_the_network_took(acme: Account) -> None:
    now = datetime(2026, 11, 20, 10, tzinfo=ROME)
    message(acme, State.DELIVERED, datetime(2026, 11, 19, 0, 30, tzinfo=ROME))
    message(acme, State.DELIVERED, datetime(2026, 11, 18, 23, 30, tzinfo=ROME))
    message(acme, State.UNDELIVERED, datetime(2026, 11, 19, 12, tzinfo=ROME))
    message(acme, State.ACCEPTED, now)
    message(acme, State.REFUSED, now)
    message(acme, State.DELIVERED, now - timedelta(days=31))
    traffic = selectors.traffic(acme, now)
    assert len(traffic.days) == selectors.DAYS
    assert [each.sent for each in traffic.days[-3:]] == [1, 2, 1]
    assert (traffic.sent, traffic.delivered, traffic.lost) == (4, 2, 1)
    assert traffic.delivered_share == Decimal(2) / 3


def test_nothing_is_known_of_delivery_before_the_first_receipt(acme: Account) -> None:
    assert selectors.traffic(acme, timezone.now()).delivered_share is None


def test_other_accounts_are_not_counted(acme: Account, globex: Account) -> None:
    message(globex, State.DELIVERED, timezone.now())
    assert selectors.traffic(acme, timezone.now()).sent == 0


def test_a_running_campaign_shows_how_far_it_is(acme: Account, alice: User, grant: Grant, signed_in: SignedIn) -> None:
    now = timezone.now()
    grant(acme, "100")
    running = campaign(acme, now)
    message(acme, State.ACCEPTED, now, running)
    message(acme, State.WAITING, now, running)
    assert [(each.campaign, each.done) for each in selectors.running(acme)] == [(running, 1)]
    assert "1 of 2" in page(signed_in, alice, acme)


def test_credits_that_expire_are_announced(acme: Account, alice: User, signed_in: SignedIn) -> None:
    now = timezone.now()
    wallet = credits.open_wallet(account=acme)
    cause = Cause(TransferCode.PROMOTION, "gift")
    expires_at = now + timedelta(days=9)
    credits.grant(wallet=wallet, amount=250_000, terms=credits.Terms(expires_at=expires_at), cause=cause, now=now)
    assert "25 credits expire on" in page(signed_in, alice, acme)


def test_a_viewer_sees_no_purchases_and_no_actions(acme: Account, bob: User, signed_in: SignedIn) -> None:
    shown = page(signed_in, bob, acme)
    assert "Recharges and invoices" not in shown
    assert reverse("recharge_new", args=[acme.public_id]) not in shown
    assert reverse("campaign_new", args=[acme.public_id]) not in shown


def test_a_fired_alert_is_shown_as_fired(acme: Account, alice: User, signed_in: SignedIn) -> None:
    now = timezone.now()
    BalanceAlert.objects.create(
        account=acme, threshold_units=100_000, email="a@acme.example", created_at=now, armed=False, fired_at=now
    )
    assert "Fired" in page(signed_in, alice, acme)


def test_a_stranger_has_no_dashboard(acme: Account, charlie: User, signed_in: SignedIn) -> None:
    assert signed_in(charlie).get(reverse("dashboard", args=[acme.public_id])).status_code == 404


def test_a_busy_dashboard_asks_the_database_little(
    acme: Account, alice: User, grant: Grant, signed_in: SignedIn
) -> None:
    call_command("load_prices")
    grant(acme, "100")
    now = timezone.now()
    for _ in range(3):
        running = campaign(acme, now)
        message(acme, State.ACCEPTED, now, running)
    client, url = signed_in(alice), reverse("dashboard", args=[acme.public_id])
    client.get(url)
    with CaptureQueriesContext(connection) as frame:
        client.get(reverse("my_account", args=[acme.public_id]))
    with CaptureQueriesContext(connection) as whole:
        client.get(url)
    assert len(whole) - len(frame) <= 12
