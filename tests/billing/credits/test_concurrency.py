"""Two at once, twenty at once, the same a hundred times: the wallet is exact."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from billing.credits import selectors, services
from billing.credits.models import Wallet
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

pytestmark = pytest.mark.django_db(transaction=True)


def together(count: int, call: Callable[[int], object]) -> list[object]:
    """Run `call(0)` … `call(count - 1)` in as many threads at the same moment; return results and errors."""
    barrier = threading.Barrier(count)

    def run(number: int) -> object:
        barrier.wait()
        try:
            return call(number)
        except services.InsufficientCredits as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def assert_books_agree() -> None:
    assert ledger_selectors.differences() == []
    assert selectors.lot_differences() == []


def test_twenty_threads_on_one_wallet_never_overdraw(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "10")

    def hold_and_settle(number: int) -> Transfer:
        cause = Cause(TransferCode.CAMPAIGN, f"hold:{number}")
        hold = services.reserve(wallet=wallet, amount=7_000, cause=cause, now=now)
        cause = Cause(TransferCode.CAMPAIGN, f"settle:{number}")
        return services.settle(hold=hold, used=7_000, cause=cause, now=now)

    results = together(20, hold_and_settle)
    assert sum(isinstance(result, Transfer) for result in results) == 14  # 14 × 0.7 = 9.8 of 10 credits
    assert selectors.balance(acme) == selectors.Balance(2_000, 0, 2_000)
    assert_books_agree()


def test_the_same_reference_a_hundred_times_moves_once(acme: Account, grant: Grant, now: datetime) -> None:
    wallet = grant(acme, "10")
    cause = Cause(TransferCode.CAMPAIGN, "once")
    for _ in range(5):
        results = together(20, lambda _: services.spend(wallet=wallet, amount=7_000, cause=cause, now=now))
        assert len({getattr(result, "pk", None) for result in results}) == 1
    assert selectors.balance(acme).posted == 93_000
    assert_books_agree()


def test_moves_in_both_directions_do_not_deadlock(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime
) -> None:
    there, back = grant(acme, "100"), grant(acme_milano, "100")
    ways: list[tuple[Wallet, Wallet]] = [(there, back), (back, there)]

    def move(number: int) -> Transfer:
        source, target = ways[number % 2]
        cause = Cause(TransferCode.MOVE, f"move:{number}")
        return services.move(source=source, target=target, amount=10_000, cause=cause, now=now)

    assert all(isinstance(result, Transfer) for result in together(20, move))
    assert selectors.balance(acme).available == selectors.balance(acme_milano).available == 1_000_000
    assert_books_agree()


def test_fifty_threads_over_five_wallets_end_exact(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime
) -> None:
    branches = [Account.objects.create(name=f"Acme {number}", parent=acme) for number in range(3)]
    accounts = [acme, acme_milano, *branches]
    wallets = [grant(account, "20") for account in accounts]

    def work(number: int) -> int:
        """Hold and settle, spend, and move in both orders; return the units this thread has used."""
        chance = random.Random(number)
        used = 0
        for step in range(5):
            one, other = chance.sample(wallets, 2)
            amount = chance.randrange(1_000, 30_000)
            cause = Cause(TransferCode.CAMPAIGN, f"{number}:{step}")
            try:
                if step % 3 == 0:
                    hold = services.reserve(wallet=one, amount=amount, cause=cause, now=now)
                    done = Cause(TransferCode.CAMPAIGN, f"{number}:{step}:settled")
                    used += services.settle(hold=hold, used=amount // 2, cause=done, now=now).amount
                elif step % 3 == 1:
                    move = Cause(TransferCode.MOVE, f"{number}:{step}")
                    services.move(source=one, target=other, amount=amount, cause=move, now=now)
                else:
                    used += services.spend(wallet=one, amount=amount, cause=cause, now=now).amount
            except services.InsufficientCredits:
                continue
        return used

    used = [result for result in together(50, work) if isinstance(result, int)]
    assert len(used) == 50
    balances = [selectors.balance(account) for account in accounts]
    assert min(balance.available for balance in balances) >= 0
    assert sum(balance.posted for balance in balances) == 5 * 200_000 - sum(used)
    assert sum(balance.held for balance in balances) == 0
    assert_books_agree()
