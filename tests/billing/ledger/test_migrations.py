"""The changes of the ledger's tables, over rows that are there: all of it within one transaction that is undone.

`MIGRATIONS=1` runs it: Django takes seven seconds of a processor to imagine all models before and after. Whoever writes
a migration of the ledger does.
"""

import os
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from billing.credits import services as credits
from billing.credits.services import Cause
from billing.ledger import selectors
from billing.ledger.codes import TransferCode
from portal.accounts.models import Account
from tests.conftest import Grant

BEFORE_DOMAINS = ("ledger", "0006_batches")
pytestmark = pytest.mark.skipif("MIGRATIONS" not in os.environ, reason="MIGRATIONS=1 asks for it")
COUNTERS = (
    "id, code, owner_id, debits_pending, debits_posted, credits_pending, credits_posted, low_mark, available, is_low"
)


def migrate(*targets: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())


def rows(columns: str, table: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} ORDER BY id")
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@pytest.mark.django_db
def test_accounts_and_transfers_go_back_before_the_domains_and_return_as_they_were(
    acme: Account, acme_milano: Account, grant: Grant, now: datetime
) -> None:
    wallet, branch = grant(acme, "100"), grant(acme_milano, "5")
    credits.watch(wallet=wallet, watcher="test", level=400_000)
    held = credits.reserve(wallet=wallet, amount=600_000, cause=Cause(TransferCode.CAMPAIGN, "held"), now=now)
    credits.spend(wallet=branch, amount=7_000, cause=Cause(TransferCode.CALL, "spent"), now=now)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what is still to be checked keeps tables from being altered
    accounts, transfers = rows(COUNTERS, "ledger_account"), rows("*", "ledger_transfer")

    migrate(BEFORE_DOMAINS)
    assert rows(COUNTERS, "ledger_account") == accounts
    assert rows("*", "ledger_transfer") == transfers

    migrate()
    assert rows(COUNTERS, "ledger_account") == accounts
    assert rows("*", "ledger_transfer") == transfers
    assert selectors.differences() == []
    credits.settle(hold=held, used=600_000, cause=Cause(TransferCode.CAMPAIGN, "settled"), now=now)
    with pytest.raises(credits.InsufficientCredits):
        credits.spend(wallet=wallet, amount=400_001, cause=Cause(TransferCode.CALL, "too much"), now=now)
    assert selectors.differences() == []
