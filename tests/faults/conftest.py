"""Alice's browser and card, for those who try what should not work."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from billing.payments.models import PaymentMethod
from portal.accounts.models import Account, User
from tests.conftest import SignedIn
from tests.faults.hostility import add_card


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
