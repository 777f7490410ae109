"""The verbs of the ledger. Each is one call of one SQL function, repeatable by its reference."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Connection, Cursor

from billing.ledger.codes import AccountCode, Phase, TransferCode
from billing.ledger.models import Account, Transfer
from billing.ledger.refusals import (
    REFUSALS,
    ExceedsHold,
    ForeignAccounts,
    HoldAlreadyResolved,
    InsufficientCredits,
    LedgerError,
    ReferenceConflict,
    UnknownAccount,
    UnknownHold,
)
from portal.transactions import one_statement, unit_of_work

__all__ = [
    "Cause",
    "ExceedsHold",
    "ForeignAccounts",
    "HoldAlreadyResolved",
    "InsufficientCredits",
    "LedgerError",
    "Line",
    "Marks",
    "ReferenceConflict",
    "UnknownAccount",
    "UnknownHold",
    "hold",
    "mark",
    "open_accounts",
    "post",
    "post_batch",
    "reverse",
    "transfer",
    "void",
]

COLUMNS: Final = (
    *("id", "debit_account_id", "credit_account_id", "amount", "code", "phase", "hold_id", "reference", "sequence"),
    *("subject", "actor_id", "debit_balance", "credit_balance", "created_at"),
)
TRANSFER: Final = (
    "SELECT outcome, (moved)." + ", (moved).".join(COLUMNS) + " "
    "FROM ledger_transfer(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b)"
)
MARK: Final = """
    UPDATE ledger_account SET low_mark = marks.low, high_mark = marks.high
      FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS marks (account_id, low, high)
     WHERE id = marks.account_id AND (low_mark, high_mark) IS DISTINCT FROM (marks.low, marks.high)
"""
BATCH: Final = "SELECT outcome, known FROM ledger_post_batch(%b, %b, %b, %b, %b, %b, %b, %b)"


class _Kept(threading.local):
    """The cursor of a thread: it knows how each parameter is sent, which a new one would find out at every call."""

    cursor: Cursor[tuple[Any, ...]] | None = None

    def cursor_on(self, connection: Connection[tuple[Any, ...]]) -> Cursor[tuple[Any, ...]]:
        """The same one as long as the thread keeps its connection."""
        if self.cursor is None or self.cursor.connection is not connection:
            self.cursor = Cursor(connection)
        return self.cursor


_kept = _Kept()


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a transfer happens: its code, the caller's idempotency key, what it is for ("campaign:<uuid>"), by whom."""

    code: TransferCode
    reference: str
    subject: str = ""
    actor_id: int | None = None


class Line(NamedTuple):
    """One movement of a batch, between the ledger accounts with these keys; `reference` where it has one of its own."""

    debit_id: int
    credit_id: int
    amount: int
    reference: str | None = None


class Marks(NamedTuple):
    """Units at or below which an account is low, and above which it is high; None: never."""

    low: int | None = None
    high: int | None = None


@unit_of_work
def open_accounts(*, owner_id: int, customer_id: int, may_overdraw: bool = False) -> dict[AccountCode, Account]:
    """Open the owner's ledger accounts, one of each kind, or return those that exist.

    Only the wallet is guarded against going below zero (`may_overdraw` lifts that, for the operator's own); the
    others stand opposite it and are what was issued, used and expired.
    """
    wanted = [
        Account(
            owner_id=owner_id,
            customer_id=customer_id,
            code=code,
            may_overdraw=may_overdraw or code != AccountCode.WALLET,
        )
        for code in AccountCode
    ]
    Account.objects.bulk_create(wanted, ignore_conflicts=True)
    return {AccountCode(account.code): account for account in Account.objects.filter(owner_id=owner_id)}


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


def post_batch(*, lines: Sequence[Line], cause: Cause, now: datetime) -> int:
    """Move every line, or none; return how many have moved now, which is none of those that had before.

    All lines have a reference of their own, or none has: then `cause.reference` is the key of the batch as a whole,
    and only the same lines again are a repetition. An account is debited by lines of a batch or credited, not both.
    Raises as `transfer` does, and `UnknownAccount`.
    """
    if not lines:
        return 0
    debits, credits, amounts, references = (list(column) for column in zip(*lines, strict=True))
    if min(amounts) <= 0:
        raise ValueError("a transfer moves something")
    if not set(debits).isdisjoint(credits):
        raise ValueError("in a batch an account stands on one side")
    if references.count(None) not in {0, len(lines)} or (references[0] and len(set(references)) < len(lines)):
        raise ValueError("every line of a batch has its own reference, or none has")
    keys = references if references[0] else [cause.reference]
    outcome, known = _post(debits, credits, amounts, keys, cause, now)
    if outcome == "mixed":
        return post_batch(lines=[line for line in lines if line.reference not in known], cause=cause, now=now)
    if outcome in REFUSALS:
        raise REFUSALS[outcome](cause.reference)
    return len(lines) if outcome == "done" else 0


@one_statement
def mark(*, marks: Mapping[int, Marks]) -> None:
    """Set the marks of each account, by primary key. Where they stand so already, its row is left alone."""
    lows, highs = [each.low for each in marks.values()], [each.high for each in marks.values()]
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(MARK, [list(marks), lows, highs])


@one_statement
def _post(
    debits: list[int], credits: list[int], amounts: list[int], keys: list[str], cause: Cause, now: datetime
) -> tuple[str, frozenset[str]]:
    parameters = (debits, credits, amounts, keys, cause.code.value, cause.subject, cause.actor_id, now)
    outcome, known = _call(BATCH, parameters)
    return outcome, frozenset(known or ())


def _call(function: LiteralString, parameters: Sequence[object]) -> tuple[Any, ...]:
    """Call it by a cursor of psycopg: planned once a connection, and numbers and times sent as such, not as text."""
    database = connections[DEFAULT_DB_ALIAS]
    database.ensure_connection()
    with database.wrap_database_errors:
        cursor = _kept.cursor_on(database.connection)
        row: tuple[Any, ...] | None = cursor.execute(function, parameters, prepare=True, binary=True).fetchone()
    assert row is not None  # these functions answer with one row
    return row


@one_statement
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
    parameters = (phase.value, debit_id, credit_id, amount, hold_id)
    why = (cause.code.value, cause.reference, cause.subject, cause.actor_id, now)
    outcome, *moved = _call(TRANSFER, parameters + why)
    if outcome in REFUSALS:
        raise REFUSALS[outcome](cause.reference)
    return Transfer.from_db(DEFAULT_DB_ALIAS, COLUMNS, moved)
