"""What a customer does with its sub-accounts: open one, and move credits into it."""

import uuid
from datetime import datetime

from billing.credits import services as credits
from billing.credits.services import InsufficientCredits, ReferenceConflict
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

__all__ = [
    "Deactivated",
    "InsufficientCredits",
    "NameTaken",
    "NotACustomer",
    "ReferenceConflict",
    "credit",
    "open_subaccount",
]


class NotACustomer(Exception):
    """Only a customer has sub-accounts: the tree has two floors."""


class NameTaken(Exception):
    """The customer has another sub-account of this name."""


class Deactivated(Exception):
    """The sub-account is deactivated, so nothing moves into it."""


@unit_of_work
def open_subaccount(
    *, parent: Account, name: str, credits_units: int, reference: uuid.UUID, actor_id: int, now: datetime
) -> Account:
    """Open a sub-account of `parent` and move `credits_units` (0: none) into it at once, or do neither.

    `reference` is the form's own key: with the same one the first sub-account is returned. Raises `NotACustomer`,
    `NameTaken`, `InsufficientCredits`.
    """
    if parent.is_subaccount or parent.is_operator:
        raise NotACustomer(parent.name)
    _lock(parent)
    # The key decides the sub-account's own id, so a form that is sent twice finds what it has made.
    public_id = uuid.uuid5(parent.public_id, str(reference))
    known = Account.objects.filter(parent=parent, public_id=public_id).first()
    if known:
        return known
    if Account.objects.filter(parent=parent, name__iexact=name).exists():
        raise NameTaken(name)
    account = Account.objects.create(
        public_id=public_id,
        name=name,
        parent=parent,
        language=parent.language,
        time_zone=parent.time_zone,
        created_at=now,
    )
    credits.open_wallet(account=account)
    _record("subaccount.opened", account, {"name": name}, actor_id, now)
    if credits_units:
        credit(subaccount=account, credits_units=credits_units, reference=reference, actor_id=actor_id, now=now)
    return account


@unit_of_work
def credit(*, subaccount: Account, credits_units: int, reference: uuid.UUID, actor_id: int, now: datetime) -> None:
    """Move `credits_units` (above 0) from the customer's wallet into the sub-account's, never more than is available.

    Repeating it with the same `reference` changes nothing. Raises `Deactivated`, `InsufficientCredits`, and
    `ReferenceConflict` when the reference moved another amount before.
    """
    parent = subaccount.parent
    if parent is None:
        raise NotACustomer(subaccount.name)
    _lock(parent)
    subaccount.refresh_from_db()
    if subaccount.deactivated_at:
        raise Deactivated(subaccount.name)
    subject = f"subaccount:{subaccount.public_id}"
    cause = credits.Cause(TransferCode.MOVE, f"{subject}:credit:{reference}", subject, actor_id)
    is_new = ledger_selectors.find(cause.reference) is None
    credits.move(
        source=credits.open_wallet(account=parent),
        target=credits.open_wallet(account=subaccount),
        amount=credits_units,
        cause=cause,
        now=now,
    )
    if is_new:
        _record("subaccount.credited", subaccount, {"credits_units": credits_units}, actor_id, now)


def _lock(parent: Account) -> None:
    """Let one change of a customer's sub-accounts wait for the other."""
    Account.objects.select_for_update(no_key=True).get(pk=parent.pk)


def _record(action: str, account: Account, after: dict[str, object], actor_id: int, now: datetime) -> None:
    # Written under the customer: it was done there, by one of its people.
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=account.parent_id,
        subject=f"account:{account.public_id}",
        after=after,
        now=now,
    )
