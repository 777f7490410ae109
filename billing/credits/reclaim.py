"""Taking credits out of a wallet whose money went back: as many as are there, those of that purchase first."""

from datetime import datetime

from billing.credits import lots
from billing.credits.lapse import lapse, lock
from billing.credits.models import CreditLot, Wallet
from billing.credits.signals import wallet_changed
from billing.ledger import selectors as ledger_selectors
from billing.ledger import services as ledger
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.bells import ring
from portal.transactions import unit_of_work


@unit_of_work
def reclaim(*, wallet: Wallet, most: int, bought_by: Transfer, cause: Cause, now: datetime) -> Transfer | None:
    """Take up to `most` units that are available out of `wallet`; None when nothing is. A wallet never goes below zero.

    What is left of the lot that `bought_by` brought goes first: it is its money that went back.
    """
    [wallet] = lock([wallet], now)
    known = ledger_selectors.find(cause.reference)
    if known is not None:
        return known
    lapse(wallet, now)
    wallet.ledger_account.refresh_from_db()
    amount = min(most, wallet.ledger_account.available)
    if amount <= 0:
        return None
    source, target = wallet.ledger_account, wallet.issue_account
    transfer = ledger.transfer(debit=source, credit=target, amount=amount, cause=cause, now=now)
    lots.take(_choose(wallet, amount, bought_by, now), transfer)
    ring(wallet_changed, wallet.pk)
    return transfer


def _choose(wallet: Wallet, amount: int, bought_by: Transfer, now: datetime) -> list[lots.Share]:
    every = lots.choose(wallet, wallet.ledger_account.available, now)
    own = CreditLot.objects.filter(transfer=bought_by).values_list("pk", flat=True)
    # Python's sort is stable: behind the purchase's own lot the others stay in the order they are used.
    return lots.first(sorted(every, key=lambda share: share[0].pk not in set(own)), amount)
