"""Who hears that a wallet runs low, and that the mark in the ledger follows."""

import threading

import pytest
from django.db import IntegrityError, connections, transaction

from billing.credits import services as credits
from billing.credits.models import Wallet, Watch
from billing.credits.selectors import low_wallets
from billing.credits.services import Marks
from portal.accounts.models import Account
from tests.conftest import Grant


def mark(wallet: Wallet) -> int | None:
    wallet.ledger_account.refresh_from_db()
    return wallet.ledger_account.low_mark


def test_the_highest_of_the_levels_is_the_mark(acme: Account, grant: Grant) -> None:
    wallet = grant(acme, "1")
    credits.watch(wallet=wallet, watcher="alerts", level=300)
    credits.watch(wallet=wallet, watcher="recharge", level=500)
    assert mark(wallet) == 500
    credits.watch(wallet=wallet, watcher="recharge", level=200)
    assert mark(wallet) == 300
    for watcher in ("alerts", "recharge", "recharge"):
        credits.watch(wallet=wallet, watcher=watcher, level=None)
    assert mark(wallet) is None


def test_a_wallet_is_low_at_its_mark_and_below(acme: Account, globex: Account, grant: Grant) -> None:
    wallet, other = grant(acme, "1"), grant(globex, "2")
    for watched in (wallet, other):
        credits.watch(wallet=watched, watcher="alerts", level=10_000)
    assert list(low_wallets()) == [wallet]


def test_a_wallet_is_watched_where_it_spends(acme: Account, acme_milano: Account, grant: Grant) -> None:
    parent, branch = grant(acme, "1"), credits.open_wallet(account=acme_milano)
    credits.watch(wallet=branch, watcher="alerts", level=20_000)
    assert (mark(parent), mark(branch)) == (None, 20_000)
    credits.draw_on(wallet=branch, other=parent)
    assert (mark(parent), mark(branch)) == (20_000, None)
    assert set(low_wallets()) == {parent, branch}
    credits.watch(wallet=branch, watcher="alerts", level=5_000)
    assert mark(parent) == 5_000
    credits.draw_on(wallet=branch, other=None)
    assert (mark(parent), mark(branch)) == (None, 5_000)


def test_of_many_wallets_those_without_a_level_are_watched_no_more(
    acme: Account, globex: Account, acme_milano: Account, grant: Grant
) -> None:
    first, second, other = grant(acme, "1"), grant(globex, "1"), credits.open_wallet(account=acme_milano)
    for wallet in (first, other):
        credits.watch(wallet=wallet, watcher="recharge", level=70)
    both = [first.pk, second.pk]
    credits.watch(wallet=other, watcher="alerts", level=300)
    credits.watch_all(wallets=both, watcher="alerts", levels=lambda: {first.pk: Marks(100), second.pk: Marks(200)})
    assert (mark(first), mark(second), mark(other)) == (100, 200, 300)
    credits.watch_all(wallets=both, watcher="alerts", levels=lambda: {second.pk: Marks(50)})
    assert (mark(first), mark(second), mark(other)) == (70, 50, 300)
    credits.watch_all(wallets=both, watcher="alerts", levels=dict)
    assert (mark(first), mark(second)) == (70, None)
    left = {(first.pk, "recharge"), (other.pk, "recharge"), (other.pk, "alerts")}
    assert set(Watch.objects.values_list("wallet", "watcher")) == left


def test_the_lowest_of_the_levels_above_which_somebody_hears_is_the_other_mark(
    acme: Account, acme_milano: Account, grant: Grant
) -> None:
    wallet, branch = grant(acme, "1"), credits.open_wallet(account=acme_milano)

    def watch(of: Wallet, watcher: str, marks: Marks) -> tuple[int | None, int | None]:
        credits.watch_all(wallets=[of.pk], watcher=watcher, levels=lambda: {of.pk: marks})
        wallet.ledger_account.refresh_from_db()
        return wallet.ledger_account.low_mark, wallet.ledger_account.high_mark

    assert watch(wallet, "alerts", Marks(high=300)) == (None, 300)
    assert watch(wallet, "recharge", Marks(low=100, high=400)) == (100, 300)
    assert watch(wallet, "recharge", Marks(low=100, high=200)) == (100, 200)
    credits.draw_on(wallet=branch, other=wallet)
    assert watch(branch, "alerts", Marks(high=0)) == (100, 0)
    credits.draw_on(wallet=branch, other=None)
    assert watch(wallet, "recharge", Marks()) == (None, 300)
    assert watch(wallet, "alerts", Marks()) == (None, None)
    assert list(Watch.objects.values_list("wallet", "above_units")) == [(branch.pk, 0)]


@pytest.mark.django_db(transaction=True)
def test_of_many_watchers_at_once_none_is_forgotten(acme: Account, grant: Grant) -> None:
    wallet = grant(acme, "1")
    start = threading.Barrier(6)

    def work(turn: int) -> None:
        start.wait()
        try:
            credits.watch(wallet=wallet, watcher=f"watcher {turn}", level=turn * 100)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work, args=(turn,)) for turn in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Watch.objects.count() == 6
    assert mark(wallet) == 500


@pytest.mark.parametrize(
    ("constraint", "watcher", "levels"),
    [
        ("a_watcher_has_one_level_a_wallet", "alerts", {"level_units": 1}),
        ("a_level_is_never_negative", "recharge", {"level_units": -1}),
        ("a_level_is_never_negative", "recharge", {"above_units": -1}),
        ("a_level_is_never_negative", "recharge", {"level_units": 1, "above_units": -1}),
        ("a_watch_has_a_level", "recharge", {}),
    ],
)
def test_a_watch_that_cannot_be_is_refused(
    acme: Account, grant: Grant, constraint: str, watcher: str, levels: dict[str, int]
) -> None:
    wallet = grant(acme, "1")
    credits.watch(wallet=wallet, watcher="alerts", level=300)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Watch.objects.create(wallet=wallet, watcher=watcher, **levels)
