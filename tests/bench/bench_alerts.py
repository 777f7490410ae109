"""Alerts of a million wallets: finding and claiming the thousand that have crossed."""

from collections.abc import Callable
from statistics import median
from time import perf_counter

import pytest
from django.db import connection, transaction
from django.utils import timezone

from messaging.alerts import selectors, services, telling
from messaging.alerts.models import Notice
from tests.bench.page import record

WALLETS = 1_000_000
CROSSED = 1_000
DORMANT = 100_000
ROUNDS = 11

Find = Callable[[], list[selectors.Crossing]]

# Straight into the tables: a million wallets of 100 credits, each with an alert at 10. The other accounts of a wallet in the
# ledger play no part here and are named without being there.
FILL = f"""
    SET session_replication_role = replica;
    INSERT INTO accounts_account (id, public_id, name, language, time_zone, is_operator, created_at)
    SELECT n, gen_random_uuid(), 'Customer ' || n, 'it', 'Europe/Rome', false, now() FROM generate_series(1, {WALLETS}) n;
    INSERT INTO ledger_account (id, code, owner_id, customer_id, may_overdraw, debits_pending, debits_posted,
                                credits_pending, credits_posted, low_mark)
    OVERRIDING SYSTEM VALUE
    SELECT n, 'wallet', n, n, false, 0, 0, 0, 1000000, 100000 FROM generate_series(1, {WALLETS}) n;
    INSERT INTO credits_wallet (id, public_id, account_id, ledger_account_id, issue_account_id, usage_account_id,
                                expiry_account_id)
    OVERRIDING SYSTEM VALUE
    SELECT n, gen_random_uuid(), n, n, 10000000 + n, 20000000 + n, 30000000 + n FROM generate_series(1, {WALLETS}) n;
    INSERT INTO credits_watch (wallet_id, watcher, level_units)
    SELECT n, 'alerts', 100000 FROM generate_series(1, {WALLETS}) n;
    INSERT INTO alerts_balancealert (id, public_id, account_id, threshold_units, email_on, email, sms_on, number, armed,
                                     created_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, gen_random_uuid(), n, 100000, true, 'desk@acme.example', false, '', true, now()
      FROM generate_series(1, {WALLETS}) n;
    SET session_replication_role = DEFAULT;
"""
CROSS = f"UPDATE ledger_account SET debits_posted = 900000 WHERE id % {WALLETS // CROSSED} = 7"
RECOVER = f"UPDATE ledger_account SET debits_posted = 0 WHERE id % {WALLETS // CROSSED} = 7"
# Wallets that have been empty for long, whose alerts fired then; their marks wait for the all-clear.
SLEEP = f"""
    UPDATE ledger_account SET debits_posted = 1000000, low_mark = NULL, high_mark = 100000
     WHERE id % {WALLETS // DORMANT} = 3;
    UPDATE credits_watch SET level_units = NULL, above_units = 100000 WHERE wallet_id % {WALLETS // DORMANT} = 3;
    UPDATE alerts_balancealert SET armed = false, fired_at = now() WHERE id % {WALLETS // DORMANT} = 3;
"""


def sql(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def vacuum() -> None:
    sql(
        "VACUUM ANALYZE accounts_account, ledger_account, credits_wallet, credits_watch, alerts_balancealert, alerts_notice"
    )


def sweep(find: Find) -> list[str]:
    """The median times of finding, of claiming with the notices written, and of both, in ms; the best of both, and the
    median of a whole sweep with the marks.
    """
    times: dict[str, list[float]] = {"find": [], "claim": [], "both": [], "sweep": []}
    for _ in range(ROUNDS):
        with transaction.atomic():
            now = timezone.now()
            started = perf_counter()
            found = find()
            then = perf_counter()
            notices = telling.claim(found, now)
            sql("SET CONSTRAINTS ALL IMMEDIATE")  # what the commit would check
            claimed = perf_counter()
            assert len(found) == len(notices) == CROSSED
            transaction.set_rollback(True)
        with transaction.atomic():
            begun = perf_counter()
            services.claim(crossings=find(), now=now)
            swept = perf_counter()
            transaction.set_rollback(True)
        took = (then - started, claimed - then, claimed - started, swept - begun)
        for name, seconds in zip(times, took, strict=True):
            times[name].append(seconds * 1000)
    whole = median(times.pop("sweep"))
    shown = [*map(median, times.values()), min(times["both"]), whole]
    return [f"{milliseconds:.1f}" for milliseconds in shown]


@pytest.mark.django_db(transaction=True)
def test_a_sweep_over_a_million_wallets() -> None:
    sql(FILL)
    sql(CROSS)
    vacuum()
    rows = [["1,000 to fire", *sweep(selectors.fallen)]]
    services.claim(crossings=selectors.fallen(), now=timezone.now())
    sql(RECOVER)
    vacuum()
    rows.append(["1,000 to clear", *sweep(selectors.recovered)])
    sql(SLEEP)
    vacuum()
    rows.append([f"1,000 to clear, {DORMANT:,} more empty for long", *sweep(selectors.recovered)])
    services.claim(crossings=selectors.recovered(), now=timezone.now())
    sql(CROSS)
    vacuum()
    rows.append([f"1,000 to fire, {DORMANT:,} more empty for long", *sweep(selectors.fallen)])
    assert Notice.objects.count() == 2 * CROSSED
    record(
        "Alerts of a million wallets",
        f"{WALLETS:,} wallets with an alert each, {CROSSED:,} of them past their threshold: milliseconds to find them, and to"
        f" claim them and write the notices with all that the commit checks, in one transaction; median of {ROUNDS}. The"
        " whole sweep sets the marks of the wallets too, a hundred at a time: after all alarms have been claimed, but with"
        " each hundred all-clears.",
        [
            "sweep",
            "find, ms",
            "claim and write, ms",
            "find and claim, ms",
            "best find and claim, ms",
            "whole sweep, ms",
        ],
        rows,
    )
