"""Taking credits back because their money went back: once, never below zero, and from the right lots."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from billing.credits import selectors, services
from billing.credits.models import CreditLot, Wallet
from billing.credits.reclaim import reclaim
from billing.credits.services import Cause, Terms
from billing.ledger import selectors as ledger
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from portal.accounts.models import Account

BACK = Cause(TransferCode.REFUND, "refund:1", "recharge:1")


def bought(wallet: Wallet, units: int, key: str, now: datetime, expires_at: datetime | None = None) -> Transfer:
    cause = Cause(TransferCode.PURCHASE, key)
    return services.grant(
        wallet=wallet, amount=units, terms=Terms(Decimal("4.2"), "EUR", expires_at), cause=cause, now=now
    )


@pytest.fixture
def wallet(acme: Account) -> Wallet:
    return services.open_wallet(account=acme)


def remaining(*transfers: Transfer) -> list[int]:
    return [CreditLot.objects.get(transfer=transfer).remaining for transfer in transfers]


def agree() -> bool:
    return ledger.differences() == [] and selectors.lot_differences() == []


def test_the_same_refund_takes_credits_once(acme: Account, wallet: Wallet, now: datetime) -> None:
    purchase = bought(wallet, 1000, "first", now)
    taken = [reclaim(wallet=wallet, most=300, bought_by=purchase, cause=BACK, now=now) for _ in range(3)]
    assert len({transfer.pk for transfer in taken if transfer}) == 1
    assert (selectors.balance(acme).available, remaining(purchase)) == (700, [700])
    assert agree()


def test_the_same_refund_is_known_when_less_is_left_than_it_took(acme: Account, wallet: Wallet, now: datetime) -> None:
    purchase = bought(wallet, 1000, "first", now)
    first = reclaim(wallet=wallet, most=800, bought_by=purchase, cause=BACK, now=now)
    assert reclaim(wallet=wallet, most=800, bought_by=purchase, cause=BACK, now=now) == first
    assert selectors.balance(acme).available == 200
    assert agree()


def test_no_more_is_taken_than_is_there_and_what_is_held_stays(acme: Account, wallet: Wallet, now: datetime) -> None:
    purchase = bought(wallet, 1000, "first", now)
    services.reserve(wallet=wallet, amount=400, cause=Cause(TransferCode.CAMPAIGN, "hold"), now=now)
    transfer = reclaim(wallet=wallet, most=1000, bought_by=purchase, cause=BACK, now=now)
    assert transfer is not None
    assert (transfer.amount, remaining(purchase)) == (600, [400])
    assert selectors.balance(acme).available == 0
    again = Cause(TransferCode.REFUND, "refund:2")
    assert reclaim(wallet=wallet, most=1, bought_by=purchase, cause=again, now=now) is None
    assert agree()


def test_the_lot_of_the_purchase_goes_first_then_what_ends_first(wallet: Wallet, now: datetime) -> None:
    soon = bought(wallet, 100, "soon", now, now + timedelta(days=1))
    later = bought(wallet, 100, "later", now, now + timedelta(days=2))
    own = bought(wallet, 100, "own", now)
    reclaim(wallet=wallet, most=150, bought_by=own, cause=BACK, now=now)
    assert remaining(own, soon, later) == [0, 50, 100]
    assert agree()


def test_a_single_unit_is_taken_at_the_moment_it_goes_back(wallet: Wallet, now: datetime) -> None:
    purchase, later = bought(wallet, 1, "first", now), now + timedelta(hours=1)
    transfer = reclaim(wallet=wallet, most=1, bought_by=purchase, cause=BACK, now=later)
    assert transfer is not None
    assert (transfer.amount, transfer.created_at, remaining(purchase)) == (1, later, [0])


def test_what_has_expired_is_not_taken_but_expires(acme: Account, wallet: Wallet, now: datetime) -> None:
    own = bought(wallet, 100, "own", now, now + timedelta(days=1))
    other = bought(wallet, 60, "other", now)
    transfer = reclaim(wallet=wallet, most=100, bought_by=own, cause=BACK, now=now + timedelta(days=1))
    assert transfer is not None
    assert (transfer.amount, remaining(own, other), selectors.balance(acme).available) == (60, [0, 0], 0)
    assert agree()
