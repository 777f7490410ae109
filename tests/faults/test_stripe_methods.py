"""Cards and bank accounts that Stripe keeps: from its own page to a paid recharge and a refund, for this account alone."""

import random
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from billing.payments import services as payments
from billing.payments.models import Attempt, Mandate, MethodSetup, PaymentMethod, ProviderEvent, Reversal
from billing.pricing import selectors as pricing_selectors
from billing.recharge import events, refunds, services
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from tests.conftest import SignedIn
from tests.faults.stripe_far_end import FarEnd


@pytest.mark.parametrize("kind", ["card", "sepa"])
def test_a_method_kept_at_stripe_pays_and_is_refunded(
    far_end: FarEnd,
    settings: Settings,
    acme: Account,
    globex: Account,
    alice: User,
    charlie: User,
    olga: User,
    prices: None,
    signed_in: SignedIn,
    kind: str,
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"
    browser, methods = signed_in(alice), reverse("payment_methods", args=[acme.public_id])
    page = browser.post(reverse("stripe_page", args=[acme.public_id]), {"kind": kind, "agreed": "on"})
    assert f"{far_end.url}/page" in page.content.decode()
    session = next(iter(far_end.pages))
    assert session in browser.get(methods, {"session": session}).content.decode()
    keep = reverse("stripe_method", args=[acme.public_id])
    theirs = reverse("stripe_method", args=[globex.public_id])
    signed_in(charlie).post(theirs, {"session": session})
    assert not PaymentMethod.objects.exists()
    for _ in range(2):
        browser.post(keep, {"session": session})
    method = PaymentMethod.objects.get()
    now = timezone.now()
    if kind == "card":
        assert (method.label, method.expires_on) == ("Visa 4242", date(2096, 2, 29))
    else:
        assert Mandate.objects.get().state == Mandate.State.VALID
    pack = pricing_selectors.packs(acme, now)[0]
    recharge = services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    if kind == "sepa":
        assert recharge.state == Recharge.State.WAITING
        far_end.advance()
        recharge = services.pursue(recharge=recharge, now=now, at_once=True)
    assert recharge.state == Recharge.State.PAID
    refund = refunds.refund(
        recharge=recharge, amount_cents=100, reason="asked", reference=uuid.uuid4(), actor_id=olga.pk, now=now
    )
    assert refund.state == Reversal.State.DONE
    answer = payments.look_up(attempt=Attempt.objects.get(), now=now)
    charged_at = datetime.fromtimestamp(far_end.charged()[0]["created"], UTC)
    # The reply to a card's charge only names it; what a look-up found says when the money was taken.
    assert (answer.charged_at, Attempt.objects.get().charged_at) == (charged_at, charged_at if kind == "sepa" else None)
    services.conclude(recharge=recharge, attempt=Attempt.objects.get(), answer=answer, now=now)
    assert (Reversal.objects.count(), far_end.refunds[0]["amount"]) == (1, 100)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["card", "sepa"])
