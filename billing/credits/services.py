"""The one window onto the ledger: what the rest of Saldo may do with credits.

Every verb locks the wallets' rows, lets what is due expire or go back, moves credits in the ledger, and moves the lots
with them; all in one transaction. Each can be repeated with the same reference: the second call finds the first one's
transfer and changes nothing.
"""

from datetime import datetime

from billing.credits import lots
from billing.credits.lapse import lapse, lock
from billing.credits.lots import Terms
from billing.credits.models import Origin, Wallet
from billing.credits.signals import wallet_changed
from billing.credits.watching import mark, tell_if_low, watch, watch_all
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
    Marks,
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
    "Marks",
    "ReferenceConflict",
    "SameWallet",
    "Terms",
    "WalletBlocked",
    "block",
    "draw_on",
    "empty",
    "expire",
    "grant",
    "lend",
    "move",
    "open_wallet",
    "release",
    "reserve",
    "settle",
    "spend",
    "take_back",
    "unblock",
    "watch",
    "watch_all",
]

ORIGINS = {
    TransferCode.PURCHASE: Origin.PURCHASE,
    TransferCode.PROMOTION: Origin.PROMOTION,
    TransferCode.CORRECTION: Origin.CORRECTION,
}


class WalletBlocked(Exception):
    """The wallet's account is deactivated: it spends nothing."""


class SameWallet(ValueError):
    """Credits would move from a wallet to itself."""


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
def draw_on(*, wallet: Wallet, other: Wallet | None) -> None:
    """Let `wallet` spend from `other` from now on (unlimited), or, with None, from its own credits again."""
    if other is not None and other.pk == wallet.pk:
        raise SameWallet
    before = Wallet.objects.values_list("draws_on", flat=True).get(pk=wallet.pk)
    pots = {pk for pk in (wallet.pk, before, other.pk if other else None) if pk}
    locked = list(Wallet.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=pots).order_by("pk"))
    Wallet.objects.filter(pk=wallet.pk).update(draws_on=other)
    mark({pot.pk: pot.ledger_account_id for pot in locked})
    ring(wallet_changed, wallet.pk)


@unit_of_work
def block(*, wallet: Wallet, now: datetime) -> None:
    """Let the wallet spend nothing any more; what is held stays held. Twice is once."""
    [wallet] = lock([wallet], now)
    Wallet.objects.filter(pk=wallet.pk, blocked_at=None).update(blocked_at=now)


@unit_of_work
def unblock(*, wallet: Wallet) -> None:
    """Let the wallet spend again."""
    Wallet.objects.filter(pk=wallet.pk).update(blocked_at=None)


@unit_of_work
def grant(*, wallet: Wallet, amount: int, terms: Terms, cause: Cause, now: datetime) -> Transfer:
    """Add `amount` units to `wallet` as a new lot. `cause.code` says whether bought, promotional or a correction."""
    [wallet] = lock([wallet], now)
    is_new = not ledger_selectors.is_known(cause.reference)
    source, target = wallet.issue_account, wallet.ledger_account
    transfer = ledger.transfer(debit=source, credit=target, amount=amount, cause=cause, now=now)
    if is_new:
        lots.add(wallet, transfer, ORIGINS[cause.code], amount, terms, now)
        ring(wallet_changed, wallet.pk)
    return transfer


