"""Changing lists of contacts, and keeping the numbers that opted out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models.functions import Lower

from messaging.contacts.models import MAX_CONTACTS, Contact, ContactList, OptOut, Source
from messaging.contacts.paste import Entry
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work


class NameTaken(Exception):
    """The account has another list with this name."""


class ListFull(Exception):
    """The list would pass its limit; `room` says how many contacts still fit."""

    def __init__(self, room: int) -> None:
        super().__init__(room)
        self.room = room


@dataclass(frozen=True, slots=True)
class Added:
    """How many contacts are new in the list, and how many were there already."""

    added_count: int
    known_count: int


class NoReason(Exception):
    """An opt-out is not withdrawn without saying why."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a number opt out: a few words, and the message or reply (public ids) that said them."""

    words: str = ""
    message: UUID | None = None
    reply: UUID | None = None


@unit_of_work
def create_list(*, account: Account, name: str, entries: Sequence[Entry], actor_id: int, now: datetime) -> ContactList:
    """Make a list with its first contacts. Raises `NameTaken`, `ListFull`."""
    # Two lists of one name at once: the second waits here and finds the first.
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    mine = ContactList.objects.annotate(lower=Lower("name")).filter(account=account)
    if mine.filter(lower=name.lower()).exists():
        raise NameTaken(name)
    contact_list = ContactList.objects.create(account=account, name=name, created_at=now)
    _record("contact_list.created", contact_list, {"name": name}, actor_id, now)
    if entries:
        add_contacts(contact_list=contact_list, entries=entries, actor_id=actor_id, now=now)
    return contact_list


@unit_of_work
def add_contacts(*, contact_list: ContactList, entries: Sequence[Entry], actor_id: int, now: datetime) -> Added:
    """Add what is not yet in the list; a number that is keeps its name. Raises `ListFull`: then nothing is added."""
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    mine = contact_list.contacts
    known = set(mine.filter(number__in=[entry.number for entry in entries]).values_list("number", flat=True))
    new = {entry.number: entry for entry in entries if entry.number not in known}
    room = MAX_CONTACTS - mine.count()
    if len(new) > room:
        raise ListFull(max(room, 0))
    Contact.objects.bulk_create(
        (
            Contact(contact_list=contact_list, number=entry.number, name=entry.name, created_at=now)
            for entry in new.values()
        ),
        batch_size=1000,
    )
    if new:
        _record("contact_list.extended", contact_list, {"contact_count": len(new)}, actor_id, now)
    return Added(len(new), len(entries) - len(new))


@unit_of_work
def remove_contacts(*, contact_list: ContactList, contacts: Iterable[UUID], actor_id: int, now: datetime) -> int:
    """Take contacts (public ids) out of the list and return how many; ids of other lists are none of its business."""
    count, _ = Contact.objects.filter(contact_list=contact_list, public_id__in=list(contacts)).delete()
    if count:
        _record("contact_list.reduced", contact_list, {"contact_count": count}, actor_id, now)
    return count


@unit_of_work
def delete_list(*, contact_list: ContactList, actor_id: int, now: datetime) -> None:
    """Delete the list and its contacts. Messages that were sent to them stay as they are."""
    _record("contact_list.deleted", contact_list, {"name": contact_list.name}, actor_id, now)
    contact_list.delete()


@unit_of_work
def opt_out(
    *,
    account: Account,
    number: str,
    source: Source,
    now: datetime,
    cause: Cause = Cause(),
    actor_id: int | None = None,
) -> bool:
    """Send nothing more to the number (E.164); return whether that is new. Repeated it changes nothing.

    `actor_id` None: the recipient said so, or the network did. The first cause stays.
    """
    opted_out = OptOut(
        account=account,
        number=number,
        source=source,
        cause=cause.words[:160],
        message_public_id=cause.message,
        reply_public_id=cause.reply,
        created_by_id=actor_id,
        created_at=now,
    )
    return _keep(account, [opted_out], source, actor_id, now) == 1


@unit_of_work
def opt_out_all(
    *, account: Account, numbers: Sequence[str], actor_id: int | None, now: datetime, source: Source = Source.MANUAL
) -> int:
    """Send nothing more to the numbers (E.164), which have no cause in a message; return how many are new."""
    opted_out = [
        OptOut(account=account, number=number, source=source, created_by_id=actor_id, created_at=now)
        for number in dict.fromkeys(numbers)
    ]
    return _keep(account, opted_out, source, actor_id, now)


@unit_of_work
def withdraw_opt_out(*, opt_out: OptOut, reason: str, actor_id: int, now: datetime) -> None:
    """Let messages reach the number again; the audit log keeps who said so and why. Raises `NoReason`."""
    if not reason.strip():
        raise NoReason
    count, _ = OptOut.objects.filter(pk=opt_out.pk).delete()
    if count:
        audit.record(
            action="opt_out.withdrawn",
            actor_id=actor_id,
            account_id=opt_out.account_id,
            subject=f"opt_out:{opt_out.public_id}",
            before={"number": opt_out.number, "source": opt_out.source, "since": opt_out.created_at.isoformat()},
            after={"reason": reason.strip()},
            now=now,
        )


def _keep(account: Account, wanted: list[OptOut], source: Source, actor_id: int | None, now: datetime) -> int:
    numbers = [opt_out.number for opt_out in wanted]
    mine = OptOut.objects.filter(account=account, number__in=numbers)
    before = mine.count()
    OptOut.objects.bulk_create(wanted, batch_size=1000, ignore_conflicts=True)
    count = mine.count() - before
    if count:
        after = {"number_count": count, "source": source.value}
        if count == 1 == len(wanted):
            after["number"] = numbers[0]
        audit.record(action="opt_out.added", actor_id=actor_id, account_id=account.pk, after=after, now=now)
    return count


def _record(action: str, contact_list: ContactList, after: dict[str, object], actor_id: int, now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=contact_list.account_id,
        subject=f"contact_list:{contact_list.public_id}",
        after=after,
        now=now,
    )
