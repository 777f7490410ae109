"""Which of a million wallets are at or below the mark somebody set: by the partial index, and by asking each of them."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection

from billing.ledger.models import Account
from tests.bench.page import record

WALLETS = 1_000_000
LOW = 1_000
ROUNDS = 21

# Straight into the tables: a million wallets of 100 credits with a mark at 10, one in a thousand of them with 10 left.
FILL = f"""
    INSERT INTO accounts_account (public_id, name, language, time_zone, is_operator, created_at)
    SELECT gen_random_uuid(), 'Customer ' || n, 'it', 'Europe/Rome', false, now() FROM generate_series(1, {WALLETS}) n;
    INSERT INTO ledger_account (code, owner_id, customer_id, may_overdraw, debits_pending, debits_posted, credits_pending,
                                credits_posted, low_mark)
    SELECT 'wallet', id, id, false, 0, CASE WHEN id % {WALLETS // LOW} = 0 THEN 900000 ELSE 0 END, 0, 1000000, 100000
      FROM accounts_account;
"""


def milliseconds(question: Callable[[], list[Any]]) -> float:
    """The median time of the question and of fetching its rows."""
    found = []
    for _ in range(ROUNDS):
        started = perf_counter()
        assert len(question()) == LOW
        found.append((perf_counter() - started) * 1000)
    return median(found)


def in_sql(sql: str) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_the_low_among_a_million_wallets() -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL)
        cursor.execute("VACUUM ANALYZE ledger_account")
    measured = {
        "`Account.objects.filter(is_low=True)`, primary keys": milliseconds(
            lambda: list(Account.objects.filter(is_low=True).values_list("pk", flat=True))
        ),
        "the same as models": milliseconds(lambda: list(Account.objects.filter(is_low=True))),
        "in SQL": milliseconds(lambda: in_sql("SELECT id FROM ledger_account WHERE is_low")),
        "in SQL, every wallet looked at": milliseconds(
            lambda: in_sql("SELECT id FROM ledger_account WHERE available <= low_mark")
        ),
    }
    record(
        "The low among a million wallets",
        f"{WALLETS:,} wallets, {LOW:,} at or below their mark; milliseconds until all {LOW:,} are here, median of {ROUNDS}.",
        ["question", "ms"],
        [[name, f"{ms:.2f}"] for name, ms in measured.items()],
    )
