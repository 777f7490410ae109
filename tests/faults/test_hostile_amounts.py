"""Forged prices, forged quotes, and quantities that are none: what is bought and sent costs what it costs."""

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from billing.amounts import to_units
from billing.credits import selectors as credits_selectors
from billing.payments.models import PaymentMethod, SandboxCharge
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from billing.recharge.models import Recharge
from messaging.campaigns import selectors as campaigns_selectors
from messaging.campaigns.models import Campaign
from portal.accounts.models import Account
from tests.conftest import Grant
from tests.faults.hostility import at, draft_of, nothing_changes, purchase, said, smallest_pack

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("prices")]


def test_a_forged_price_buys_nothing_cheaper(acme: Account, browser: Client, card: PaymentMethod) -> None:
    pack = smallest_pack(acme)
    forged = dict.fromkeys(("price_cents", "net_cents", "gross_cents", "amount", "vat_cents", "vat_rate"), "1")
    forged |= dict.fromkeys(("credits", "credits_units"), "99999999")
    browser.post(at("recharge_new", acme), purchase(pack.public_id, card.public_id, **forged, state="paid"))
    recharge = Recharge.objects.get()
    assert (recharge.credits_units, recharge.net_cents) == (pack.credits, pack.price_cents)
    assert SandboxCharge.objects.get().amount_cents == recharge.gross_cents
    assert credits_selectors.balance(acme).available == pack.credits


@pytest.mark.parametrize("pack", ["", "1", "-1", "00000000-0000-0000-0000-000000000000", "100 credits", "1' OR '1'='1"])
def test_a_pack_that_is_not_for_sale_is_not_sold(
    acme: Account, browser: Client, card: PaymentMethod, pack: str
) -> None:
    with nothing_changes():
        answer = browser.post(at("recharge_new", acme), purchase(pack, card.public_id))
        assert answer.status_code == 422
        assert "Select a valid choice." in said(answer) or "This field is required." in said(answer)


def test_a_pack_of_another_price_list_is_not_sold(acme: Account, browser: Client, card: PaymentMethod) -> None:
    offered = {pack.pk for pack in pricing_selectors.packs(acme, timezone.now())}
    other = CreditPack.objects.exclude(pk__in=offered).order_by("price_cents").first()
    assert other is not None
    with nothing_changes():
        answer = browser.post(at("recharge_new", acme), purchase(other.public_id, card.public_id))
        assert answer.status_code == 422
        assert "Select a valid choice." in said(answer)


@pytest.mark.parametrize("fingerprint", ["", "0" * 64, "0" * 63, "é" * 64, "0" * 100_000])
def test_a_forged_quote_sends_nothing(acme: Account, browser: Client, grant: Grant, fingerprint: str) -> None:
    grant(acme, "100")
    draft = draft_of(browser, acme)
    form = {"fingerprint": fingerprint, "total_units": "0", "price_units": "0", "held_units": "0"}
    with nothing_changes():
        answer = browser.post(at("campaign_draft", acme, draft.public_id), form)
        assert answer.status_code == 409
        assert "Recipients or prices have changed since you looked. Check the new quote." in said(answer)


def test_a_forged_recipient_count_costs_what_it_costs(acme: Account, browser: Client, grant: Grant) -> None:
    grant(acme, "100")
    draft = draft_of(browser, acme, recipient_count="0", segment_count="0", price_units="0")
    quote = campaigns_selectors.quote_of(draft, timezone.now())
    browser.post(at("campaign_draft", acme, draft.public_id), {"fingerprint": quote.fingerprint, "held_units": "0"})
    assert Campaign.objects.get().held_units == to_units(Decimal("0.7"))


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("-5", "Enter more than zero credits."),
        ("0", "Enter more than zero credits."),
        ("0.00001", "Enter no more than four decimals."),
        ("1e3", "Enter a number of credits"),
        ("NaN", "Enter a number of credits"),
        ("Infinity", "Enter a number of credits"),
        ("٣", "Enter a number of credits"),
        ("9" * 30, "Enter no more than"),
        ("9" * 100_000, "Enter a number of credits"),
        ("101", "100 credits are available. Move no more than that."),
        ("", "This field is required."),
    ],
)
def test_no_quantity_that_is_none_moves(
    acme: Account, acme_milano: Account, browser: Client, grant: Grant, typed: str, sentence: str
) -> None:
    grant(acme, "100")
    form = {"reference": str(uuid.uuid4()), "credits_units": typed}
    with nothing_changes():
        answer = browser.post(at("subaccount_credit", acme, acme_milano.public_id), form)
        assert answer.status_code == 422
        assert sentence in said(answer)


@pytest.mark.parametrize("typed", ["-1", "0", "NaN", "", "9" * 40, "ten"])
def test_no_alert_watches_a_threshold_that_is_none(acme: Account, browser: Client, typed: str) -> None:
    form = {"threshold": typed, "email_on": "on", "email": "alice@acme.example"}
    with nothing_changes():
        answer = browser.post(at("alert_new", acme), form)
        assert answer.status_code == 422
        assert "Enter" in said(answer) or "This field is required." in said(answer)
