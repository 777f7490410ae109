"""What ends by itself: lots that expire, loans that go back. It happens at every movement as well as by the sweep."""

from collections.abc import Sequence
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS

from billing.credits import lots
from billing.credits.models import CreditLot, Origin, Wallet
from billing.credits.signals import wallet_changed
from billing.ledger import services as ledger
from billing.ledger.codes import TransferCode
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from billing.ledger.services import Cause
from portal.bells import ring

# The accounts that stand opposite a wallet's own: a movement names them, nobody reads them.
COUNTERPARTS = ("issue_account", "usage_account", "expiry_account")


def lock(wallets: Sequence[Wallet], now: datetime) -> list[Wallet]:
    """Lock the wallets, and those that loans due in them go back to, in primary-key order; return them as they are now.

    One order for everybody is why two movements in opposite directions wait for each other instead of deadlocking.
    """
    wanted = [wallet.pk for wallet in wallets]
    lenders = CreditLot.objects.filter(wallet__in=wanted).loans_due(now).order_by().values_list("returns_to", flat=True)
    rows = Wallet.objects.select_for_update(of=("self",), no_key=True).select_related("ledger_account")
    locked = {wallet.pk: wallet for wallet in rows.filter(pk__in={*wanted, *lenders}).order_by("pk")}
    for wallet in locked.values():
        for name in COUNTERPARTS:
            # Its key alone; the rest would be fetched if it were asked for. To join three tables more costs every movement 1 ms.
            setattr(wallet, name, LedgerAccount.from_db(DEFAULT_DB_ALIAS, ["id"], [getattr(wallet, f"{name}_id")]))
    return [locked[pk] for pk in wanted]


def lapse(wallet: Wallet, now: datetime) -> int:
    """Let what is due in the locked `wallet` expire or go back; return the units that left it. Holds keep theirs."""
    mine = CreditLot.objects.filter(wallet=wallet)
    left = 0
    for lot in mine.due(now):
        left += _end(lot, wallet, wallet.expiry_account, TransferCode.EXPIRY, now).amount
    # Without what a loan goes back to: few movements find one that is due, and all would pay for the joins.
    for lot in mine.loans_due(now):
        left += _return(lot, wallet, now)
    if left:
        ring(wallet_changed, wallet.pk)
    return left


def _return(lot: CreditLot, wallet: Wallet, now: datetime) -> int:
    lender = lot.returns_to
    if lender is None:
        raise AssertionError(f"lot {lot.pk} is no loan")
    transfer = _end(lot, wallet, lender.ledger_account, TransferCode.LOAN_RETURN, now)
    lots.add(lender, transfer, Origin.MOVE, transfer.amount, lots.terms_in(lot, lender), now)
    ring(wallet_changed, lender.pk)
    return transfer.amount


def _end(lot: CreditLot, wallet: Wallet, into: LedgerAccount, code: TransferCode, now: datetime) -> Transfer:
    free = lot.remaining - lot.held
    # A lot may give up what is free more than once: a hold that is given back late brings a rest.
    cause = Cause(code, f"lot:{lot.pk}:{code.value}:{lot.granted - lot.remaining}", f"lot:{lot.pk}")
    transfer = ledger.transfer(debit=wallet.ledger_account, credit=into, amount=free, cause=cause, now=now)
    lots.take([(lot, free)], transfer)
    return transfer
