"""Which lot pays. Called by the services under the wallet's row lock, and by nobody else."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from billing.credits.models import CreditLot, LotDraw, Wallet
from billing.ledger.models import Transfer

Share = tuple[CreditLot, int]


def choose(wallet: Wallet, amount: int, now: datetime) -> list[Share]:
    """Return which spendable lots give `amount` units together, earliest expiry first.

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
    CreditLot.objects.bulk_update([lot for lot, _ in shares], ["held"])


def take(shares: Sequence[Share], transfer: Transfer) -> None:
    """Use up `shares` by `transfer`, and record which lot paid."""
    for lot, amount in shares:
        lot.remaining -= amount
    _write(shares, transfer)


def _write(shares: Sequence[Share], transfer: Transfer) -> None:
    CreditLot.objects.bulk_update([lot for lot, _ in shares], ["held", "remaining"])
    LotDraw.objects.bulk_create(LotDraw(transfer=transfer, lot=lot, amount=amount) for lot, amount in shares)
