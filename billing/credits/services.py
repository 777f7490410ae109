"""The one window onto the ledger: what the rest of Saldo may do with credits.

Every verb locks the wallet's row, lets what is due expire, moves credits in the ledger, and moves the lots with them;
all in one transaction. Each can be repeated with the same reference: the second call finds the first one's transfer.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.credits import lots
from billing.credits.models import CreditLot, Origin, Wallet
from billing.credits.signals import wallet_changed
from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.models import Transfer
from billing.ledger.services import (
    Cause,
    ExceedsHold,
    ForeignAccounts,
    HoldAlreadyResolved,
    InsufficientCredits,
    ReferenceConflict,
)
from portal.accounts.models import Account
from portal.bells import ring
from portal.transactions import unit_of_work

__all__ = [
    "Cause",
    "ExceedsHold",
    "ForeignAccounts",
    "HoldAlreadyResolved",
    "InsufficientCredits",
    "Price",
    "ReferenceConflict",
    "expire",
    "grant",
    "move",
    "open_wallet",
    "release",
    "reserve",
    "settle",
    "spend",
    "take_back",
]

ORIGINS = {
    TransferCode.PURCHASE: Origin.PURCHASE,
    TransferCode.PROMOTION: Origin.PROMOTION,
    TransferCode.CORRECTION: Origin.CORRECTION,
}


@dataclass(frozen=True, slots=True)
class Price:
    """What one credit of a lot cost, in cents without VAT. Promotional credits cost nothing."""

    unit_price_cents: Decimal = Decimal(0)
    currency: str = "EUR"


@unit_of_work
def open_wallet(*, account: Account) -> Wallet:
    """Open the account's wallet, or return it. Only the operator's own wallet may go below zero."""
    existing = Wallet.objects.filter(account=account).first()
    if existing:
        return existing
    accounts = ledger.open_accounts(
        owner_id=account.pk, customer_id=account.customer_id, may_overdraw=account.is_operator
    )
    wallet, _ = Wallet.objects.get_or_create(
        account=account,
        defaults={
            "ledger_account": accounts[AccountCode.WALLET],
            "issue_account": accounts[AccountCode.ISSUE],
            "usage_account": accounts[AccountCode.USAGE],
            "expiry_account": accounts[AccountCode.EXPIRY],
        },
    )
    return wallet


@unit_of_work
def grant(
    *, wallet: Wallet, amount: int, price: Price, cause: Cause, now: datetime, expires_at: datetime | None = None
) -> Transfer:
    """Add `amount` units to `wallet` as a new lot. `cause.code` says whether bought, promotional or a correction."""
    wallet = _lock(wallet)
    known = ledger_selectors.find(cause.reference)
    transfer = ledger.transfer(
        debit=wallet.issue_account, credit=wallet.ledger_account, amount=amount, cause=cause, now=now
    )
    if known is None:
        _add_lot(wallet, transfer, ORIGINS[cause.code], amount, price, expires_at, now)
        ring(wallet_changed, wallet.pk)
    return transfer


@unit_of_work
def reserve(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Hold `amount` units and earmark the lots that will pay. Raises `InsufficientCredits`."""
    wallet = _lock(wallet)
    known = ledger_selectors.find(cause.reference)
    if known is None:
        _expire(wallet, now)
    hold = ledger.hold(debit=wallet.ledger_account, credit=wallet.usage_account, amount=amount, cause=cause, now=now)
    if known is None:
        if _has_lots(wallet):
            lots.hold(lots.choose(wallet, amount, now), hold)
        ring(wallet_changed, wallet.pk)
    return hold


@unit_of_work
def settle(*, hold: Transfer, used: int, cause: Cause, now: datetime) -> Transfer:
    """Resolve `hold`: `used` units are spent, the rest is available again (0: all of it).

    Raises `HoldAlreadyResolved` (under another reference) and `ExceedsHold`.
    """
    wallet = _lock(_wallet_of(hold))
    known = ledger_selectors.find(cause.reference)
    if used == 0:
        resolution = ledger.void(hold=hold, cause=cause, now=now)
    else:
        resolution = ledger.post(hold=hold, amount=used, cause=cause, now=now)
    if known is None:
        shares = lots.earmarked(hold)
        lots.release(shares)
        lots.take(lots.first(shares, used), resolution)
        _expire(wallet, now)
        ring(wallet_changed, wallet.pk)
    return resolution


