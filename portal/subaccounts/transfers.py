"""What moved between the wallets of a customer, as each side of it sees it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.core import signing
from django.db.models import Q

from billing.credits.models import CreditLot
from billing.ledger.codes import AccountCode, TransferCode
from billing.ledger.models import Account as LedgerAccount
from billing.ledger.models import Transfer
from portal.accounts.models import Account
from portal.subaccounts.selectors import last_day

PAGE: Final = 50
CODES: Final = (TransferCode.MOVE, TransferCode.LOAN, TransferCode.LOAN_RETURN, TransferCode.RESET)
# Without a moment: the same place is the same address, whenever it is written.
_SIGNER: Final = signing.Signer(salt="subaccounts.transfers")
_NEWER, _OLDER = "newer", "older"


@dataclass(frozen=True, slots=True)
class Movement:
    """Credits that went from one wallet into another; a loan says when what is unused of it goes back."""

    transfer: Transfer
    source: Account
    target: Account
    returns_at: datetime | None

    @property
    def last_day(self) -> date | None:
        """The last day of the loan, where the reader is; None for what was not lent."""
        return last_day(self.returns_at) if self.returns_at else None


@dataclass(frozen=True, slots=True)
class Page:
    """Some movements, newest first, and the positions of the pages around them; empty where there is none."""

    movements: tuple[Movement, ...]
    newer: str = ""
    older: str = ""


def page(account: Account, *, position: str = "") -> Page:
    """What moved between wallets: of a customer all of its family, of a sub-account what came or went there.

    `position` is what another page gave as `newer` or `older`; anything else means the newest.
    """
    mine = list(LedgerAccount.objects.filter(_whose(account), code=AccountCode.WALLET).values_list("pk", flat=True))
    found = Transfer.objects.filter(Q(debit_account__in=mine) | Q(credit_account__in=mine), code__in=CODES)
    found = found.select_related("actor", "debit_account__owner", "credit_account__owner")
    where, anchor = _read(position)
    if where == _NEWER:
        rows = list(found.filter(pk__gt=anchor).order_by("pk")[: PAGE + 1])
        shown, has_newer, has_older = rows[:PAGE][::-1], len(rows) > PAGE, True
    else:
        older = found.filter(pk__lt=anchor) if where else found
        rows = list(older.order_by("-pk")[: PAGE + 1])
        shown, has_newer, has_older = rows[:PAGE], bool(where), len(rows) > PAGE
    if not shown:
        return Page(())
    return Page(
        _movements(shown),
        newer=_written(_NEWER, shown[0]) if has_newer else "",
        older=_written(_OLDER, shown[-1]) if has_older else "",
    )


def _movements(rows: list[Transfer]) -> tuple[Movement, ...]:
    lent = CreditLot.objects.filter(transfer__in=[row.pk for row in rows if row.code == TransferCode.LOAN])
    ends = dict(lent.values_list("transfer", "returns_at"))
    return tuple(Movement(row, row.debit_account.owner, row.credit_account.owner, ends.get(row.pk)) for row in rows)


def _whose(account: Account) -> Q:
    return Q(owner=account) if account.is_subaccount else Q(customer=account)


def _written(where: str, transfer: Transfer) -> str:
    """A position for an address: nobody can make one up."""
    return _SIGNER.sign_object([where, transfer.pk])


def _read(position: str) -> tuple[str, int]:
    try:
        where, anchor = _SIGNER.unsign_object(position)
    except signing.BadSignature:
        return "", 0
    return where, anchor
