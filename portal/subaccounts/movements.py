"""Credits that move between the wallets of one customer: at once, for good or until a date, and back by a reset."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from billing.credits import services as credits
from billing.credits.services import ForeignAccounts, InsufficientCredits, ReferenceConflict, SameWallet
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

__all__ = [
    "Deactivated",
    "DrawsOnParent",
    "ForeignAccounts",
    "InsufficientCredits",
    "NotACustomer",
    "ReferenceConflict",
    "SameWallet",
    "credit",
    "lock",
    "reset",
    "transfer",
]


class NotACustomer(Exception):
    """Only a customer has sub-accounts: the tree has two floors."""


class Deactivated(Exception):
    """The sub-account is deactivated, so nothing moves into it."""


class DrawsOnParent(Exception):
    """The sub-account is unlimited: it spends its parent's credits and is given none."""


@unit_of_work
def transfer(
    *,
    customer: Account,
    source: Account,
    target: Account,
    credits_units: int,
    reference: uuid.UUID,
    actor_id: int,
    now: datetime,
    returns_at: datetime | None = None,
) -> None:
    """Move `credits_units` (above 0) between two wallets of `customer`, its own among them; price and expiry go along.

    With `returns_at` it is a loan: what is unused then goes back by itself. Repeating it with the same `reference`
    changes nothing. Raises `SameWallet`, `ForeignAccounts`, `Deactivated`, `DrawsOnParent`, `InsufficientCredits`,
    and `ReferenceConflict` when the reference moved something else before.
    """
    if source.pk == target.pk:
        raise SameWallet
    lock(customer)
    if {source.customer_id, target.customer_id} != {customer.pk}:
        raise ForeignAccounts(str(reference))
    cause_reference = f"transfer:{customer.public_id}:{reference}"
    is_new = ledger_selectors.find(cause_reference) is None
    giver, taker = credits.open_wallet(account=source), credits.open_wallet(account=target)
    if is_new and Account.objects.filter(pk=target.pk, deactivated_at__isnull=False).exists():
        raise Deactivated(target.name)
    if is_new and taker.draws_on_id:
        raise DrawsOnParent(target.name)
    code = TransferCode.LOAN if returns_at else TransferCode.MOVE
    cause = credits.Cause(code, cause_reference, f"account:{target.public_id}", actor_id)
    if returns_at:
        credits.lend(source=giver, target=taker, amount=credits_units, returns_at=returns_at, cause=cause, now=now)
    else:
        credits.move(source=giver, target=taker, amount=credits_units, cause=cause, now=now)
    if is_new:
        after = {"from": source.name, "credits_units": credits_units, "returns_at": _told(returns_at)}
        record("subaccount.credited" if target.is_subaccount else "subaccount.debited", target, after, actor_id, now)


def credit(
    *,
    subaccount: Account,
    credits_units: int,
    reference: uuid.UUID,
    actor_id: int,
    now: datetime,
    returns_at: datetime | None = None,
) -> None:
    """Move `credits_units` from the customer's wallet into the sub-account's, as `transfer` does."""
    if subaccount.parent is None:
        raise NotACustomer(subaccount.name)
    transfer(
        customer=subaccount.parent,
        source=subaccount.parent,
        target=subaccount,
        credits_units=credits_units,
        reference=reference,
        actor_id=actor_id,
        now=now,
        returns_at=returns_at,
    )


@unit_of_work
def reset(*, subaccount: Account, reference: uuid.UUID, actor_id: int, now: datetime) -> int:
    """Return everything the sub-account has available to its parent, and say how many units; holds keep theirs.

    Repeating it with the same `reference` changes nothing and says the same.
    """
    if subaccount.parent is None:
        raise NotACustomer(subaccount.name)
    lock(subaccount.parent)
    cause = credits.Cause(
        TransferCode.RESET, f"reset:{subaccount.public_id}:{reference}", f"account:{subaccount.public_id}", actor_id
    )
    is_new = ledger_selectors.find(cause.reference) is None
    source = credits.open_wallet(account=subaccount)
    target = credits.open_wallet(account=subaccount.parent)
    moved = credits.empty(source=source, target=target, cause=cause, now=now)
    if moved is None:
        return 0
    if is_new:
        record("subaccount.reset", subaccount, {"credits_units": moved.amount}, actor_id, now)
    return moved.amount


def lock(customer: Account) -> None:
    """Let one change of a customer's sub-accounts wait for the other."""
    Account.objects.select_for_update(no_key=True).get(pk=customer.pk)


def record(
    action: str,
    account: Account,
    after: dict[str, object],
    actor_id: int,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
) -> None:
    """Write what was done into the customer's log: it was done there, by one of its people."""
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=account.customer_id,
        subject=f"account:{account.public_id}",
        before=before,
        after=after,
        now=now,
    )


def _told(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
