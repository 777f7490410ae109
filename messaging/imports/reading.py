"""Reading a file in the background: row by row into what a contact would be, and the report before anything is saved.

Rows and progress are committed together, a chunk at a time, so that a reader that is killed is followed by one that
goes on behind the last chunk.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Q

from messaging.contacts import selectors as contacts_selectors
from messaging.contacts.fields import MAX_VALUE
from messaging.contacts.models import ContactList
from messaging.contacts.paste import MAX_NAME
from messaging.contacts.selectors import NAME
from messaging.encoding.numbers import InvalidNumber, NumberFault
from messaging.imports import claims, columns, files
from messaging.imports.claims import Clock
from messaging.imports.columns import Plan
from messaging.imports.faults import FileFault, Unreadable
from messaging.imports.files import Manner, Row
from messaging.imports.models import COUNTING, ContactImport, ImportRow, Outcome, Purpose, State

logger = logging.getLogger(__name__)

CHUNK: Final = 2_000
"""Rows that are read, looked up and written together; a second's work at most."""

MAX_WRITTEN: Final = 64

COLUMNS: Final = (
    "contact_import_id",
    "row_number",
    "outcome",
    "fault",
    "written",
    "number",
    "country",
    "is_opted_out",
    "name",
    "fields",
    "cells",
)


@dataclass(frozen=True, slots=True)
class Read:
    """A row as a contact: with a number, or with the fault that it has none."""

    row_number: int
    written: str
    number: str
    country: str
    fault: str
    fields: dict[str, str]
    cells: list[str]


def read(contact_import: ContactImport, clock: Clock) -> None:
    """Read the file of a claimed import from where the last reader left it, and write its report."""
    plan = Plan.of(contact_import.plan)
    contact_list = list_of(contact_import)
    try:
        with contact_import.file.open("rb") as file:
            rows = files.rows(file.file, Manner(**contact_import.manner), size=contact_import.file_size)
            wanted = islice(rows, contact_import.done_count + plan.has_headings, None)
            while chunk := list(islice(wanted, CHUNK)):
                _write(contact_import, contact_list, [_read(row, plan) for row in chunk], clock())
    except Unreadable as unreadable:
        _fail(contact_import, unreadable.fault, clock())
        return
    except FileNotFoundError:
        _fail(contact_import, FileFault.DAMAGED, clock())
        return
    _conclude(contact_import, clock())


def list_of(contact_import: ContactImport) -> ContactList | None:
    """The list that an import goes into; None for a new one, for opt-outs, and for one that is gone."""
    lists = ContactList.objects.filter(account=contact_import.account)
    return lists.filter(public_id=contact_import.list_public_id).first() if contact_import.list_public_id else None


def _read(row: Row, plan: Plan) -> Read:
    row_number, cells = row
    written = _cell(cells, plan.number)
    fields = {name: text[:MAX_VALUE] for name, place in plan.fields.items() if (text := _cell(cells, place))}
    if plan.name is not None and (name := _cell(cells, plan.name)):
        fields[NAME] = name[:MAX_NAME]
    try:
        number = columns.read_number(written, plan.region)
    except InvalidNumber as error:
        return Read(row_number, written[:MAX_WRITTEN], "", "", error.reason.value, {}, cells)
    return Read(row_number, written[:MAX_WRITTEN], number.e164, number.country, "", fields, cells)


def _cell(cells: list[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""


def _write(contact_import: ContactImport, contact_list: ContactList | None, rows: list[Read], now: datetime) -> None:
    numbers = {row.number for row in rows if row.number}
    opted_out = contacts_selectors.opted_out(contact_import.account, numbers)
    if contact_import.purpose == Purpose.OPT_OUTS:
        known = opted_out
    else:
        known = contacts_selectors.known(contact_list, numbers) if contact_list else frozenset()
    with transaction.atomic():
        contact_import.done_count += len(rows)
        claims.renew(contact_import, now, done_count=contact_import.done_count)
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY imports_importrow ({', '.join(COLUMNS)}) FROM STDIN") as copy,
        ):
            for values in _values(contact_import.pk, rows, known, opted_out):
                copy.write_row(values)


def _values(import_id: int, rows: Iterable[Read], known: frozenset[str], out: frozenset[str]) -> Iterator[Any]:
    for row in rows:
        fields = dict(row.fields)
        name = fields.pop(NAME, "")
        if row.fault:
            outcome, cells = Outcome.INVALID, row.cells
        else:
            outcome, cells = Outcome.KNOWN if row.number in known else Outcome.NEW, []
        yield (
            import_id,
            row.row_number,
            outcome.value,
            row.fault,
            row.written,
            row.number,
            row.country,
            row.number in out,
            name,
            json.dumps(fields),
            json.dumps(cells),
        )


def _conclude(contact_import: ContactImport, now: datetime) -> None:
    if not contact_import.done_count:
        _fail(contact_import, FileFault.ONLY_HEADINGS, now)
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            # The first row with a number is the one that counts.
            cursor.execute(
                """
                UPDATE imports_importrow SET outcome = %s WHERE id IN (
                    SELECT id FROM (
                        SELECT id, row_number() OVER (PARTITION BY number ORDER BY row_number) AS place
                        FROM imports_importrow WHERE contact_import_id = %s AND number <> ''
                    ) AS numbered WHERE place > 1
                )
                """,
                [Outcome.REPEATED, contact_import.pk],
            )
        claims.finish(contact_import, state=State.READ, report=_report(contact_import))


def _report(contact_import: ContactImport) -> dict[str, Any]:
    """What saving would do: rows by outcome, invalid ones by fault, countries of those that count, the opted out."""
    rows = ImportRow.objects.filter(contact_import=contact_import)
    counting = rows.filter(outcome__in=COUNTING)
    totals = rows.aggregate(
        **{outcome.value: Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome},
        shortened=Count("pk", filter=Q(fault=NumberFault.EXCEL_EXPONENT)),
    )
    faults = rows.exclude(fault="").values_list("fault").annotate(count=Count("pk")).order_by("-count", "fault")
    countries = counting.values_list("country").annotate(count=Count("pk")).order_by("-count", "country")
    return {
        **totals,
        "rows": contact_import.done_count,
        "opted_out": counting.filter(is_opted_out=True).count(),
        "faults": [list(each) for each in faults],
        "countries": [list(each) for each in countries],
    }


def _fail(contact_import: ContactImport, fault: FileFault, now: datetime) -> None:
    logger.warning("A file could not be imported.", extra={"import": str(contact_import.public_id), "fault": fault})
    claims.finish(contact_import, state=State.FAILED, fault=fault, finished_at=now)
