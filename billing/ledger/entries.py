"""The entries of one account in the order of time: what a period comes to, and any page of it.

On an account time never runs backwards, so `(created_at, id)` is the order in which its entries were written, and the
balance written on the last entry before a moment is the balance at that moment: nothing is added up from the
beginning. An entry is the debit or the credit side of a transfer, and each side has its index; so both sides are asked
and their answers merged, which costs the same at any depth.
"""

import sys
from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db import connection
from django.db.models import Q, QuerySet

from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.models import Account, Transfer

MOVED: Final = (Phase.SINGLE, Phase.POST)
"""The phases that change a posted balance; holds and what gives them back do not."""

CHUNK: Final = 1_000
"""Entries that `walk` fetches at once."""

SIDES: Final = ("debit_account", "credit_account")


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`; None is without a limit."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sums:
    """A period in units: the balance before it, what came in (≥ 0), what went out (≤ 0)."""

    opening: int
    added: int
    taken: int

    @property
    def closing(self) -> int:
        """The balance at the end of the period."""
        return self.opening + self.added + self.taken


# One statement, so that all three numbers are of one moment. Only the side is added up on which little happens: a
# wallet is filled rarely and used often, the pots opposite it the other way round. The other sum is what is missing.
PERIOD: Final = """
    WITH balance AS (
        SELECT coalesce((
            SELECT entry.balance FROM (
                (SELECT created_at, id, debit_balance AS balance FROM ledger_transfer
                  WHERE debit_account_id = %(pot)s AND created_at < %(start)s::timestamptz
                  ORDER BY created_at DESC, id DESC LIMIT 1)
                UNION ALL
                (SELECT created_at, id, credit_balance FROM ledger_transfer
                  WHERE credit_account_id = %(pot)s AND created_at < %(start)s::timestamptz
                  ORDER BY created_at DESC, id DESC LIMIT 1)
            ) entry ORDER BY entry.created_at DESC, entry.id DESC LIMIT 1), 0) AS opening,
        coalesce((
            SELECT entry.balance FROM (
                (SELECT created_at, id, debit_balance AS balance FROM ledger_transfer
                  WHERE debit_account_id = %(pot)s AND created_at < %(end)s::timestamptz
                  ORDER BY created_at DESC, id DESC LIMIT 1)
                UNION ALL
                (SELECT created_at, id, credit_balance FROM ledger_transfer
                  WHERE credit_account_id = %(pot)s AND created_at < %(end)s::timestamptz
                  ORDER BY created_at DESC, id DESC LIMIT 1)
            ) entry ORDER BY entry.created_at DESC, entry.id DESC LIMIT 1), 0) AS closing
    )
    SELECT opening, CASE WHEN %(is_wallet)s
        THEN coalesce((
            SELECT sum(amount) FROM ledger_transfer
             WHERE credit_account_id = %(pot)s AND phase IN ('single', 'post')
               AND created_at >= %(start)s::timestamptz AND created_at < %(end)s::timestamptz), 0)
        ELSE closing - opening + coalesce((
            SELECT sum(amount) FROM ledger_transfer
             WHERE debit_account_id = %(pot)s AND phase IN ('single', 'post')
               AND created_at >= %(start)s::timestamptz AND created_at < %(end)s::timestamptz), 0)
        END AS added, closing
      FROM balance
"""


def sums(account: Account, period: Period) -> Sums:
    """What `period` comes to on `account`. Without limits its counters say so; they are read anew."""
    if period == Period():
        received, spent = Account.objects.values_list("credits_posted", "debits_posted").get(pk=account.pk)
        return Sums(0, received, -spent)
    parameters = {
        "pot": account.pk,
        "start": period.start or "-infinity",
        "end": period.end or "infinity",
        "is_wallet": account.code == AccountCode.WALLET,
    }
    with connection.cursor() as cursor:
        cursor.execute(PERIOD, parameters)
        opening, added, closing = (int(units) for units in cursor.fetchone())
    return Sums(opening, added, closing - opening - added)


def older(account: Account, period: Period, limit: int, *, than: int | None = None) -> list[Transfer]:
    """The newest `limit` entries of `period`, newest first; only those older than the transfer `than` (its key)."""
    return _fetch(_merged(account, period, limit, _beyond("lt", than), "-"))


def newer(account: Account, period: Period, limit: int, *, than: int | None = None) -> list[Transfer]:
    """The oldest `limit` entries of `period`, oldest first; only those newer than the transfer `than` (its key)."""
    return _fetch(_merged(account, period, limit, _beyond("gt", than), ""))


def count(account: Account, period: Period) -> int:
    """How many entries `period` has."""
    side = Q(debit_account=account.pk) | Q(credit_account=account.pk)
    return Transfer.objects.filter(side, _within(period), phase__in=MOVED).count()


def walk(account: Account, period: Period) -> Iterator[Transfer]:
    """Every entry of `period`, oldest first, a chunk at a time and without a transaction.

    What is written on an account comes after everything it had, so a period that has ended is read as it was.
    """
    than: int | None = None
    while chunk := newer(account, period, CHUNK, than=than):
        yield from chunk
        than = chunk[-1].pk


# Numbers as PostgreSQL keeps them, packed into one string each: a hundred thousand rows as Python objects, or moments
# turned into numbers by SQL, take longer than everything that is done with them.
COURSE: Final = """
    SELECT string_agg(timestamptz_send(created_at), ''), string_agg(int8send(units), '') FROM (
        SELECT created_at, units FROM (
            SELECT created_at, id, -amount AS units FROM ledger_transfer
             WHERE debit_account_id = %(pot)s AND phase IN ('single', 'post') AND code <> ALL (%(without)s)
               AND created_at >= %(start)s AND created_at < %(end)s
            UNION ALL
            SELECT created_at, id, amount FROM ledger_transfer
             WHERE credit_account_id = %(pot)s AND phase IN ('single', 'post') AND code <> ALL (%(without)s)
               AND created_at >= %(start)s AND created_at < %(end)s
        ) side ORDER BY created_at, id
    ) entry
"""

MILLENNIUM_MS: Final = 946_684_800_000
"""The beginning of 2000 in UTC, from which PostgreSQL counts microseconds, in milliseconds since 1970."""


def course(
    account: Account, start: datetime, end: datetime, *, without: Collection[TransferCode]
) -> tuple[list[int], Sequence[int]]:
    """Every entry of a period, oldest first: when (milliseconds since 1970), and how many units came (above zero) or went
    (below); transfers made for the reasons `without` are left out."""
    parameters = {"pot": account.pk, "start": start, "end": end, "without": [code.value for code in without]}
    connection.ensure_connection()
    with psycopg.Cursor(connection.connection) as cursor:
        moments, units = cursor.execute(COURSE, parameters, binary=True).fetchone() or (None, None)
    return [moment // 1_000 + MILLENNIUM_MS for moment in _numbers(moments)], _numbers(units)


def _numbers(packed: bytes | None) -> "array[int]":
    """The whole numbers of eight bytes that PostgreSQL sent one behind the other, the highest byte first."""
    numbers = array("q", packed or b"")
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def _merged(account: Account, period: Period, limit: int, beyond: Q, sign: str) -> Sequence[int]:
    order = (f"{sign}created_at", f"{sign}pk")
    debits, credits = (
        Transfer.objects.filter(_within(period), beyond, phase__in=MOVED, **{side: account.pk})
        .order_by(*order)
        .values_list("created_at", "pk")[:limit]
        for side in SIDES
    )
    merged: QuerySet[Transfer, Any] = debits.union(credits, all=True).order_by(*order)[:limit]
    return [pk for _, pk in merged]


def _beyond(step: str, than: int | None) -> Q:
    """Past the transfer `than`. The moment is what the index needs, the key settles entries of the same moment."""
    if than is None:
        return Q()
    moment = Transfer.objects.filter(pk=than).values("created_at")
    return Q(**{f"created_at__{step}e": moment, f"pk__{step}": than})


def _within(period: Period) -> Q:
    inside = Q()
    if period.start:
        inside &= Q(created_at__gte=period.start)
    if period.end:
        inside &= Q(created_at__lt=period.end)
    return inside


def _fetch(keys: Sequence[int]) -> list[Transfer]:
    """The transfers with these keys, in this order, with whose they are and who made them."""
    found = Transfer.objects.select_related("actor", "debit_account__owner", "credit_account__owner").in_bulk(keys)
    return [found[key] for key in keys]
