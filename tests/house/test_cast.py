"""The cast's accounts and prices are put in by the tests themselves; the services would leave the same."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model

from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.pricing import services as pricing
from billing.pricing.files import SUPPLIED, read
from portal.accounts.models import Account
from tests.rows import open_account, put_prices

WALLETS_POTS = ("ledger_account", "issue_account", "usage_account", "expiry_account")
THEIR_OWN = {"id", "public_id", "account", "owner", "customer", *WALLETS_POTS}


def said(row: Model) -> dict[str, object]:
    """All columns but those that name one account or the other."""
    fields = {field.name for field in row._meta.concrete_fields}
    return {name: getattr(row, name) for name in fields - THEIR_OWN}


def all_rows(account: Account) -> list[dict[str, object]]:
    wallet = Wallet.objects.get(account=account)
    pots = [getattr(wallet, name) for name in WALLETS_POTS]
    assert {(pot.owner_id, pot.customer_id) for pot in pots} == {(account.pk, account.customer_id)}
    return [said(row) for row in (wallet, *pots)]


def undone(make: Callable[[], Account]) -> list[dict[str, object]]:
    with transaction.atomic():
        rows = all_rows(make())
        transaction.set_rollback(True)
    return rows


def test_an_account_of_the_cast_has_the_wallet_that_the_service_opens(db: None) -> None:
    def served(**fields: Any) -> Account:
        account = Account.objects.create(**fields)
        credits.open_wallet(account=account)
        return account

    customer = open_account(name="Acme")
    for fields in (
        {"name": "Globex"},
        {"name": "Acme Milano", "parent": customer},
        {"name": "Saldo", "is_operator": True},
    ):
        assert undone(partial(open_account, **fields)) == undone(partial(served, **fields))


def test_prices_that_are_put_in_again_are_what_a_load_would_leave(db: None, now: datetime) -> None:
    for _ in range(2):
        with transaction.atomic():
            put_prices(now)
            assert not pricing.load(files=read(SUPPLIED), actor_id=None, now=now)
            transaction.set_rollback(True)
