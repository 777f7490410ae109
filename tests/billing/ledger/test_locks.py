"""Single transfers at once, in both directions and without any lock of the caller's: exact, and nobody deadlocks."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection, transaction

from billing.ledger import selectors, services
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause
from portal.accounts.models import Account as Customer

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS, ROUNDS = 4, 25


def deadlocks() -> int:
    """How many the database has ended; asked once nobody else is connected, because each tells when it leaves."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        others = 1
        while others and time.monotonic() < deadline:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            others = cursor.fetchone()[0]
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def wait_until_somebody_waits_for_us() -> None:
    """Return once another connection waits for a lock that this one has."""
    deadline = time.monotonic() + 30
    with connection.cursor() as cursor:
        waiting = 0
        while not waiting:
            assert time.monotonic() < deadline
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            waiting = cursor.fetchone()[0]


def test_transfers_in_both_directions_wait_for_each_other(acme: Customer, now: datetime) -> None:
    pots = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
    issue, usage = pots[AccountCode.ISSUE], pots[AccountCode.USAGE]
    begin, before = threading.Barrier(WORKERS), deadlocks()

    def work(worker: int) -> None:
        begin.wait()
        debit, credit = (issue, usage) if worker % 2 else (usage, issue)
        try:
            for number in range(ROUNDS):
                cause = Cause(TransferCode.CAMPAIGN, f"{worker}:{number}")
                services.transfer(debit=debit, credit=credit, amount=1, cause=cause, now=now)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    moved = WORKERS * ROUNDS // 2
    for account in Account.objects.filter(pk__in=[issue.pk, usage.pk]):
        assert (account.debits_posted, account.credits_posted) == (moved, moved)
    assert selectors.differences() == []
    assert deadlocks() == before


def test_whoever_meets_an_account_that_is_written_carries_the_balance_after_that(acme: Customer, now: datetime) -> None:
    opened = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk).values()
    first, second, third = sorted((pot for pot in opened if pot.may_overdraw), key=lambda pot: pot.pk)

    def move(debit: Account, credit: Account) -> None:
        cause = Cause(TransferCode.CAMPAIGN, f"{Transfer.objects.count()} {debit.pk} {credit.pk}")
        services.transfer(debit=debit, credit=credit, amount=1, cause=cause, now=now)

    def meet(debit: Account, credit: Account) -> None:
        try:
            move(debit, credit)
        finally:
            connection.close()

    # The account they share is locked first or last, and gives or takes.
    for earlier, later in (
        ((first, third), (second, third)),
        ((third, first), (third, second)),
        ((second, first), (third, first)),
        ((first, second), (first, third)),
    ):
        waiting = threading.Thread(target=meet, args=later)
        with transaction.atomic():
            move(*earlier)
            waiting.start()
            wait_until_somebody_waits_for_us()
        waiting.join()
    assert Transfer.objects.count() == 8
    assert selectors.differences() == []
