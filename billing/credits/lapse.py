"""What ends by itself: lots that expire, loans that go back. It happens at every movement as well as by the sweep."""

from collections.abc import Sequence
from datetime import datetime

from django.db import DEFAULT_DB_ALIAS, connection

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


# Asked at every movement, and written out: the ORM takes longer to write each of them than PostgreSQL to answer it. They
# are the questions of `CreditLotQuerySet.due` and `.loans_due`, in the words of the index of lots in use.
WALLET = [field.attname for field in Wallet._meta.concrete_fields]  # noqa: SLF001
POT = [field.attname for field in LedgerAccount._meta.concrete_fields]  # noqa: SLF001
LOCK = f"""
    SELECT {", ".join(f"wallet.{name}" for name in WALLET)}, {", ".join(f"pot.{name}" for name in POT)}
      FROM credits_wallet wallet JOIN ledger_account pot ON pot.id = wallet.ledger_account_id
     WHERE wallet.id = ANY (%s || ARRAY(
           SELECT returns_to_id FROM credits_creditlot
            WHERE wallet_id = ANY (%s) AND remaining > 0 AND remaining > held AND returns_at <= %s))
     ORDER BY wallet.id FOR NO KEY UPDATE OF wallet
"""  # noqa: S608 - names of columns
IS_DUE = """
    SELECT EXISTS (SELECT FROM credits_creditlot
                    WHERE wallet_id = %s AND remaining > 0 AND remaining > held AND (expires_at <= %s OR returns_at <= %s))
"""


def lock(wallets: Sequence[Wallet], now: datetime) -> list[Wallet]:
    """Lock the wallets, and those that loans due in them go back to, in primary-key order; return them as they are now.

    One order for everybody is why two movements in opposite directions wait for each other instead of deadlocking.
    """
    wanted = [wallet.pk for wallet in wallets]
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [wanted, wanted, now])
        locked = {row[0]: _wallet(row) for row in cursor.fetchall()}
    return [locked[pk] for pk in wanted]


def _wallet(row: Sequence[object]) -> Wallet:
    wallet = Wallet.from_db(DEFAULT_DB_ALIAS, WALLET, row[: len(WALLET)])
    wallet.ledger_account = LedgerAccount.from_db(DEFAULT_DB_ALIAS, POT, row[len(WALLET) :])
    for name in COUNTERPARTS:
        # Its key alone; the rest would be fetched if it were asked for. To join three tables more costs every movement 1 ms.
        setattr(wallet, name, LedgerAccount.from_db(DEFAULT_DB_ALIAS, ["id"], [getattr(wallet, f"{name}_id")]))
    return wallet


def lapse(wallet: Wallet, now: datetime) -> int:
    """Let what is due in the locked `wallet` expire or go back; return the units that left it. Holds keep theirs."""
    with connection.cursor() as cursor:
        cursor.execute(IS_DUE, [wallet.pk, now, now])
        [is_due] = cursor.fetchone()
    if not is_due:
        return 0
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