def test_what_was_entered_is_kept_by_the_webhook_though_nobody_comes_back(
    far_end: FarEnd, settings: Settings, acme: Account, alice: User, signed_in: SignedIn, kind: str
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"
    browser = signed_in(alice)
    browser.post(reverse("stripe_page", args=[acme.public_id]), {"kind": kind, "agreed": "on"})
    session, page = next(iter(far_end.pages.items()))
    page["status"] = "open"
    far_end.tell("checkout.session.completed", page)
    far_end.tell("checkout.session.completed", page | {"id": "cs_nobodys"})
    url, now = settings.STRIPE_API_URL, timezone.now()
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    far_end.deliver(random.Random(1))
    ours = ProviderEvent.objects.get(provider_reference=session)
    events.handle(event=ours, now=now + timedelta(seconds=1))
    ours.refresh_from_db()
    # Nobody answered: it is not known, and asked again.
    assert (ours.state, ours.handle_at > now) == ("waiting", True)
    settings.STRIPE_API_URL = url
    page["status"] = "complete"
    for event in ProviderEvent.objects.all():
        events.handle(event=event, now=now + timedelta(minutes=2))
    browser.post(reverse("stripe_method", args=[acme.public_id]), {"session": session})
    method = PaymentMethod.objects.get()
    assert (method.created_by, method.setup.session) == (alice, session)
    found = ProviderEvent.objects.order_by("pk").values_list("state", "verdict")
    assert sorted(found) == [("done", ""), ("set_aside", "unknown_payment")]
    if kind == "sepa":
        mandate = Mandate.objects.get()
        assert (mandate.text, mandate.state) == (MethodSetup.objects.get().text, Mandate.State.VALID)


@pytest.mark.django_db(transaction=True)
def test_a_mandate_that_is_revoked_at_the_bank_is_not_debited_again(
    far_end: FarEnd, settings: Settings, acme: Account, alice: User, signed_in: SignedIn
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"
    browser = signed_in(alice)
    browser.post(reverse("stripe_page", args=[acme.public_id]), {"kind": "sepa", "agreed": "on"})
    browser.post(reverse("stripe_method", args=[acme.public_id]), {"session": next(iter(far_end.pages))})
    assert Mandate.objects.get().state == Mandate.State.VALID
    far_end.mandates = "inactive"
    for name in ("mandate_1", "mandate_nobodys"):
        far_end.tell("mandate.updated", {"object": "mandate", "id": name})
    far_end.deliver(random.Random(1))
    url, now = settings.STRIPE_API_URL, timezone.now() + timedelta(minutes=1)
    for address in ("http://127.0.0.1:9", url):  # nobody answers; then Stripe does
        settings.STRIPE_API_URL = address
        for event in ProviderEvent.objects.due(now):
            events.handle(event=event, now=now)
        now += timedelta(minutes=1)
    assert Mandate.objects.get().state == Mandate.State.REVOKED
    found = ProviderEvent.objects.order_by("provider_reference").values_list("state", "verdict")
    assert list(found) == [("done", ""), ("set_aside", "unknown_payment")]


def test_a_page_that_was_opened_for_a_card_brings_no_bank_account(
    far_end: FarEnd, settings: Settings, acme: Account, alice: User, signed_in: SignedIn
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"
    browser = signed_in(alice)
    browser.post(reverse("stripe_page", args=[acme.public_id]), {"kind": "card"})
    session, page = next(iter(far_end.pages.items()))
    method = page["setup_intent"]["payment_method"]
    method |= {"type": "sepa_debit", "sepa_debit": {"last4": "3456"}}
    answer = browser.post(reverse("stripe_method", args=[acme.public_id]), {"session": session}, follow=True)
    assert "The payment method was not set up" in answer.content.decode()
    assert not PaymentMethod.objects.exists()
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    answer = browser.post(reverse("stripe_method", args=[acme.public_id]), {"session": session}, follow=True)
    assert "Stripe does not answer" in answer.content.decode()


def test_a_bank_account_is_not_kept_without_consent_nor_from_nowhere(
    far_end: FarEnd, settings: Settings, acme: Account, alice: User, signed_in: SignedIn
) -> None:
    settings.PAYMENT_PROVIDER = "stripe"
    browser = signed_in(alice)
    for given in ({"kind": "sepa"}, {"kind": "gold"}, {}):
        assert browser.post(reverse("stripe_page", args=[acme.public_id]), given).status_code == 302
    assert not far_end.pages
    for session in ("", "cs_none", "../customers"):
        assert browser.post(reverse("stripe_method", args=[acme.public_id]), {"session": session}).status_code == 302
    assert (
        browser.post(reverse("payment_methods", args=[acme.public_id]), {"token": "x", "label": "y"}).status_code == 200
    )
    settings.STRIPE_API_URL = "http://127.0.0.1:9"
    answer = browser.post(reverse("stripe_page", args=[acme.public_id]), {"kind": "card"})
    assert answer.status_code == 302
    assert not PaymentMethod.objects.exists()
