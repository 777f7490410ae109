"""Replaying 60 days of 100,000 uses: pytest -s -o python_files='bench_*.py' tests/bench/bench_replay.py."""

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone

from billing.auto_recharge import past_brakes, replaying
from billing.auto_recharge.braking import Brakes
from billing.auto_recharge.models import QUANTITIES, Policy
from billing.auto_recharge.replaying import Wish
from billing.credits import services as credits
from portal.accounts.models import Account
from tests.bench.page import record

ENTRIES = 100_000
ROUNDS = 11
UNITS = 10_000

# Straight into the table: uses of 0.7 to 3.5 credits, spread evenly over the 60 days.
FILL = """
    INSERT INTO ledger_transfer (debit_account_id, credit_account_id, amount, code, phase, reference, sequence, subject,
                                 debit_balance, credit_balance, created_at)
    SELECT %(wallet)s, %(usage)s, 7000 * (1 + n %% 5), 'campaign', 'single', 'bench:' || n, 0, '', 0, 0,
           %(now)s::timestamptz - interval '60 days' + (n + 1) * interval '60 days' / (%(entries)s + 1)
      FROM generate_series(0, %(entries)s - 1) AS n
"""


def milliseconds(call: Callable[[], object]) -> float:
    found = []
    for _ in range(ROUNDS):
        started = perf_counter()
        call()
        found.append((perf_counter() - started) * 1000)
    return median(found)


@pytest.mark.django_db
def test_sixty_days_are_replayed(acme: Account, prices: None) -> None:
    now = timezone.now()
    acme.created_at = now - timedelta(days=400)
    wallet = credits.open_wallet(account=acme)
    ids: dict[str, Any] = {
        "wallet": wallet.ledger_account_id,
        "usage": wallet.usage_account_id,
        "now": now,
        "entries": ENTRIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, ids)
        cursor.execute("ANALYZE ledger_transfer")
    past = replaying.past(acme, now)
    assert len(past.moments) == ENTRIES
    price, zone, rules = replaying.prices(acme, now), ZoneInfo("Europe/Rome"), Policy(valid_from=now)
    brakes = past_brakes.brakes(acme, None, rules, past, price)

    def loosened(brakes: Brakes) -> Brakes:
        return replace(brakes, day_cap=10**9, month_cap=10**9, apart=0, pace_factor=10_000)

    many = Wish(500 * UNITS, 100 * UNITS, 0, 4)
    slow = Wish(500 * UNITS, 1_000 * UNITS, 5, 10)

    def whole(wish: Wish, loosen: Callable[[Brakes], Brakes] = lambda brakes: brakes) -> None:
        past = replaying.past(acme, now)
        found = loosen(past_brakes.brakes(acme, None, rules, past, price))
        made = replaying.outcome(past, wish.terms, price, found)
        replaying.points(past, made.made, zone)

    load = os.getloadavg()[0]
    record(
        "Replaying 60 days",
        f"A wallet with {ENTRIES:,} uses in 60 days: reading them, what held back, replaying one pair, and the chart's 60 "
        f"days; and the pair that is recommended, which tries up to 84. Milliseconds, median of {ROUNDS}; load {load:.1f} on 2 cores.",
        ["what", "ms"],
        [
            [name, f"{milliseconds(call):.0f}"]
            for name, call in (
                ("reading alone", lambda: replaying.past(acme, now)),
                ("what held back: limits, pauses, use", lambda: past_brakes.brakes(acme, None, rules, past, price)),
                ("the replay, held back by limits and questions", lambda: whole(many)),
                (
                    "the replay, 2,100 recharges that nothing holds back",
                    lambda: whole(many, loosened),
                ),
                ("the replay, recharges that take five days", lambda: whole(slow)),
                (
                    "the recommendation, at most 4 recharges a month",
                    lambda: replaying.recommendation(past, QUANTITIES, many, brakes),
                ),
                (
                    "the same where nothing holds back",
                    lambda: replaying.recommendation(past, QUANTITIES, many, loosened(brakes)),
                ),
                (
                    "the recommendation, five days, at most 10",
                    lambda: replaying.recommendation(past, QUANTITIES, slow, brakes),
                ),
            )
        ],
    )
