"""Which lot pays, and what a new lot carries. Called under the wallet's row lock, and from this room alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.db import connection

from billing.credits.models import CreditLot, LotDraw, Origin, Wallet
from billing.ledger.models import Transfer

Share = tuple[CreditLot, int]

# Written out: at every movement the ORM would write a CASE for each lot and column.
WRITE = """
    UPDATE credits_creditlot lot SET held = new.held, remaining = new.remaining
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS new (id, held, remaining)
     WHERE lot.id = new.id
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a lot carries wherever it goes: its price without VAT, when it expires, and, lent, when it goes back where."""

    unit_price_cents: Decimal = Decimal(0)
    currency: str = "EUR"
    expires_at: datetime | None = None
    returns_at: datetime | None = None
    returns_to: Wallet | None = None


def terms_in(lot: CreditLot, wallet: Wallet) -> Terms:
    """The terms `lot` has when it comes into `wallet`: a loan that comes home is none any more."""
    if lot.returns_to_id == wallet.pk:
        return Terms(lot.unit_price_cents, lot.currency, lot.expires_at)
    return Terms(lot.unit_price_cents, lot.currency, lot.expires_at, lot.returns_at, lot.returns_to)


def lent(lot: CreditLot, lender: Wallet, borrower: Wallet, returns_at: datetime) -> Terms:
    """The terms of `lot` when `lender` lends it to `borrower`; what is itself on loan keeps to the first loan."""
    if lot.returns_to_id is not None:
        return terms_in(lot, borrower)
    return Terms(lot.unit_price_cents, lot.currency, lot.expires_at, returns_at, lender)


def on_arrival(
    shares: Iterable[Share], source: Wallet, target: Wallet, returns_at: datetime | None
) -> Iterator[tuple[Terms, int]]:
    """What `shares` become in `target`, in the order they are used; with `returns_at` they are lent until then.

    Neighbours on the same terms come as one: credits that go back and forth would else lie in ever more lots.
    """
    arriving = (
        (lent(lot, source, target, returns_at) if returns_at else terms_in(lot, target), share) for lot, share in shares
    )
    for terms, alike in groupby(arriving, key=itemgetter(0)):
        yield terms, sum(share for _, share in alike)


def add(wallet: Wallet, transfer: Transfer, origin: Origin, amount: int, terms: Terms, now: datetime) -> CreditLot:
    """Make a lot of the `amount` units that `transfer` brought into `wallet`."""
    return CreditLot.objects.create(
        wallet=wallet,
        transfer=transfer,
        origin=origin,
        granted=amount,
        remaining=amount,
        unit_price_cents=terms.unit_price_cents,
        currency=terms.currency,
        expires_at=terms.expires_at,
        returns_at=terms.returns_at,
        returns_to=terms.returns_to,
        created_at=now,
    )


def choose(wallet: Wallet, amount: int, now: datetime) -> list[Share]:
    """Return which spendable lots give `amount` units together, what ends first first.

    The ledger has agreed to the amount before, and the lots of a wallet add up to its balance, so a rest that no lot
    covers is a broken book, not a poor customer.
    """
    shares = []
    for lot in CreditLot.objects.filter(wallet=wallet).spendable(now):
        share = min(amount, lot.remaining - lot.held)
        shares.append((lot, share))
        amount -= share
        if amount == 0:
            return shares
    raise AssertionError(f"the lots of wallet {wallet.pk} lack {amount} units")


def earmarked(hold: Transfer) -> list[Share]:
    """Return the lots that `hold` has earmarked, in the order they are used."""
    draws = LotDraw.objects.filter(transfer=hold).select_related("lot").order_by("pk")
    return [(draw.lot, draw.amount) for draw in draws]


def first(shares: Iterable[Share], amount: int) -> list[Share]:
    """Return the first `amount` units of `shares`."""
    taken = []
    for lot, share in shares:
        part = min(share, amount)
        if part:
            taken.append((lot, part))
            amount -= part
    return taken


def hold(shares: Sequence[Share], transfer: Transfer) -> None:
    """Earmark `shares` for the hold `transfer`."""
    for lot, amount in shares:
        lot.held += amount
    _write(shares, transfer)


def release(shares: Sequence[Share]) -> None:
    """Take the earmark off `shares`."""
    for lot, amount in shares:
        lot.held -= amount
    _save(shares)


def take(shares: Sequence[Share], transfer: Transfer) -> None:
    """Use up `shares` by `transfer`, and record which lot paid."""
    for lot, amount in shares:
        lot.remaining -= amount
    _write(shares, transfer)


def _write(shares: Sequence[Share], transfer: Transfer) -> None:
    _save(shares)
    LotDraw.objects.bulk_create(LotDraw(transfer=transfer, lot=lot, amount=amount) for lot, amount in shares)


def _save(shares: Sequence[Share]) -> None:
    rows = [(lot.pk, lot.held, lot.remaining) for lot, _ in shares]
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [list(column) for column in zip(*rows, strict=True)] or [[], [], []])
