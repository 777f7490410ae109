"""Many wallets walk at random around their thresholds; every crossing that a sweep sees is told once.

`make test` walks a few; `SALDO_WALLETS=10000` walks as many as the figures in docs/reliability.md are of.
"""

import os
import random
from collections import defaultdict
from datetime import datetime, timedelta

import pytest
from django.db import connection

from billing.credits.models import Wallet
from billing.ledger.codes import AccountCode
from billing.ledger.models import Account as LedgerAccount
from messaging.alerts import selectors, services
from messaging.alerts.codes import Kind
from messaging.alerts.models import BalanceAlert, Notice
from portal.accounts.models import Account

WALLETS = int(os.environ.get("SALDO_WALLETS", "60"))
STEPS = 20
THRESHOLD = 1_000
FULL = 1_000_000
CODES = (AccountCode.WALLET, AccountCode.ISSUE, AccountCode.USAGE, AccountCode.EXPIRY)


@pytest.fixture
def alerts(db: None, now: datetime) -> list[BalanceAlert]:
    """One alert at 1,000 units on each wallet; written in bulk, with the marks that `watch` would have set."""
    accounts = Account.objects.bulk_create([Account(name=f"Walker {number}") for number in range(WALLETS)])
    pots = [
        LedgerAccount(
            code=code,
            owner=account,
            customer=account,
            credits_posted=FULL if code == AccountCode.WALLET else 0,
            low_mark=THRESHOLD if code == AccountCode.WALLET else None,
        )
        for account in accounts
        for code in CODES
    ]
    LedgerAccount.objects.bulk_create(pots)
    Wallet.objects.bulk_create(
        Wallet(
            account=account,
            ledger_account=pots[4 * place],
            issue_account=pots[4 * place + 1],
            usage_account=pots[4 * place + 2],
            expiry_account=pots[4 * place + 3],
        )
        for place, account in enumerate(accounts)
    )
    given = {"threshold_units": THRESHOLD, "email": "desk@acme.example", "created_at": now}
    return BalanceAlert.objects.bulk_create([BalanceAlert(account=account, **given) for account in accounts])


def stand_at(balances: dict[int, int]) -> None:
    """Let each account's wallet have these units to spend, however it came there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_account SET debits_posted = %s - balance"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS walked (owner, balance) WHERE owner_id = owner AND code = 'wallet'",
            [FULL, list(balances), list(balances.values())],
        )


def test_every_crossing_a_sweep_sees_is_told_once_and_every_alarm_has_its_all_clear(
    alerts: list[BalanceAlert], now: datetime
) -> None:
    dice = random.Random(5)
    balances = {alert.account_id: THRESHOLD + dice.randint(1, 300) for alert in alerts}
    is_off = {alert.account_id for alert in alerts if alert.pk % 10 == 0}
    BalanceAlert.objects.filter(account__in=is_off).update(email_on=False)
    expected: dict[int, list[str]] = defaultdict(list)
    for step in range(STEPS):
        balances = {account_id: max(0, units + dice.randint(-200, 200)) for account_id, units in balances.items()}
        for account_id, units in balances.items():
            told = expected[account_id]
            is_armed = not told or told[-1] == Kind.CLEARED
            if account_id not in is_off and is_armed == (units <= THRESHOLD):
                told.append(Kind.FIRED if is_armed else Kind.CLEARED)
        stand_at(balances)
        then = now + timedelta(days=step, hours=-3 if step % 7 == 3 else 0)  # now and then the clock jumps back
        for _ in range(2):
            services.claim(crossings=selectors.crossings(), now=then)
    told_of: dict[int, list[str]] = defaultdict(list)
    for account_id, kind in Notice.objects.order_by("pk").values_list("alert__account", "kind"):
        told_of[account_id].append(kind)
    assert told_of == {account_id: told for account_id, told in expected.items() if told}
    assert sum(map(len, told_of.values())) > WALLETS
