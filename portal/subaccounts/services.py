"""The life of a sub-account: opened, changed, deactivated and reactivated by its customer."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from billing.credits import services as credits
from messaging.campaigns import services as campaigns
from portal.accounts.invitations import Issued
from portal.accounts.models import Account
from portal.subaccounts import people
from portal.subaccounts.movements import (
    Deactivated,
    DrawsOnParent,
    ForeignAccounts,
    InsufficientCredits,
    NotACustomer,
    ReferenceConflict,
    SameWallet,
    credit,
    lock,
    record,
    reset,
    transfer,
)
from portal.subaccounts.people import EmailTaken, Person, SomebodyIsInCharge, TooManyInvitations, put_in_charge
from portal.transactions import unit_of_work

__all__ = [
    "Deactivated",
    "DrawsOnParent",
    "EmailTaken",
    "ForeignAccounts",
    "InsufficientCredits",
    "NameTaken",
    "NotACustomer",
    "Person",
    "Plan",
    "ReferenceConflict",
    "SameWallet",
    "SomebodyIsInCharge",
    "TooManyInvitations",
    "change",
    "credit",
    "deactivate",
    "entrust",
    "open_subaccount",
    "put_in_charge",
    "reactivate",
    "reset",
    "transfer",
]


class NameTaken(Exception):
    """The customer has another sub-account of this name."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sub-account to be: its name, who is in charge (with a first `password` or without), and what it may spend."""

    name: str
    person: Person
    password: str | None = None
    credits_units: int = 0
    is_unlimited: bool = False


@unit_of_work
def entrust(
    *, parent: Account, plan: Plan, reference: uuid.UUID, actor_id: int, now: datetime
) -> tuple[Account, Issued | None]:
    """Open a sub-account and put somebody in charge; return it, and the invitation to be sent if there is one.

    Repeating it with the same `reference` returns the first sub-account and no invitation. Raises what
    `open_subaccount` and `people.put_in_charge` raise.
    """
    lock(parent)
    known = Account.objects.filter(parent=parent, public_id=_public_id(parent, reference)).first()
    if known:
        return known, None
    people.refuse_taken(parent.pk, plan.person.email)
    account = open_subaccount(
        parent=parent,
        name=plan.name,
        credits_units=0 if plan.is_unlimited else plan.credits_units,
        reference=reference,
        actor_id=actor_id,
        now=now,
        is_unlimited=plan.is_unlimited,
    )
    issued = people.put_in_charge(
        subaccount=account, person=plan.person, password=plan.password, actor_id=actor_id, now=now
    )
    return account, issued


@unit_of_work
def open_subaccount(
    *,
    parent: Account,
    name: str,
    credits_units: int,
    reference: uuid.UUID,
    actor_id: int,
    now: datetime,
    is_unlimited: bool = False,
) -> Account:
    """Open a sub-account of `parent` and move `credits_units` (0: none) into it at once, or do neither.

    An unlimited one draws on the parent's wallet instead. `reference` is the form's own key: with the same one the
    first sub-account is returned. Raises `NotACustomer`, `NameTaken`, `InsufficientCredits`.
    """
    if parent.is_subaccount or parent.is_operator:
        raise NotACustomer(parent.name)
    lock(parent)
    # The key decides the sub-account's own id, so a form that is sent twice finds what it has made.
    public_id = _public_id(parent, reference)
    known = Account.objects.filter(parent=parent, public_id=public_id).first()
    if known:
        return known
    _refuse_name(parent, name)
    account = Account.objects.create(
        public_id=public_id,
        name=name,
        parent=parent,
        language=parent.language,
        time_zone=parent.time_zone,
        created_at=now,
    )
    wallet = credits.open_wallet(account=account)
    record("subaccount.opened", account, {"name": name, "is_unlimited": is_unlimited}, actor_id, now)
    if is_unlimited:
        credits.draw_on(wallet=wallet, other=credits.open_wallet(account=parent))
    if credits_units:
        credit(subaccount=account, credits_units=credits_units, reference=reference, actor_id=actor_id, now=now)
    return account


@unit_of_work
def change(*, subaccount: Account, name: str, is_unlimited: bool, actor_id: int, now: datetime) -> None:
    """Give the sub-account another name, or let it draw on its parent's wallet or on its own from now on.

    Whatever it has when it becomes unlimited goes back to the parent. Without a difference nothing happens. Raises
    `NameTaken`.
    """
    parent = _parent(subaccount)
    lock(parent)
    subaccount.refresh_from_db()
    if subaccount.name != name:
        _refuse_name(parent, name, besides=subaccount)
        record("subaccount.changed", subaccount, {"name": name}, actor_id, now, before={"name": subaccount.name})
        Account.objects.filter(pk=subaccount.pk).update(name=name)
    wallet = credits.open_wallet(account=subaccount)
    if bool(wallet.draws_on_id) == is_unlimited:
        return
    before = {"is_unlimited": not is_unlimited}
    record("subaccount.changed", subaccount, {"is_unlimited": is_unlimited}, actor_id, now, before=before)
    if is_unlimited:
        # A reset of its own each time: how it stands, and no key, says whether this is a repetition.
        reset(subaccount=subaccount, reference=uuid.uuid4(), actor_id=actor_id, now=now)
    credits.draw_on(wallet=wallet, other=credits.open_wallet(account=parent) if is_unlimited else None)


@unit_of_work
def deactivate(*, subaccount: Account, actor_id: int, now: datetime) -> int:
    """Shut the sub-account: nobody logs in, nothing is spent, what waits to be sent is cancelled and its hold returns.

    Return how many messages were cancelled. Twice is once.
    """
    lock(_parent(subaccount))
    if not Account.objects.filter(pk=subaccount.pk, deactivated_at=None).update(deactivated_at=now):
        return 0
    # Under the account's row nothing new is launched, so what is cancelled here is all there is. Then the wallet, in the
    # order in which a campaign that settles takes them.
    count = campaigns.stop_all(account=subaccount, actor_id=actor_id, now=now)
    credits.block(wallet=credits.open_wallet(account=subaccount), now=now)
    record("subaccount.deactivated", subaccount, {"message_count": count}, actor_id, now)
    return count


@unit_of_work
def reactivate(*, subaccount: Account, actor_id: int, now: datetime) -> None:
    """Open a deactivated sub-account again; what was cancelled stays so. Twice is once."""
    lock(_parent(subaccount))
    if Account.objects.filter(pk=subaccount.pk, deactivated_at__isnull=False).update(deactivated_at=None):
        credits.unblock(wallet=credits.open_wallet(account=subaccount))
        record("subaccount.reactivated", subaccount, {}, actor_id, now)


def _parent(subaccount: Account) -> Account:
    if subaccount.parent is None:
        raise NotACustomer(subaccount.name)
    return subaccount.parent


def _public_id(parent: Account, reference: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(parent.public_id, str(reference))


def _refuse_name(parent: Account, name: str, besides: Account | None = None) -> None:
    same = Account.objects.filter(parent=parent, name__iexact=name)
    if (same.exclude(pk=besides.pk) if besides else same).exists():
        raise NameTaken(name)
