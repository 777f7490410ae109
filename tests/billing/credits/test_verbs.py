"""What every verb of the credits keeps: its moment, what has ended before it, who is blocked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from billing.credits import selectors, services
from billing.credits.lapse import lock
from billing.credits.models import CreditLot, Wallet
from billing.credits.services import Terms, WalletBlocked
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

HOUR = timedelta(hours=1)


def cause(reference: str, code: TransferCode = TransferCode.CAMPAIGN) -> Cause:
    return Cause(code, reference, "test")


@pytest.fixture
def wallet(acme: Account, grant: Grant) -> Wallet:
    return grant(acme, "10")


@pytest.fixture
def branch(acme_milano: Account) -> Wallet:
    return services.open_wallet(account=acme_milano)


def test_a_locked_wallet_names_its_accounts_without_asking_for_them(
    wallet: Wallet, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    pots = ("ledger_account", "issue_account", "usage_account", "expiry_account")
    with transaction.atomic(), django_assert_num_queries(1):  # what is due, and the wallets
        [locked] = lock([wallet], now)
        assert [getattr(locked, pot).pk for pot in pots] == [getattr(wallet, f"{pot}_id") for pot in pots]
        assert locked.ledger_account.available == 100_000


def test_each_transfer_carries_the_moment_of_its_verb(wallet: Wallet, branch: Wallet, now: datetime) -> None:
    holds: list[Transfer] = []

    def reserve(moment: datetime) -> Transfer:
        holds.append(services.reserve(wallet=wallet, amount=9, cause=cause(f"hold:{moment}"), now=moment))
        return holds[-1]

    verbs: list[Callable[[datetime], Transfer | None]] = [
        lambda at: services.grant(
            wallet=wallet, amount=1, terms=Terms(), cause=cause("g", TransferCode.PROMOTION), now=at
        ),
        reserve,
        lambda at: services.settle(hold=holds[-1], used=4, cause=cause("settle"), now=at),
        reserve,
        lambda at: services.release(hold=holds[-1], cause=cause("release"), now=at),
        lambda at: services.spend(wallet=wallet, amount=1, cause=cause("spend"), now=at),
        lambda at: services.take_back(wallet=wallet, amount=1, cause=cause("back", TransferCode.REFUND), now=at),
        lambda at: services.move(
            source=wallet, target=branch, amount=5, cause=cause("move", TransferCode.MOVE), now=at
        ),
        lambda at: services.lend(
            source=wallet, target=branch, amount=5, returns_at=at + HOUR, cause=cause("l", TransferCode.LOAN), now=at
        ),
        lambda at: services.empty(source=wallet, target=branch, cause=cause("reset", TransferCode.RESET), now=at),
    ]
    for number, verb in enumerate(verbs, 1):
        moment = now + number * timedelta(minutes=1)
        transfer = verb(moment)
        assert transfer is not None
        assert Transfer.objects.get(pk=transfer.pk).created_at == moment
        assert all(lot.created_at == moment for lot in CreditLot.objects.filter(transfer=transfer))


@pytest.mark.parametrize("verb", ["move", "lend", "empty", "take_back", "spend", "reserve"])
def test_what_has_expired_is_gone_before_anything_else_happens(
    acme: Account, wallet: Wallet, branch: Wallet, now: datetime, verb: str
) -> None:
    gift = cause("gift", TransferCode.PROMOTION)
    services.grant(wallet=wallet, amount=50_000, terms=Terms(expires_at=now + HOUR), cause=gift, now=now)
    why, later = cause("why", TransferCode.MOVE), now + HOUR
    if verb == "move":
        services.move(source=wallet, target=branch, amount=100_000, cause=why, now=later)
    elif verb == "lend":
        ends = later + HOUR
        services.lend(source=wallet, target=branch, amount=100_000, returns_at=ends, cause=why, now=later)
    elif verb == "empty":
        moved = services.empty(source=wallet, target=branch, cause=why, now=later)
        assert moved is not None
        assert moved.amount == 100_000
    else:
        getattr(services, verb)(wallet=wallet, amount=100_000, cause=why, now=later)
    assert selectors.balance(acme).available == 0
    assert Transfer.objects.get(code=TransferCode.EXPIRY).amount == 50_000
    assert ledger_selectors.differences() == [] == selectors.lot_differences()


def test_a_blocked_wallet_spends_neither_its_own_nor_anothers(
    wallet: Wallet, branch: Wallet, globex: Account, grant: Grant, now: datetime
) -> None:
    theirs = grant(globex, "1")
    services.draw_on(wallet=branch, other=wallet)
    services.block(wallet=branch, now=now)
    services.block(wallet=branch, now=now + HOUR)
    assert Wallet.objects.get(pk=branch.pk).blocked_at == now
    with pytest.raises(WalletBlocked):
        services.spend(wallet=branch, amount=1, cause=cause("branch"), now=now)
    services.spend(wallet=wallet, amount=1, cause=cause("own"), now=now)
    services.unblock(wallet=branch)
    services.spend(wallet=branch, amount=1, cause=cause("again"), now=now)
    services.block(wallet=wallet, now=now)
    for blocked in (branch, wallet):
        with pytest.raises(WalletBlocked):
            services.reserve(wallet=blocked, amount=1, cause=cause("parent"), now=now)
    services.unblock(wallet=branch)
    assert Wallet.objects.get(pk=wallet.pk).blocked_at == now
    services.spend(wallet=theirs, amount=1, cause=cause("theirs"), now=now)


def test_neighbours_on_the_same_terms_arrive_as_one_lot_and_keep_their_place(
    wallet: Wallet, branch: Wallet, now: datetime
) -> None:
    for number, (price, units) in enumerate((("4.2", 30_000), ("4.2", 20_000), ("3", 7_000), ("4.2", 5_000))):
        terms = Terms(Decimal(price))
        services.grant(
            wallet=branch, amount=units, terms=terms, cause=cause(f"g{number}", TransferCode.PURCHASE), now=now
        )
    back = cause("reset", TransferCode.RESET)
    services.empty(source=branch, target=wallet, cause=back, now=now)
    arrived = CreditLot.objects.filter(wallet=wallet, transfer__reference="reset").order_by("pk")
    assert list(arrived.values_list("unit_price_cents", "granted")) == [
        (Decimal("4.2"), 50_000),
        (Decimal(3), 7_000),
        (Decimal("4.2"), 5_000),
    ]
    lend = cause("loan", TransferCode.LOAN)
    services.lend(source=wallet, target=branch, amount=150_000, returns_at=now + HOUR, cause=lend, now=now)
    lent = CreditLot.objects.filter(wallet=branch, remaining__gt=0).order_by("pk")
    assert list(lent.values_list("granted", "returns_to")) == [(150_000, wallet.pk)]
    assert selectors.lot_differences() == []
