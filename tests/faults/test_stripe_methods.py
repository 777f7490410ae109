"""Cards and bank accounts that Stripe keeps: from its own page to a paid recharge and a refund, for this account alone."""

import uuid
from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from billing.payments import services as payments
from billing.payments.models import Attempt, Mandate, PaymentMethod, Reversal
from billing.pricing import selectors as pricing_selectors
from billing.recharge import refunds, services
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
        assert (method.label, method.expires_on) == ("Visa 4242", date(2028, 2, 29))
    else:
        assert Mandate.objects.get().state == Mandate.State.VALID
    pack = pricing_selectors.packs(acme, now)[0]
    recharge = services.buy(account=acme, pack=pack, method=method, reference=uuid.uuid4(), actor_id=alice.pk, now=now)
    if kind == "sepa":
        assert recharge.state == Recharge.State.WAITING
        far_end.advance()
        recharge = services.ask_now(recharge=recharge, now=now)
    assert recharge.state == Recharge.State.PAID
    refund = refunds.refund(
        recharge=recharge, amount_cents=100, reason="asked", reference=uuid.uuid4(), actor_id=olga.pk, now=now
    )
    assert refund.state == Reversal.State.DONE
    answer = payments.look_up(attempt=Attempt.objects.get(), now=now)
    services.conclude(recharge=recharge, attempt=Attempt.objects.get(), answer=answer, now=now)
    assert (Reversal.objects.count(), far_end.refunds[0]["amount"]) == (1, 100)


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
