"""A wallet keeps every lot it ever had; a movement, and the sweep, look at those alone that have something left."""

import re
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.credits import selectors, services
from billing.credits.models import Wallet
from billing.ledger.codes import TransferCode
from billing.ledger.services import Cause
from portal.accounts.models import Account
from tests.conftest import Grant

IN_USE = {"lots_in_use", "lots_by_expiry", "loans_by_return"}
USED_UP = """
    INSERT INTO credits_creditlot (wallet_id, transfer_id, origin, granted, remaining, held, unit_price_cents, currency,
                                   expires_at, created_at)
    SELECT wallet_id, transfer_id, origin, granted, 0, 0, unit_price_cents, currency, created_at - n * interval '1 hour', created_at
      FROM credits_creditlot, generate_series(1, 3000) AS n
"""


@pytest.fixture
def old_wallet(acme: Account, grant: Grant) -> Wallet:
    """A wallet with one lot, and three thousand that it had before."""
    wallet = grant(acme, "100")
    with connection.cursor() as cursor:
        cursor.execute(USED_UP)
        cursor.execute("ANALYZE credits_creditlot")
    return wallet


def indexes_of_lots(plan: str) -> set[str]:
    """What the lots are found by; the name of the table where it is read from end to end."""
    return set(re.findall(r"(?:Scan using|Index Scan on|Seq Scan on) (lots_\w+|loans_\w+|credits_creditlot\w*)", plan))


def plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {sql}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_a_movement_reads_no_lot_that_is_used_up(old_wallet: Wallet, now: datetime) -> None:
    with CaptureQueriesContext(connection) as asked:
        services.spend(wallet=old_wallet, amount=10, cause=Cause(TransferCode.CALL, "call"), now=now)
    read = [query["sql"] for query in asked if "credits_creditlot" in query["sql"] and "UPDATE c" not in query["sql"]]
    assert len(read) == 3  # the lenders of what is lent, whether anything is due, and what may be spent
    assert {index for sql in read for index in indexes_of_lots(plan(sql))} <= IN_USE


def test_the_sweep_reads_no_lot_that_is_used_up(old_wallet: Wallet, now: datetime) -> None:
    due = selectors.wallets_with_lots_due(now + timedelta(days=1))
    found_by = indexes_of_lots(due.explain())
    assert found_by
    assert found_by <= IN_USE
    assert not due.exists()
