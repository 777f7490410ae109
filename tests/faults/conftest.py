"""Alice's browser and card, for those who try what should not work; and a payment provider that fails."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from billing.payments.models import PaymentMethod
from billing.payments.providers import stripe as provider
from portal.accounts.models import Account, User
from tests.conftest import SignedIn
from tests.faults.hostility import add_card
from tests.faults.stripe_far_end import SECRET, FarEnd, running


@pytest.fixture
def now() -> datetime:
    """An hour ago: the processes that are started here live by the real clock."""
    return timezone.now() - timedelta(hours=1)


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    return signed_in(alice)


@pytest.fixture
def card(acme: Account, alice: User) -> PaymentMethod:
    """A card of Acme's that always pays."""
    return add_card(acme, alice)


@pytest.fixture
def far_end(settings: Settings) -> Iterator[FarEnd]:
    """A Stripe-shaped far end on loopback that the portal is configured for."""

    def post(body: bytes, signature: str) -> int:
        url = reverse("provider_events", args=["stripe"])
        headers = {"Stripe-Signature": signature}
        try:
            return Client().post(url, body, content_type="application/json", headers=headers).status_code
        finally:
            connections.close_all()

    with running(post) as far_end:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = f"sk_test_{uuid.uuid4().hex}", SECRET
        settings.STRIPE_API_URL = far_end.url
        yield far_end
    provider.client.cache_clear()
