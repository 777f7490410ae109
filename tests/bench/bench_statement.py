"""Pages of a statement at every depth, from PostgreSQL's own clock: pytest -s -o python_files='bench_*.py' tests/bench.

A wallet of 100,000 entries among as many of others. Each number is the median over the rounds of the milliseconds that
all statements of SQL of one call took together.
"""

from collections.abc import Callable
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any

import pytest
from django.db import connection

from billing.credits import selectors, statement
from billing.credits import services as credits
from billing.credits.statement import Book
from billing.ledger import entries
from billing.ledger.entries import Period
from billing.ledger.models import Transfer
from portal.accounts.models import Account
from tests.bench.page import record
from tests.conftest import Grant

ENTRIES = 100_000
ROUNDS = 41
MINUTE = timedelta(minutes=1)

# Straight into the table, because a hundred thousand movements one by one are not what is measured here: a purchase
# of 99 credits, then 99 times one credit spent, one a minute.
FILL = """
    INSERT INTO ledger_transfer (debit_account_id, credit_account_id, amount, code, phase, reference, subject,
                                 debit_balance, credit_balance, created_at)
    SELECT CASE WHEN n %% 100 = 0 THEN %(issue)s ELSE %(wallet)s END,
           CASE WHEN n %% 100 = 0 THEN %(wallet)s ELSE %(usage)s END,
           CASE WHEN n %% 100 = 0 THEN 990000 ELSE 10000 END,
           CASE WHEN n %% 100 = 0 THEN 'purchase' ELSE 'campaign' END, 'single', 'bench:' || %(wallet)s || ':' || n, '',
           CASE WHEN n %% 100 = 0 THEN 0 ELSE 990000 - (n %% 100) * 10000 END,
           CASE WHEN n %% 100 = 0 THEN 990000 ELSE 0 END,
           %(start)s::timestamptz + n * interval '1 minute'
      FROM generate_series(0, %(entries)s - 1) AS n
"""


def database_ms(call: Callable[[], Any]) -> float:
    """The median time that the statements of `call` take, the way to PostgreSQL and back included."""
    rounds = []
    for _ in range(ROUNDS):
        spent = 0.0

        def timed(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
            nonlocal spent
            started = perf_counter()
            try:
                return execute(sql, parameters, many, context)
            finally:
                spent += perf_counter() - started

        with connection.execute_wrapper(timed):
            call()
        rounds.append(spent * 1000)
    return median(rounds)


@pytest.fixture
def long_book(acme: Account, globex: Account, grant: Grant, now: Any) -> Book:
    for account in (acme, globex):
        wallet = credits.open_wallet(account=account)
        ids = {"wallet": wallet.ledger_account_id, "issue": wallet.issue_account_id, "usage": wallet.usage_account_id}
        with connection.cursor() as cursor:
            cursor.execute(FILL, {**ids, "start": now, "entries": ENTRIES})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ledger_transfer")
    return statement.books(acme)[0]


def test_a_page_costs_the_same_at_any_depth(long_book: Book, acme: Account, now: Any) -> None:
    keys = list(Transfer.objects.filter(debit_account=long_book.pot).order_by("pk").values_list("pk", flat=True))
    middle = Period(now + 50_000 * MINUTE, now + 60_000 * MINUTE)
    month = Period(now, now + 30 * 1440 * MINUTE)
    measured = {
        "balance": lambda: selectors.balance(acme),
        "first page": lambda: statement.page(long_book, Period()),
        "page in the middle": lambda: statement.page(long_book, Period(), before=keys[len(keys) // 2]),
        "last page": lambda: statement.page(long_book, Period(), before=keys[60]),
        "page back from the end": lambda: statement.page(long_book, Period(), after=keys[60]),
        "first page of a period": lambda: statement.page(long_book, middle),
        "opening and closing, unlimited": lambda: entries.sums(long_book.pot, Period()),  # type: ignore[arg-type]
        "opening and closing of a week": lambda: statement.sums(long_book, middle),
        "opening and closing of a month": lambda: statement.sums(long_book, month),
    }
    record(
        "The statement of a wallet",
        f"{ENTRIES:,} entries; milliseconds spent in the database, the way there and back included, median of {ROUNDS}.",
        ["question", "ms"],
        [[name, f"{database_ms(call):.2f}"] for name, call in measured.items()],
    )
