"""Many contacts at once: copied into a table of their own and taken over by one statement, whatever their number."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final
from uuid import UUID

from django.db import connection

from messaging.contacts.models import MAX_CONTACTS, Contact, ContactList, Source
from messaging.contacts.selectors import CHUNK, NAME, Recipient
from messaging.contacts.services import ListFull
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

_TAKE: Final = """
    WITH taken AS (
        INSERT INTO contacts_contact AS mine
            (public_id, contact_list_id, number, name, fields, import_public_id, created_at)
        SELECT gen_random_uuid(), %%s, number, name, fields, %%s, %%s FROM incoming ORDER BY place
        ON CONFLICT (contact_list_id, number) DO %s
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM taken
"""
_RENEW: Final = """UPDATE SET
    fields = mine.fields || EXCLUDED.fields,
    name = CASE WHEN EXCLUDED.name = '' THEN mine.name ELSE EXCLUDED.name END
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """How many are new, and how many were there already and have been renewed."""

    added_count: int
    renewed_count: int


@dataclass(frozen=True, slots=True)
class Origin:
    """The import that brings something, and who confirmed it."""

    public_id: UUID
    actor_id: int


@unit_of_work
def add(
    *,
    contact_list: ContactList,
    contacts: Iterable[Recipient],
    field_names: Iterable[str],
    origin: Origin,
    renew: bool,
    now: datetime,
) -> Taken:
    """Add contacts, each number once, with their name under "name" among the fields. Raises `ListFull`: nothing is added.

    `field_names` are those the list gets beside its own. A number that is there already stays as it is, or, with
    `renew`, takes over the name and the fields that are filled in.
    """
    contact_list = ContactList.objects.select_for_update(no_key=True).get(pk=contact_list.pk)
    contact_list.field_names += [name for name in field_names if name not in contact_list.field_names]
    contact_list.save(update_fields=["field_names"])
    _copy(contacts)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE % (_RENEW if renew else "NOTHING"), [contact_list.pk, origin.public_id, now])
        taken = Taken(*cursor.fetchone())
    if Contact.objects.filter(contact_list=contact_list).count() > MAX_CONTACTS:
        raise ListFull(0)
    _record("contact_list.imported", contact_list, origin, {"contact_count": taken.added_count}, now)
    return taken


@unit_of_work
def opt_out(*, account: Account, numbers: Iterable[str], origin: Origin, now: datetime) -> int:
    """Send nothing more to the numbers (E.164) of a file; return how many are new."""
    _copy(Recipient(number, {}) for number in numbers)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO contacts_optout
                (public_id, account_id, number, source, cause, import_public_id, created_by_id, created_at)
            SELECT gen_random_uuid(), %s, number, %s, '', %s, %s, %s FROM incoming ORDER BY place
            ON CONFLICT (account_id, number) DO NOTHING
            """,
            [account.pk, Source.IMPORT, origin.public_id, origin.actor_id, now],
        )
        count = int(cursor.rowcount)
    after = {"number_count": count, "source": Source.IMPORT.value}
    subject = f"import:{origin.public_id}"
    audit.record(
        action="opt_out.added", actor_id=origin.actor_id, account_id=account.pk, subject=subject, after=after, now=now
    )
    return count


@unit_of_work
def remove(*, contact_list: ContactList, origin: Origin, now: datetime) -> int:
    """Take out of the list what an import added to it, and return how many; what it renewed stays as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM contacts_contact WHERE contact_list_id = %s AND import_public_id = %s",
            [contact_list.pk, origin.public_id],
        )
        count = int(cursor.rowcount)
    _record("contact_list.import_removed", contact_list, origin, {"contact_count": count}, now)
    return count


def _copy(contacts: Iterable[Recipient]) -> None:
    """Fill the table `incoming`, chunk by chunk: what is read from the same connection can be read between them."""
    numbered = enumerate(contacts)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.incoming")
        cursor.execute(
            "CREATE TEMPORARY TABLE incoming (place integer, number varchar(16), name varchar(120), fields jsonb) "
            "ON COMMIT DROP"
        )
        while chunk := list(islice(numbered, CHUNK)):
            with cursor.copy("COPY incoming (place, number, name, fields) FROM STDIN") as copy:
                for place, contact in chunk:
                    fields = {name: text for name, text in contact.fields.items() if name != NAME}
                    copy.write_row((place, contact.number, contact.fields.get(NAME, ""), json.dumps(fields)))


def _record(action: str, contact_list: ContactList, origin: Origin, after: dict[str, object], now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=origin.actor_id,
        account_id=contact_list.account_id,
        subject=f"contact_list:{contact_list.public_id}",
        after={**after, "import": str(origin.public_id)},
        now=now,
    )