@unit_of_work
def reserve(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Hold `amount` units and earmark the lots that will pay: its own, or those of the wallet it draws on.

    Raises `InsufficientCredits` and `WalletBlocked`.
    """
    spender, payer = _spender(wallet, now)
    is_new = _begin(payer, cause, now)
    source, target = payer.ledger_account, spender.usage_account
    hold = ledger.hold(debit=source, credit=target, amount=amount, cause=cause, now=now)
    if is_new:
        if _has_lots(payer):
            lots.hold(lots.choose(payer, amount, now), hold)
        tell_if_low(payer)
    return hold


@unit_of_work
def settle(*, hold: Transfer, used: int, cause: Cause, now: datetime) -> Transfer:
    """Resolve `hold`: `used` units are spent, the rest is available again (0: all of it).

    Raises `HoldAlreadyResolved` (under another reference) and `ExceedsHold`.
    """
    [wallet] = lock([Wallet.objects.get(ledger_account=hold.debit_account_id)], now)
    is_new = not ledger_selectors.is_known(cause.reference)
    if used == 0:
        resolution = ledger.void(hold=hold, cause=cause, now=now)
    else:
        resolution = ledger.post(hold=hold, amount=used, cause=cause, now=now)
    if is_new:
        shares = lots.earmarked(hold)
        lots.release(shares)
        lots.take(lots.first(shares, used), resolution)
        lapse(wallet, now)
        ring(wallet_changed, wallet.pk)
    return resolution


def release(*, hold: Transfer, cause: Cause, now: datetime) -> Transfer:
    """Give back everything that is held. Raises `HoldAlreadyResolved`."""
    return settle(hold=hold, used=0, cause=cause, now=now)


@unit_of_work
def spend(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Use `amount` units at once, without a hold before. Raises `InsufficientCredits` and `WalletBlocked`."""
    spender, payer = _spender(wallet, now)
    is_new = _begin(payer, cause, now)
    source, target = payer.ledger_account, spender.usage_account
    transfer = ledger.transfer(debit=source, credit=target, amount=amount, cause=cause, now=now)
    if is_new:
        if _has_lots(payer):
            lots.take(lots.choose(payer, amount, now), transfer)
        tell_if_low(payer)
    return transfer


@unit_of_work
def move(*, source: Wallet, target: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Move `amount` units between two wallets of one customer; the lots' price and expiry go along.

    Raises `InsufficientCredits`, `SameWallet`, and `ForeignAccounts` between two customers.
    """
    return _move(source, target, amount, cause, now, None)


@unit_of_work
def lend(*, source: Wallet, target: Wallet, amount: int, returns_at: datetime, cause: Cause, now: datetime) -> Transfer:
    """Move `amount` units until `returns_at`: what is unused then goes back by itself. Raises as `move` does."""
    if returns_at <= now:
        raise ValueError("a loan ends after it begins")
    return _move(source, target, amount, cause, now, returns_at)


@unit_of_work
def empty(*, source: Wallet, target: Wallet, cause: Cause, now: datetime) -> Transfer | None:
    """Move everything that is available from `source` to `target`; None when there is nothing. Holds keep theirs."""
    source, target = lock([source, target], now)
    known = ledger_selectors.find(cause.reference)
    if known is not None:
        return known
    lapse(source, now)
    source.ledger_account.refresh_from_db()
    amount = source.ledger_account.available
    return _move(source, target, amount, cause, now, None) if amount else None


@unit_of_work
def take_back(*, wallet: Wallet, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Take `amount` units out of `wallet` again: a correction or a refund, never usage. Raises `InsufficientCredits`."""
    [wallet] = lock([wallet], now)
    is_new = _begin(wallet, cause, now)
    source, target = wallet.ledger_account, wallet.issue_account
    transfer = ledger.transfer(debit=source, credit=target, amount=amount, cause=cause, now=now)
    if is_new:
        lots.take(lots.choose(wallet, amount, now), transfer)
        ring(wallet_changed, wallet.pk)
    return transfer


@unit_of_work
def expire(*, wallet: Wallet, now: datetime) -> int:
    """Let what is due at `now` expire or go back; return the units that left. What is held stays with its hold."""
    [wallet] = lock([wallet], now)
    return lapse(wallet, now)


def _begin(wallet: Wallet, cause: Cause, now: datetime) -> bool:
    """Whether the movement is a new one; before a new one what is due in the locked wallet ends."""
    if ledger_selectors.is_known(cause.reference):
        return False
    lapse(wallet, now)
    return True


def _spender(wallet: Wallet, now: datetime) -> tuple[Wallet, Wallet]:
    """Lock and return who spends and who pays: the wallet itself, or the one it draws on."""
    payer_id = Wallet.objects.values_list("draws_on", flat=True).get(pk=wallet.pk) or wallet.pk
    spender, payer = lock([wallet, Wallet(pk=payer_id)], now)
    if spender.blocked_at or payer.blocked_at:
        raise WalletBlocked
    return spender, payer


def _move(
    source: Wallet, target: Wallet, amount: int, cause: Cause, now: datetime, returns_at: datetime | None
) -> Transfer:
    if source.pk == target.pk:
        raise SameWallet
    source, target = lock([source, target], now)
    is_new = _begin(source, cause, now)
    there = target.ledger_account
    transfer = ledger.transfer(debit=source.ledger_account, credit=there, amount=amount, cause=cause, now=now)
    if is_new:
        shares = lots.choose(source, amount, now)
        lots.take(shares, transfer)
        for terms, units in lots.on_arrival(shares, source, target, returns_at):
            lots.add(target, transfer, Origin.MOVE, units, terms, now)
        ring(wallet_changed, source.pk)
        ring(wallet_changed, target.pk)
    return transfer


def _has_lots(wallet: Wallet) -> bool:
    """The operator's own wallet may go below zero and is kept without lots."""
    return not wallet.ledger_account.may_overdraw
