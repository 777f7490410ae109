"""A hundred recharges against a Stripe that somebody else wrote: PyPI's localstripe, in an environment of its own.

`LOCALSTRIPE=/path/to/python` names a Python that has it. It forgets idempotency keys, so nothing is killed here; that
is `test_recharges_killed`. Automatic purchases, because it knows no `return_url`.
"""

import os
import socket
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer
from stripe import StripeClient

from billing.credits import selectors as credits_selectors
from billing.credits.models import CreditLot
from billing.invoices.models import Invoice
from billing.ledger import selectors as ledger_selectors
from billing.payments import services as payments
from billing.payments.models import Mandate, PaymentMethod, ProviderEvent
from billing.payments.providers import stripe as provider
from billing.pricing import selectors as pricing_selectors
from billing.recharge import events, selectors, services
from billing.recharge.models import Recharge
from portal.accounts.models import Account, User
from tests.billing.payments.test_methods import add_debit

PYTHON = os.environ.get("LOCALSTRIPE", "")
SECRET = "whsec_local"
COUNT = 100
RUN = "import sys; from aiohttp import web; from localstripe.server import app; web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]))"
CARDS = {"pays": "4242424242424242", "fails": "4000000000000341"}
ACCOUNTS = {"pays": "DE89370400440532013000", "fails": "DE62370400440532013001"}

pytestmark = pytest.mark.skipif(not PYTHON, reason="LOCALSTRIPE names no Python that has localstripe")


@pytest.fixture
def stripe_url(live_server: LiveServer, settings: Settings) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen([PYTHON, "-c", RUN, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as far:
        for _ in range(200):
            try:
                hook = {"url": live_server.url + reverse("provider_events", args=["stripe"]), "secret": SECRET}
                httpx.post(f"{url}/_config/webhooks/saldo", json=hook).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.05)
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = "sk_test_local", SECRET
        settings.STRIPE_API_URL = url
        yield url
        far.terminate()
    provider.client.cache_clear()


@pytest.fixture
def methods(stripe_url: str, acme: Account, alice: User, now: datetime) -> list[PaymentMethod]:
    client = StripeClient("sk_test_local", base_addresses={"api": stripe_url})
    customer = client.v1.customers.create({"name": "Acme"}).id
    found = []
    for bank in ("pays", "pays", "fails"):
        card = {"number": CARDS[bank], "exp_month": 1, "exp_year": 2096, "cvc": "123"}
        kept = client.v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[arg-type]
        client.v1.payment_methods.attach(kept.id, {"customer": customer})
        method = payments.add_method(
            account=acme,
            provider="stripe",
            token=f"{customer}/{kept.id}/card",
            label=bank,
            expires_on=None,
            actor_id=alice.pk,
            now=now,
        )
        found.append(method)
    for bank in ("pays", "fails"):
        details = {"name": "Acme", "email": "acme@example.org"}
        kept = client.v1.payment_methods.create(
            {"type": "sepa_debit", "sepa_debit": {"iban": ACCOUNTS[bank]}, "billing_details": details}  # type: ignore[arg-type]
        )
        client.v1.payment_methods.attach(kept.id, {"customer": customer})
        debit = add_debit(acme, alice, now)
        token = f"{customer}/{kept.id}/sepa_debit"
        PaymentMethod.objects.filter(pk=debit.pk).update(provider="stripe", token=token, label=bank)
        payments.note_mandate(mandate=debit.mandate, state=Mandate.State.VALID, actor_id=None, now=now)
        debit.refresh_from_db()
        found.append(debit)
    return found


@pytest.mark.django_db(transaction=True)
def test_a_hundred_recharges_at_a_stripe_of_somebody_else(
    stripe_url: str,
    acme: Account,
    now: datetime,
    prices: None,
    methods: list[PaymentMethod],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("billing.recharge.provisional.DEFAULT_LIMIT_CENTS", 10**12)
    packs = pricing_selectors.packs(acme, now)[:4]
    for number in range(COUNT):
        recharge = services.buy(
            account=acme,
            pack=packs[number % 4],
            method=methods[number % 5],
            reference=uuid.uuid4(),
            actor_id=None,
            now=datetime.now(UTC),
            origin=services.Origin.AUTOMATIC,
        )
        deadline = time.monotonic() + 10
        while recharge.state == Recharge.State.WAITING and time.monotonic() < deadline:
            for event in ProviderEvent.objects.due(datetime.now(UTC)):
                events.handle(event=event, now=datetime.now(UTC))
            recharge.refresh_from_db()
            time.sleep(0.02)
        if recharge.state == Recharge.State.WAITING:
            services.pursue(recharge=recharge, now=datetime.now(UTC) + timedelta(hours=7))
    time.sleep(1.5)  # localstripe sends its webhooks a second later
    for event in ProviderEvent.objects.due(datetime.now(UTC)):
        events.handle(event=event, now=datetime.now(UTC))
    client, charged = StripeClient("sk_test_local", base_addresses={"api": stripe_url}), []
    for intent in client.v1.payment_intents.list({"limit": 100}).auto_paging_iter():
        charged += [intent.amount] if intent.status == "succeeded" else []
    paid = Recharge.objects.filter(state=Recharge.State.PAID)
    assert not selectors.to_pursue(datetime.now(UTC) + timedelta(days=3)).exists()
    assert len(charged) == paid.count() == CreditLot.objects.count() == Invoice.objects.count() == COUNT * 3 // 5
    assert sum(charged) == sum(paid.values_list("gross_cents", flat=True))
    assert sum(charged) == sum(Invoice.objects.values_list("gross_cents", flat=True))
    assert credits_selectors.balance(acme).available == sum(paid.values_list("credits_units", flat=True))
    assert ledger_selectors.differences() == []
    states = Counter(ProviderEvent.objects.values_list("kind", "state"))
    print(len(charged), sum(charged), states)  # noqa: T201
