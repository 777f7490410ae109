"""What the operator earned: each unit that is used was sold at the price of the lot that paid for it.

Money is exact: units times the price of a credit, in `Decimal` cents without VAT, rounded by whoever shows it. What
was sold is earned when it is used, lost to the customer when it expires, or taken back; the rest is deferred: owed in
messages. Moving credits between wallets takes them from one lot and puts them into another at the same price.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

from billing.ledger.entries import Period


@dataclass(frozen=True, slots=True)
class Revenue:
    """A period in one currency, in exact cents: what was deferred before it, what happened in it, what is after it."""

    currency: str
    before: Decimal
    sold: Decimal
    earned: Decimal
    expired: Decimal
    taken_back: Decimal

    @property
    def deferred(self) -> Decimal:
        """What customers have paid for and not had at the end of the period."""
        return self.before + self.sold - self.earned - self.expired - self.taken_back


# Lots come and draws go at the moment of their transfer. A hold only earmarks; it takes nothing. A move takes from one
# lot and brings another, so its two sides cancel each other: neither is told apart here, both count for `before`.
FLOWS: Final = """
    WITH flow AS (
        SELECT lot.currency, t.created_at, lot.granted * lot.unit_price_cents AS value,
               CASE WHEN source.code = 'wallet' THEN 'moved' ELSE 'sold' END AS what
          FROM credits_creditlot lot
          JOIN ledger_transfer t ON t.id = lot.transfer_id
          JOIN ledger_account source ON source.id = t.debit_account_id
        UNION ALL
        SELECT lot.currency, t.created_at, -draw.amount * lot.unit_price_cents,
               CASE target.code WHEN 'usage' THEN 'earned' WHEN 'expiry' THEN 'expired' WHEN 'issue' THEN 'taken_back'
                                ELSE 'moved' END
          FROM credits_lotdraw draw
          JOIN credits_creditlot lot ON lot.id = draw.lot_id
          JOIN ledger_transfer t ON t.id = draw.transfer_id AND t.phase <> 'hold'
          JOIN ledger_account target ON target.id = t.credit_account_id
    )
    SELECT currency,
           coalesce(sum(value) FILTER (WHERE created_at < %(start)s::timestamptz), 0),
           coalesce(sum(value) FILTER (WHERE what = 'sold' AND created_at >= %(start)s::timestamptz), 0),
           coalesce(-sum(value) FILTER (WHERE what = 'earned' AND created_at >= %(start)s::timestamptz), 0),
           coalesce(-sum(value) FILTER (WHERE what = 'expired' AND created_at >= %(start)s::timestamptz), 0),
           coalesce(-sum(value) FILTER (WHERE what = 'taken_back' AND created_at >= %(start)s::timestamptz), 0)
      FROM flow WHERE created_at < %(end)s::timestamptz
     GROUP BY currency ORDER BY currency
"""

# The same from the other side: what lies in the lots now.
DEFERRED: Final = """
    SELECT currency, sum(remaining * unit_price_cents) FROM credits_creditlot WHERE remaining > 0
     GROUP BY currency ORDER BY currency
"""


def revenue(period: Period) -> list[Revenue]:
    """What all customers' credits came to in `period`, one row for each currency."""
    parameters = {"start": period.start or "-infinity", "end": period.end or "infinity"}
    with connection.cursor() as cursor:
        cursor.execute(FLOWS, parameters)
        return [Revenue(currency, *_cents(sums)) for currency, *sums in cursor.fetchall()]


def deferred() -> dict[str, Decimal]:
    """What lies in the lots now at their price, by currency, in exact cents."""
    with connection.cursor() as cursor:
        cursor.execute(DEFERRED)
        return {currency: amount for currency, cents in cursor.fetchall() for amount in _cents([cents])}


def _cents(values: Iterable[Decimal]) -> list[Decimal]:
    """Units times the price of a credit are ten thousand times the cents."""
    return [value.scaleb(-4) for value in values]
