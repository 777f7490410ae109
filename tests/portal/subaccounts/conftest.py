"""Alice at her browser, a branch of Acme, and the form that opens one."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from billing.credits import selectors as credits_selectors
from billing.ledger import selectors as ledger_selectors
from portal.accounts.models import Account, User
from tests.conftest import SignedIn

SPACE = str.maketrans("\N{NO-BREAK SPACE}", " ")
Form = Callable[..., dict[str, Any]]


@pytest.fixture
def browser(alice: User, signed_in: SignedIn) -> Client:
    """Alice's."""
    return signed_in(alice)


@pytest.fixture
def new_form() -> Form:
    """The filled-in form that opens a sub-account; give what is different."""

    def fill(**changes: str) -> dict[str, Any]:
        filled = {
            "reference": str(uuid.uuid4()),
            "name": "Acme Roma",
            "first_name": "Rita",
            "last_name": "Romano",
            "email": "rita@acme.example",
            "login": "invitation",
            "spending": "limited",
            "credits_units": "",
        }
        return {**filled, **changes}

    return fill


def available(account: Account) -> int:
    return credits_selectors.balance(account).available


def books_agree() -> bool:
    return ledger_selectors.differences() == [] and credits_selectors.lot_differences() == []
