"""The verbs of imports: upload, choose the columns, confirm, remove; and the work that is done in the background."""

import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.files import File
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from messaging.contacts import bulk, editing
from messaging.contacts.bulk import Origin
from messaging.contacts.models import ContactList
from messaging.imports import claims, reading, saving
from messaging.imports.claims import Clock
from messaging.imports.columns import Plan
from messaging.imports.files import Look
from messaging.imports.models import FINAL, ContactImport, ImportRow, Purpose, State
from portal import sweeps
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

logger = logging.getLogger(__name__)

MAX_OPEN: Final = 10
"""Imports of an account that are not finished; each keeps a file."""

SMALL: Final = 150_000
"""Bytes of a file that is read and saved while the person waits: some 3,000 rows of text."""

ABANDONED_AFTER: Final = timedelta(days=7)
"""How long a file waits for its columns or its confirmation."""

ROWS_KEPT_FOR: Final = timedelta(days=30)
"""How long the refused rows of a finished import can be downloaded."""


class TooManyOpen(Exception):
    """The account has to finish or remove an import first."""


class NotNow(Exception):
    """The import is not in a state in which this can be done: somebody else did it, or something else, before."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the rows go: the opt-outs, a list, or a new list of that name."""

    purpose: Purpose
    contact_list: ContactList | None = None
    list_name: str = ""


@unit_of_work
def upload(
    *,
    account: Account,
    destination: Destination,
    file: File[bytes],
    look: Look,
    reference: UUID,
    actor_id: int,
    now: datetime,
) -> ContactImport:
    """Keep a file that has been looked at; with a `reference` that was used it is the same import. Raises `TooManyOpen`."""
    Account.objects.select_for_update(no_key=True).get(pk=account.pk)
    mine = ContactImport.objects.filter(account=account)
    known = mine.filter(reference=reference).first()
    if known:
        return known
    if mine.exclude(state__in=FINAL).count() >= MAX_OPEN:
        raise TooManyOpen
    contact_import = ContactImport(
        account=account,
        reference=reference,
        purpose=destination.purpose,
        list_public_id=destination.contact_list.public_id if destination.contact_list else None,
        list_name=destination.list_name,
        file_name=str(file.name)[-120:],
        file_size=file.size,
        manner=asdict(look.manner),
        sample={"sheet": look.sheet_name, "sheet_count": look.sheet_count, "head": look.head},
        created_by_id=actor_id,
        created_at=now,
    )
    contact_import.file.save(f"{contact_import.public_id}.{look.manner.kind}", file, save=False)
    contact_import.save()
    _record("import.uploaded", contact_import, {"file": contact_import.file_name}, actor_id, now)
    return contact_import


@unit_of_work
def choose_columns(*, contact_import: ContactImport, plan: Plan, actor_id: int, now: datetime) -> None:
    """Say what the columns mean; the file is then read in the background, anew if it was. Raises `NotNow`."""
    _change(
        contact_import,
        [State.UPLOADED, State.READ],
        state=State.READING,
        plan=plan.as_json(),
        report={},
        done_count=0,
        attempt_count=0,
    )
    _forget_rows(contact_import)
    _record("import.read", contact_import, {}, actor_id, now)


@unit_of_work
def confirm(*, contact_import: ContactImport, renew: bool, actor_id: int, now: datetime) -> None:
    """Save what was read; `renew` the contacts that are there already. Confirmed again it has no effect: `NotNow`."""
    _change(contact_import, [State.READ], state=State.SAVING, update_known=renew, attempt_count=0)
    _record("import.confirmed", contact_import, {}, actor_id, now)


@unit_of_work
def withdraw(*, contact_import: ContactImport, actor_id: int, now: datetime) -> int:
    """Remove an import: before it is saved nothing comes of it, afterwards what it added is taken out again.

    Returns how many contacts were taken out. Opt-outs stay: each is withdrawn by itself, with a reason. Raises `NotNow`.
    """
    was_saved = contact_import.state == State.SAVED
    if was_saved and contact_import.purpose == Purpose.OPT_OUTS:
        raise NotNow
    states = [State.SAVED] if was_saved else [State.UPLOADED, State.READING, State.READ, State.FAILED]
    _change(contact_import, states, state=State.WITHDRAWN, lease_until=None, finished_at=now)
    _forget_rows(contact_import)
    contact_list = reading.list_of(contact_import) if was_saved else None
    count = 0
    if contact_list is not None:
        count = bulk.remove(contact_list=contact_list, origin=Origin(contact_import.public_id, actor_id), now=now)
    _record("import.withdrawn", contact_import, {"contact_count": count}, actor_id, now)
    return count


@unit_of_work
def erase(*, account: Account, number: str, actor_id: int, now: datetime) -> int:
    """Forget a number (E.164): in every list of the account, and in what was read of files. Returns how many lists had it."""
    ImportRow.objects.filter(contact_import__account=account, number=number).delete()
    return editing.erase(account=account, number=number, actor_id=actor_id, now=now)


def work(*, import_id: int, clock: Clock = timezone.now) -> None:
    """Read or save an import, whichever is due, if nobody else is at it. It can be killed at any moment."""
    contact_import = claims.claim(import_id, clock())
    if contact_import is None:
        return
    try:
        if contact_import.state == State.READING:
            reading.read(contact_import, clock)
        else:
            saving.save(contact_import, clock())
    except claims.ClaimLost:
        logger.warning("Somebody else works on this import.", extra={"import": str(contact_import.public_id)})
    contact_import.refresh_from_db()
    if contact_import.is_final:
        clear_file(contact_import=contact_import)


def work_at_once(*, contact_import: ContactImport, clock: Clock = timezone.now) -> None:
    """Do the work of a small file now, while the person waits; a large one is left to the sweep."""
    if contact_import.file_size <= SMALL:
        work(import_id=contact_import.pk, clock=clock)


def clear_file(*, contact_import: ContactImport) -> None:
    """Delete the file of an import that is over; repeated it does nothing."""
    name = contact_import.file.name
    if name:
        contact_import.file.storage.delete(name)
        ContactImport.objects.filter(pk=contact_import.pk).update(file="")


def tidy(*, now: datetime) -> None:
    """Remove what was forgotten: files of imports that are over or were never confirmed, and rows kept long enough."""
    forgotten = ContactImport.objects.filter(
        Q(state=State.UPLOADED) | Q(state=State.READ), created_at__lte=now - ABANDONED_AFTER
    )
    forgotten.update(state=State.WITHDRAWN, finished_at=now)
    for contact_import in ContactImport.objects.filter(state=State.WITHDRAWN, rows__isnull=False).distinct():
        _forget_rows(contact_import)
    kept = ContactImport.objects.filter(state__in=FINAL, finished_at__lte=now - ROWS_KEPT_FOR, rows__isnull=False)
    for contact_import in kept.distinct():
        _forget_rows(contact_import)
    over = ContactImport.objects.filter(state__in=FINAL).exclude(file="")
    sweeps.each(over, lambda contact_import: clear_file(contact_import=contact_import))


def _change(contact_import: ContactImport, states: list[State], **facts: Any) -> None:
    if not ContactImport.objects.filter(pk=contact_import.pk, state__in=states).update(**facts):
        raise NotNow


def _forget_rows(contact_import: ContactImport) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM imports_importrow WHERE contact_import_id = %s", [contact_import.pk])


def _record(
    action: str, contact_import: ContactImport, after: Mapping[str, object], actor_id: int, now: datetime
) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=contact_import.account_id,
        subject=f"import:{contact_import.public_id}",
        after=after,
        now=now,
    )
