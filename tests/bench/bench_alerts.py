"""Alerts of a million wallets: finding and claiming the thousand that have crossed."""

from statistics import median
from time import perf_counter

import pytest
from django.db import connection, transaction
from django.utils import timezone

from messaging.alerts import selectors, services
from messaging.alerts.models import Notice
from tests.bench.page import record

WALLETS = 1_000_000
CROSSED = 1_000
DORMANT = 100_000
ROUNDS = 11

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
    INSERT INTO alerts_balancealert (id, public_id, account_id, threshold_units, email_on, email, sms_on, number, armed,
                                     created_at)
    OVERRIDING SYSTEM VALUE
    SELECT n, gen_random_uuid(), n, 100000, true, 'desk@acme.example', false, '', true, now()
      FROM generate_series(1, {WALLETS}) n;
    SET session_replication_role = DEFAULT;
"""
CROSS = f"UPDATE ledger_account SET debits_posted = 900000 WHERE id % {WALLETS // CROSSED} = 7"
RECOVER = f"UPDATE ledger_account SET debits_posted = 0 WHERE id % {WALLETS // CROSSED} = 7"
# Wallets that have been empty for long, and whose alerts fired then.
SLEEP = f"""
    UPDATE ledger_account SET debits_posted = 1000000 WHERE id % {WALLETS // DORMANT} = 3;
    UPDATE alerts_balancealert SET armed = false, fired_at = now() WHERE id % {WALLETS // DORMANT} = 3;
"""


def sql(statements: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statements)


def vacuum() -> None:
    sql("VACUUM ANALYZE accounts_account, ledger_account, credits_wallet, alerts_balancealert, alerts_notice")


def sweep(prepare: str) -> tuple[str, str]:
    """The median times of finding, and of claiming with the notices written, in ms; each round is undone."""
    finding, claiming = [], []
    for _ in range(ROUNDS):
        with transaction.atomic():
            sql(prepare)
            now = timezone.now()
            started = perf_counter()
            found = selectors.crossings()
            then = perf_counter()
            notices = services.claim(crossings=found, now=now)
            claiming.append((perf_counter() - then) * 1000)
            finding.append((then - started) * 1000)
            assert len(found) == len(notices) == CROSSED
            transaction.set_rollback(True)
    return f"{median(finding):.1f}", f"{median(claiming):.1f}"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_over_a_million_wallets() -> None:
    sql(FILL)
    sql(CROSS)
    vacuum()
    rows = [["1,000 to fire", *sweep("SELECT 1")]]
    found = selectors.crossings()
    services.claim(crossings=found, now=timezone.now())
    vacuum()
    rows.append(["1,000 to clear", *sweep(RECOVER)])
    sql(RECOVER)
    services.claim(crossings=selectors.crossings(), now=timezone.now())
    sql(SLEEP)
    sql(CROSS)
    vacuum()
    rows.append([f"1,000 to fire, {DORMANT:,} more empty for long", *sweep("SELECT 1")])
    assert Notice.objects.count() == 2 * CROSSED
    record(
        "Alerts of a million wallets",
        f"{WALLETS:,} wallets with an alert each, {CROSSED:,} of them past their threshold: milliseconds to find them, and to"
        f" claim them and write the notices, all in one transaction; median of {ROUNDS}.",
        ["sweep", "find, ms", "claim and write, ms"],
        rows,
    )
