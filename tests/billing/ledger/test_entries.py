"""What a period comes to and what its pages hold, against adding everything up by hand."""

from datetime import datetime, timedelta
from itertools import combinations_with_replacement

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger import entries, services
from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.entries import Period, Sums
from billing.ledger.models import Account, Transfer
from billing.ledger.services import Cause, Line
from portal.accounts.models import Account as Customer

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pots(acme: Customer, globex: Customer, now: datetime) -> dict[AccountCode, Account]:
    """A wallet that was filled, spent from, given back to and held, several times within the same minute."""
    mine = services.open_accounts(owner_id=acme.pk, customer_id=acme.pk)
    other = services.open_accounts(owner_id=globex.pk, customer_id=globex.pk)
    wallet, usage, issue = (mine[code] for code in (AccountCode.WALLET, AccountCode.USAGE, AccountCode.ISSUE))

    def move(debit: Account, credit: Account, amount: int, minute: int) -> Transfer:
        cause = Cause(TransferCode.CORRECTION, f"move {Transfer.objects.count()}")
        return services.transfer(debit=debit, credit=credit, amount=amount, cause=cause, now=now + minute * MINUTE)

    # Somebody else's movements, which belong to no sum of ours.
    move(other[AccountCode.ISSUE], other[AccountCode.WALLET], 10**6, 0)
    move(issue, wallet, 1000, 0)
    move(issue, wallet, 500, 1)
    move(wallet, usage, 70, 1)
    move(usage, wallet, 20, 1)
    move(other[AccountCode.WALLET], other[AccountCode.USAGE], 31, 2)
    for number, (minute, spent) in enumerate([(2, 60), (2, 0), (4, 100)]):
        at = now + minute * MINUTE
        hold = services.hold(
            debit=wallet, credit=usage, amount=100, cause=Cause(TransferCode.CAMPAIGN, f"hold {number}"), now=at
        )
        cause = Cause(TransferCode.CAMPAIGN, f"end {number}")
        if spent:
            services.post(hold=hold, amount=spent, cause=cause, now=at + (minute == 4) * MINUTE)
        else:
            services.void(hold=hold, cause=cause, now=at)
    back = services.hold(debit=usage, credit=wallet, amount=30, cause=Cause(TransferCode.REVERSAL, "back"), now=now)
    services.post(hold=back, amount=30, cause=Cause(TransferCode.REVERSAL, "came back"), now=now + 5 * MINUTE)
    lines = [Line(wallet.pk, usage.pk, amount) for amount in (3, 4, 5)]
    services.post_batch(lines=lines, cause=Cause(TransferCode.CALL, "batch"), now=now + 6 * MINUTE)
    move(wallet, usage, 11, 8)
    return mine


def added_up(account: Account, period: Period) -> Sums:
    opening = added = taken = 0
    for transfer in Transfer.objects.filter(phase__in=[Phase.SINGLE, Phase.POST]).order_by("pk"):
        sign = (transfer.credit_account_id == account.pk) - (transfer.debit_account_id == account.pk)
        change = sign * transfer.amount
        if period.start and transfer.created_at < period.start:
            opening += change
        elif period.end is None or transfer.created_at < period.end:
            added += max(change, 0)
            taken += min(change, 0)
    return Sums(opening, added, taken)


def test_every_period_of_every_account_adds_up(pots: dict[AccountCode, Account], now: datetime) -> None:
    moments = [now + minute * MINUTE for minute in range(-1, 10)]
    periods = [Period(start, end) for start, end in combinations_with_replacement(moments, 2)]
    periods += [Period(moment, None) for moment in moments] + [Period(None, moment) for moment in moments] + [Period()]
    for account in pots.values():
        for period in periods:
            assert entries.sums(account, period) == added_up(account, period), (account, period)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 100])
def test_pages_hold_each_entry_of_a_period_once_in_order(
    pots: dict[AccountCode, Account], now: datetime, limit: int
) -> None:
    wallet = pots[AccountCode.WALLET]
    for period in (
        Period(),
        Period(now + MINUTE, now + 6 * MINUTE),
        Period(now + 2 * MINUTE),
        Period(None, now + MINUTE),
    ):
        mine = [
            transfer.pk
            for transfer in Transfer.objects.filter(phase__in=[Phase.SINGLE, Phase.POST]).order_by("created_at", "pk")
            if wallet.pk in {transfer.debit_account_id, transfer.credit_account_id}
            and (period.start is None or transfer.created_at >= period.start)
            and (period.end is None or transfer.created_at < period.end)
        ]
        assert entries.count(wallet, period) == len(mine)
        assert [entry.pk for entry in entries.walk(wallet, period)] == mine
        forward: list[int] = []
        while page := entries.newer(wallet, period, limit, than=forward[-1] if forward else None):
            assert len(page) <= limit
            forward += [entry.pk for entry in page]
        assert forward == mine
        back: list[int] = []
        while page := entries.older(wallet, period, limit, than=back[-1] if back else None):
            assert len(page) <= limit
            back += [entry.pk for entry in page]
        assert back == mine[::-1]


def test_all_entries_are_read_a_chunk_at_a_time(pots: dict[AccountCode, Account]) -> None:
    with CaptureQueriesContext(connection) as asked:
        next(entries.walk(pots[AccountCode.WALLET], Period()))
    [keys, rows] = (query["sql"] for query in asked)
    assert keys.endswith(f"LIMIT {entries.CHUNK}")
    assert '"ledger_transfer"."id" IN (' in rows


@pytest.mark.parametrize("without", [[], [TransferCode.CORRECTION]], ids=["all", "some"])
def test_the_course_of_a_period_is_every_entry_in_order(
    pots: dict[AccountCode, Account], now: datetime, without: list[TransferCode]
) -> None:
    wallet, between = pots[AccountCode.WALLET], now + 8 * MINUTE + timedelta(microseconds=1_500)
    cause = Cause(TransferCode.PROMOTION, "between two milliseconds")
    services.transfer(debit=pots[AccountCode.ISSUE], credit=wallet, amount=1, cause=cause, now=between)
    for first, last in ((-1, 9), (0, 5), (1, 8), (2, 2), (20, 30)):
        start, end = now + first * MINUTE, now + last * MINUTE
        kept = [entry for entry in entries.walk(wallet, Period(start, end)) if entry.code not in without]
        moments = [int(entry.created_at.timestamp() * 1000) for entry in kept]
        units = [entry.amount if entry.credit_account_id == wallet.pk else -entry.amount for entry in kept]
        found, came = entries.course(wallet, start, end, without=without)
        assert (found, list(came)) == (moments, units)
