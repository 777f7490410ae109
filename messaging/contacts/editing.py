"""Changing one thing: the name and the fields of a list, one contact, or everything that is known of a number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models.functions import Lower

from messaging.contacts.models import MAX_CONTACTS, Contact, ContactList
from messaging.contacts.services import ListFull, NameTaken
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work


class NumberTaken(Exception):
    """Another contact of the list has this number."""


@dataclass(frozen=True, slots=True)
class Field:
    """What becomes of a field: "" before means that it is new, "" after that it is deleted with its texts."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Details:
    """What is written of a contact: the number in E.164, the name, a text for each field that has one."""

    number: str
    name: str
    fields: Mapping[str, str]


@unit_of_work
def change_list(
    *, contact_list: ContactList, name: str, fields: Sequence[Field], actor_id: int, now: datetime
) -> ContactList:
    """Rename a list, and rename, add or delete its fields, which then stand in the order given. Raises `NameTaken`."""
    Account.objects.select_for_update(no_key=True).get(pk=contact_list.account_id)
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    others = ContactList.objects.filter(account=contact_list.account_id).exclude(pk=contact_list.pk)
    if others.annotate(lower=Lower("name")).filter(lower=name.lower()).exists():
        raise NameTaken(name)
    before = {"name": contact_list.name, "fields": contact_list.field_names}
    contact_list.name = name
    contact_list.field_names = [field.after for field in fields if field.after]
    contact_list.save(update_fields=["name", "field_names"])
    _move_texts(contact_list, fields)
    after = {"name": name, "fields": contact_list.field_names}
    _record("contact_list.changed", contact_list, before, after, actor_id, now)
    return contact_list


@unit_of_work
def add_contact(*, contact_list: ContactList, details: Details, actor_id: int, now: datetime) -> Contact:
    """Add one contact. Raises `NumberTaken`, `ListFull`."""
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    if contact_list.contacts.filter(number=details.number).exists():
        raise NumberTaken
    if contact_list.contacts.count() >= MAX_CONTACTS:
        raise ListFull(0)
    contact = contact_list.contacts.create(
        number=details.number, name=details.name, fields=dict(details.fields), created_at=now
    )
    _record("contact_list.extended", contact_list, {}, {"contact_count": 1}, actor_id, now)
    return contact


@unit_of_work
def change_contact(*, contact: Contact, details: Details, actor_id: int, now: datetime) -> None:
    """Write a contact anew. Raises `NumberTaken`."""
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact.contact_list_id)
    if contact_list.contacts.filter(number=details.number).exclude(pk=contact.pk).exists():
        raise NumberTaken
    Contact.objects.filter(pk=contact.pk).update(number=details.number, name=details.name, fields=dict(details.fields))
    _record("contact_list.contact_changed", contact_list, {}, {"contact": str(contact.public_id)}, actor_id, now)


@unit_of_work
def erase(*, account: Account, number: str, actor_id: int, now: datetime) -> int:
    """Delete a number (E.164) from every list of the account and return from how many.

    An opt-out stays, since it is what keeps messages away, and so does the history of what was sent.
    """
    count, _ = Contact.objects.filter(contact_list__account=account, number=number).delete()
    # The number itself is not written down again: it is to be forgotten.
    audit.record(
        action="contact.erased", actor_id=actor_id, account_id=account.pk, after={"list_count": count}, now=now
    )
    return count


def lists_with(account: Account, number: str) -> list[ContactList]:
    """The account's lists that hold a number, by name."""
    return list(ContactList.objects.filter(account=account, contacts__number=number).order_by("name"))


def _move_texts(contact_list: ContactList, fields: Sequence[Field]) -> None:
    """Give the texts of renamed fields their new names. Two steps: names may be exchanged."""
    moved = [field for field in fields if field.before and field.before != field.after]
    for place, field in enumerate(moved):
        _move(contact_list, field.before, f"{{{place}}}" if field.after else "")
    for place, field in enumerate(moved):
        if field.after:
            _move(contact_list, f"{{{place}}}", field.after)


def _move(contact_list: ContactList, before: str, after: str) -> None:
    moved = "(fields - %s) || jsonb_build_object(%s, fields -> %s)" if after else "fields - %s"
    parameters: list[str | int] = [before, after, before] if after else [before]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE contacts_contact SET fields = {moved} WHERE contact_list_id = %s AND jsonb_exists(fields, %s)",  # noqa: S608 - two constants
            [*parameters, contact_list.pk, before],
        )


def _record(
    action: str,
    contact_list: ContactList,
    before: Mapping[str, object],
    after: Mapping[str, object],
    actor_id: int,
    now: datetime,
) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=contact_list.account_id,
        subject=f"contact_list:{contact_list.public_id}",
        before=before,
        after=after,
        now=now,
    )