def release(*, hold: Transfer, cause: Cause, now: datetime) -> Transfer:
    """Give back everything that is held. Raises `HoldAlreadyResolved`."""
    return settle(hold=hold, used=0, cause=cause, now=now)


@unit_of_work
def spend(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Use `amount` units at once, without a hold before. Raises `InsufficientCredits`."""
    wallet = _lock(wallet)
    known = ledger_selectors.find(cause.reference)
    if known is None:
        _expire(wallet, now)
    transfer = ledger.transfer(
        debit=wallet.ledger_account, credit=wallet.usage_account, amount=amount, cause=cause, now=now
    )
    if known is None:
        if _has_lots(wallet):
            lots.take(lots.choose(wallet, amount, now), transfer)
        ring(wallet_changed, wallet.pk)
    return transfer


@unit_of_work
def move(*, source: Wallet, target: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Move `amount` units between two wallets of one customer; the lots' price and expiry go along.

    Raises `InsufficientCredits`, and `ForeignAccounts` between two customers.
    """
    for wallet in sorted((source, target), key=lambda wallet: wallet.pk):
        _lock(wallet)
    known = ledger_selectors.find(cause.reference)
    if known is None:
        _expire(source, now)
    transfer = ledger.transfer(
        debit=source.ledger_account, credit=target.ledger_account, amount=amount, cause=cause, now=now
    )
    if known is None:
        shares = lots.choose(source, amount, now)
        lots.take(shares, transfer)
        for lot, share in shares:
            price = Price(lot.unit_price_cents, lot.currency)
            _add_lot(target, transfer, Origin.MOVE, share, price, lot.expires_at, now)
        ring(wallet_changed, source.pk)
        ring(wallet_changed, target.pk)
    return transfer


@unit_of_work
def take_back(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Take `amount` units out of `wallet` again: a correction or a refund, never usage. Raises `InsufficientCredits`."""
    wallet = _lock(wallet)
    known = ledger_selectors.find(cause.reference)
    if known is None:
        _expire(wallet, now)
    transfer = ledger.transfer(
        debit=wallet.ledger_account, credit=wallet.issue_account, amount=amount, cause=cause, now=now
    )
    if known is None:
        lots.take(lots.choose(wallet, amount, now), transfer)
        ring(wallet_changed, wallet.pk)
    return transfer


@unit_of_work
def expire(*, wallet: Wallet, now: datetime) -> int:
    """Let what is due at `now` expire; return the units that went. What is held stays with its hold."""
    return _expire(_lock(wallet), now)


def _expire(wallet: Wallet, now: datetime) -> int:
    expired = 0
    for lot in CreditLot.objects.filter(wallet=wallet).due(now):
        free = lot.remaining - lot.held
        # A lot may give up what is free more than once: a hold that is given back late brings a rest.
        cause = Cause(TransferCode.EXPIRY, f"lot:{lot.pk}:expiry:{lot.granted - lot.remaining}", f"lot:{lot.pk}")
        transfer = ledger.transfer(
            debit=wallet.ledger_account, credit=wallet.expiry_account, amount=free, cause=cause, now=now
        )
        lots.take([(lot, free)], transfer)
        expired += free
    if expired:
        ring(wallet_changed, wallet.pk)
    return expired


def _lock(wallet: Wallet) -> Wallet:
    return Wallet.objects.select_for_update(of=("self",), no_key=True).get(pk=wallet.pk)


def _wallet_of(hold: Transfer) -> Wallet:
    return Wallet.objects.get(ledger_account=hold.debit_account_id)


def _has_lots(wallet: Wallet) -> bool:
    """The operator's own wallet may go below zero and is kept without lots."""
    return not wallet.ledger_account.may_overdraw


def _add_lot(
    wallet: Wallet,
    transfer: Transfer,
    origin: Origin,
    amount: int,
    price: Price,
    expires_at: datetime | None,
    now: datetime,
) -> None:
    CreditLot.objects.create(
        wallet=wallet,
        transfer=transfer,
        origin=origin,
        granted=amount,
        remaining=amount,
        unit_price_cents=price.unit_price_cents,
        currency=price.currency,
        expires_at=expires_at,
        created_at=now,
    )
