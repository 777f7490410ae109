"""The audit of the lots says where they and the ledger disagree, in units, and is silent where they agree."""

from datetime import datetime

import pytest
from django.db.models import F

from billing.credits import selectors, services
from billing.credits.models import CreditLot, LotDraw, Wallet
from billing.credits.selectors import LotDifference
from billing.ledger.codes import TransferCode
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant


def hold(wallet: Wallet, units: int, reference: str, now: datetime) -> Transfer:
    return services.reserve(
        wallet=wallet, amount=units, cause=Cause(TransferCode.CAMPAIGN, f"hold:{reference}"), now=now
    )


@pytest.fixture
def busy(operator: Account, acme: Account, acme_milano: Account, grant: Grant, now: datetime) -> Wallet:
    """A wallet with two lots, two holds over both, something spent; beside it an empty one and the operator's."""
    grant(acme, "10")
    wallet = grant(acme, "5")
    for reference in "ab":
        hold(wallet, 60_000, reference, now)
    services.spend(wallet=wallet, amount=10_000, cause=Cause(TransferCode.CAMPAIGN, "spent"), now=now)
    services.spend(
        wallet=services.open_wallet(account=operator), amount=1, cause=Cause(TransferCode.ALERT, "free"), now=now
    )
    return wallet


def test_books_that_agree_say_nothing(busy: Wallet) -> None:
    assert CreditLot.objects.filter(wallet=busy, held__gt=0).count() == 2
    assert selectors.lot_differences() == []


def test_a_balance_that_the_lots_do_not_have_is_found(busy: Wallet, acme_milano: Account) -> None:
    LedgerAccount.objects.filter(pk=busy.ledger_account_id).update(credits_posted=F("credits_posted") + 7)
    assert selectors.lot_differences() == [LotDifference(busy.pk, "balance", 140_007, 140_000)]
    # One that has no lots at all is compared with none.
    empty = services.open_wallet(account=acme_milano)
    LedgerAccount.objects.filter(pk=empty.ledger_account_id).update(credits_posted=3)
    assert selectors.lot_differences()[1:] == [LotDifference(empty.pk, "balance", 3, 0)]


def test_a_hold_that_no_lot_knows_is_found(busy: Wallet, acme_milano: Account) -> None:
    LedgerAccount.objects.filter(pk=busy.ledger_account_id).update(debits_pending=F("debits_pending") - 2)
    assert selectors.lot_differences() == [LotDifference(busy.pk, "held", 119_998, 120_000)]


def test_a_lot_that_does_not_have_what_its_draws_left_is_found(busy: Wallet) -> None:
    first = CreditLot.objects.filter(wallet=busy).earliest("pk")
    last = CreditLot.objects.filter(wallet=busy).latest("pk")
    CreditLot.objects.filter(pk=first.pk).update(held=F("held") - 1)
    CreditLot.objects.filter(pk=last.pk).update(remaining=F("remaining") - 1)
    balance, held, lots_held, rest = selectors.lot_differences()
    assert (balance.what, held.what) == ("balance", "held")
    assert lots_held == LotDifference(busy.pk, f"held of lot {first.pk}", 100_000, 99_999)
    assert rest == LotDifference(busy.pk, f"rest of lot {last.pk}", 40_000, 39_999)


def test_a_lot_that_was_never_drawn_on_is_compared_too(acme: Account, grant: Grant) -> None:
    wallet = grant(acme, "10")
    assert not LotDraw.objects.exists()
    CreditLot.objects.update(remaining=99_999)
    assert selectors.lot_differences() == [
        LotDifference(wallet.pk, "balance", 100_000, 99_999),
        LotDifference(wallet.pk, f"rest of lot {CreditLot.objects.get().pk}", 100_000, 99_999),
    ]
    CreditLot.objects.update(remaining=100_000, held=4)
    assert selectors.lot_differences() == [
        LotDifference(wallet.pk, "held", 0, 4),
        LotDifference(wallet.pk, f"held of lot {CreditLot.objects.get().pk}", 0, 4),
    ]


def test_a_hold_without_any_lot_held_is_found(acme: Account, grant: Grant) -> None:
    wallet = grant(acme, "10")
    LedgerAccount.objects.filter(pk=wallet.ledger_account_id).update(debits_pending=2)
    assert selectors.lot_differences() == [LotDifference(wallet.pk, "held", 2, 0)]
