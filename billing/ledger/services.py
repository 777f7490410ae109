"""The verbs of the ledger. Each is one call of one SQL function, repeatable by its reference."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.models import Account, Transfer
from portal.transactions import unit_of_work


class LedgerError(Exception):
    """The ledger refused; nothing has moved."""


class InsufficientCredits(LedgerError):
    """The account has less available than the transfer asks for."""


class ReferenceConflict(LedgerError):
    """The reference already belongs to a different movement."""


class HoldAlreadyResolved(LedgerError):
    """The hold has been posted or voided, under another reference."""


class ExceedsHold(LedgerError):
    """More would be posted than is held."""


class UnknownHold(LedgerError):
    """There is no such hold."""


class ForeignAccounts(LedgerError):
    """The two accounts belong to different customers."""


REFUSALS: dict[str, type[LedgerError]] = {
    "insufficient": InsufficientCredits,
    "conflict": ReferenceConflict,
    "resolved": HoldAlreadyResolved,
    "exceeds": ExceedsHold,
    "unknown_hold": UnknownHold,
    "foreign": ForeignAccounts,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a transfer happens: its code, the caller's idempotency key, what it is for ("campaign:<uuid>"), by whom."""

    code: TransferCode
    reference: str
    subject: str = ""
    actor_id: int | None = None


@unit_of_work
def open_accounts(*, owner_id: int, customer_id: int, may_overdraw: bool = False) -> dict[AccountCode, Account]:
    """Open the owner's ledger accounts, one of each kind, or return those that exist.

    Only the wallet is guarded against going below zero (`may_overdraw` lifts that, for the operator's own); the
    others stand opposite it and are what was issued, used and expired.
    """
    accounts = {}
    for code in AccountCode:
        accounts[code], _ = Account.objects.get_or_create(
            owner_id=owner_id,
            code=code,
            defaults={"customer_id": customer_id, "may_overdraw": may_overdraw or code != AccountCode.WALLET},
        )
    return accounts


def transfer(*, debit: Account, credit: Account, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Move `amount` units at once. Raises `InsufficientCredits`, `ForeignAccounts`, `ReferenceConflict`."""
    return _move(Phase.SINGLE, debit.pk, credit.pk, amount, None, cause, now)


def hold(*, debit: Account, credit: Account, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Promise `amount` units: no longer available, not yet moved. Raises as `transfer` does."""
    return _move(Phase.HOLD, debit.pk, credit.pk, amount, None, cause, now)


def post(*, hold: Transfer, amount: int, cause: Cause, now: datetime) -> Transfer:
    """Move `amount` of the held units and give back the rest. Raises `HoldAlreadyResolved`, `ExceedsHold`."""
    return _move(Phase.POST, None, None, amount, hold.pk, cause, now)


def void(*, hold: Transfer, cause: Cause, now: datetime) -> Transfer:
    """Give back everything that is held. Raises `HoldAlreadyResolved`."""
    return _move(Phase.VOID, None, None, None, hold.pk, cause, now)


def reverse(*, transfer: Transfer, cause: Cause, now: datetime) -> Transfer:
    """Move the posted units of `transfer` back again, by a transfer of its own. Raises as `transfer` does."""
    return _move(Phase.SINGLE, transfer.credit_account_id, transfer.debit_account_id, transfer.amount, None, cause, now)


@unit_of_work
def _move(
    phase: Phase,
    debit_id: int | None,
    credit_id: int | None,
    amount: int | None,
    hold_id: int | None,
    cause: Cause,
    now: datetime,
) -> Transfer:
    if amount is not None and amount <= 0:
        raise ValueError("a transfer moves something")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, transfer_id FROM ledger_transfer(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                phase.value,
                debit_id,
                credit_id,
                amount,
                hold_id,
                cause.code.value,
                cause.reference,
                cause.subject,
                cause.actor_id,
                now,
            ],
        )
        outcome, transfer_id = cursor.fetchone()
    if outcome in REFUSALS:
        raise REFUSALS[outcome](cause.reference)
    return Transfer.objects.get(pk=transfer_id)
