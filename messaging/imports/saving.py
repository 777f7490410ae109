"""Saving what was read and confirmed: in one transaction, by one statement, or not at all."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from messaging.contacts import bulk
from messaging.contacts import services as contacts
from messaging.contacts.bulk import Origin, Taken
from messaging.contacts.models import MAX_FIELDS, ContactList
from messaging.contacts.selectors import NAME, Recipient
from messaging.imports import claims
from messaging.imports.columns import Plan
from messaging.imports.faults import FileFault
from messaging.imports.models import COUNTING, ContactImport, ImportRow, Purpose, State
from messaging.imports.reading import list_of
from portal.transactions import unit_of_work

CHUNK: Final = 5_000


class CannotSave(Exception):
    """What was confirmed cannot be saved any more; `fault` says why."""

    def __init__(self, fault: FileFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def save(contact_import: ContactImport, now: datetime) -> None:
    """Save a claimed import. Whoever is killed here has saved nothing; whoever comes late saves nothing either."""
    try:
        _save(contact_import, now)
    except CannotSave as refused:
        claims.finish(contact_import, state=State.FAILED, fault=refused.fault, finished_at=now)


@unit_of_work
def _save(contact_import: ContactImport, now: datetime) -> None:
    claims.hold(contact_import)
    if contact_import.purpose == Purpose.OPT_OUTS:
        contact_list, taken = None, Taken(_opt_out(contact_import, now), 0)
    else:
        contact_list = _list(contact_import, now)
        taken = _add(contact_import, contact_list, now)
    ImportRow.objects.filter(contact_import=contact_import, outcome__in=COUNTING).delete()
    claims.finish(
        contact_import,
        state=State.SAVED,
        added_count=taken.added_count,
        renewed_count=taken.renewed_count,
        list_public_id=contact_list.public_id if contact_list else None,
        finished_at=now,
    )


def _add(contact_import: ContactImport, contact_list: ContactList, now: datetime) -> Taken:
    plan = Plan.of(contact_import.plan)
    if len({*contact_list.field_names, *plan.fields}) > MAX_FIELDS:
        raise CannotSave(FileFault.TOO_MANY_FIELDS)
    try:
        return bulk.add(
            contact_list=contact_list,
            contacts=_recipients(contact_import),
            field_names=plan.fields,
            origin=_origin(contact_import),
            renew=contact_import.update_known,
            now=now,
        )
    except contacts.ListFull as full:
        raise CannotSave(FileFault.LIST_FULL) from full


def _list(contact_import: ContactImport, now: datetime) -> ContactList:
    """The list that is meant, or the new one that is made for it."""
    if contact_import.list_public_id:
        found = list_of(contact_import)
        if found is None:
            raise CannotSave(FileFault.LIST_GONE)
        return found
    try:
        return contacts.create_list(
            account=contact_import.account,
            name=contact_import.list_name,
            entries=[],
            actor_id=contact_import.created_by_id,
            now=now,
        )
    except contacts.NameTaken as taken:
        raise CannotSave(FileFault.NAME_TAKEN) from taken


def _opt_out(contact_import: ContactImport, now: datetime) -> int:
    numbers = (recipient.number for recipient in _recipients(contact_import))
    return bulk.opt_out(account=contact_import.account, numbers=numbers, origin=_origin(contact_import), now=now)


def _origin(contact_import: ContactImport) -> Origin:
    return Origin(contact_import.public_id, contact_import.created_by_id)


def _recipients(contact_import: ContactImport) -> Iterator[Recipient]:
    """The rows that count, each number once, in the order of the file."""
    rows: Any = ImportRow.objects.filter(contact_import=contact_import, outcome__in=COUNTING).order_by("pk")
    for number, name, fields in rows.values_list("number", "name", "fields").iterator(chunk_size=CHUNK):
        yield Recipient(number, {**fields, NAME: name} if name else fields)
