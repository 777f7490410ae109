"""A card of each kind, and packs to buy."""

from collections.abc import Callable
from datetime import datetime

import pytest
from django.core.management import call_command

from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.pricing import selectors as pricing_selectors
from billing.pricing.models import CreditPack
from portal.accounts.models import Account, User
from tests.conftest import Clock

Card = Callable[[str], PaymentMethod]


@pytest.fixture(autouse=True)
def _stopped(clock: Clock, now: datetime) -> None:
    """What comes in through a webhook comes at the moment at which a test does everything else."""
    clock(now)


@pytest.fixture
def card(acme: Account, alice: User, now: datetime) -> Card:
    """Add a sandbox card to Acme that behaves as its token says."""

    def add(token: str) -> PaymentMethod:
        return payments.add_method(
            account=acme, provider="sandbox", token=token, label=token, expires_on=None, actor_id=alice.pk, now=now
        )

    return add


@pytest.fixture
def pack(acme: Account, now: datetime) -> CreditPack:
    """100 credits at EUR 0.042 each."""
    call_command("load_prices")
    return next(pack for pack in pricing_selectors.packs(acme, now) if pack.credits == 1_000_000)
