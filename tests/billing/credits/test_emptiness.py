"""People are told when their credits are used up: once, until there are new ones."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import F

from billing.amounts import to_units
from billing.credits import emptiness
from billing.credits import services as credits
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.models import Account as LedgerAccount
from portal.accounts.models import Account, User
from portal.notices.codes import Kind
from portal.notices.models import Notice

Grant = Callable[[Account, str], Wallet]


def cause(reference: str) -> credits.Cause:
    return credits.Cause(TransferCode.CAMPAIGN, f"test:{reference}", "test")


def sweep(now: datetime) -> None:
    for wallet in emptiness.untold():
        emptiness.tell(wallet=wallet, now=now)


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def emptied(acme: Account, alice: User, grant: Grant, now: datetime) -> Wallet:
    wallet = grant(acme, "10")
    credits.spend(wallet=wallet, amount=to_units(Decimal(10)), cause=cause("all"), now=now)
    return wallet


def test_a_wallet_at_zero_is_told_of_once(emptied: Wallet, now: datetime) -> None:
    sweep(now)
    sweep(now + timedelta(minutes=1))
    emptiness.tell(wallet=emptied, now=now)

    assert told() == [Kind.BALANCE_ZERO]


def test_it_is_told_of_again_after_new_credits(acme: Account, emptied: Wallet, grant: Grant, now: datetime) -> None:
    sweep(now)
    Notice.objects.update(created_at=now - timedelta(days=1))
    grant(acme, "5")
    sweep(now)
    assert told() == [Kind.BALANCE_ZERO]
    credits.spend(wallet=emptied, amount=50_000, cause=cause("more"), now=now)
    sweep(now)

    assert told() == [Kind.BALANCE_ZERO] * 2


def test_what_is_held_is_not_gone(acme: Account, alice: User, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "10")
    credits.reserve(wallet=wallet, amount=100_000, cause=cause("hold"), now=now)
    sweep(now)

    assert told() == []


def test_who_never_had_credits_is_not_told(acme: Account, alice: User, now: datetime) -> None:
    sweep(now)

    assert told() == []


def test_a_closed_account_is_not_told(acme: Account, emptied: Wallet, now: datetime) -> None:
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)
    sweep(now)

    assert told() == []


def test_below_zero_is_another_notice(emptied: Wallet, now: datetime) -> None:
    sweep(now)
    # Calls may end below zero; no page spends so yet, so the books are set as they will stand then.
    LedgerAccount.objects.filter(pk=emptied.ledger_account_id).update(
        may_overdraw=True, debits_posted=F("debits_posted") + 7000
    )
    sweep(now)
    sweep(now)

    assert told() == [Kind.BALANCE_ZERO, Kind.BALANCE_BELOW_ZERO]
    assert Notice.objects.get(kind=Kind.BALANCE_BELOW_ZERO).context == {"balance_units": -7000}
