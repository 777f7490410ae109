"""A list or the opt-outs as a file: .xlsx as long as it is made while one waits, .csv of any length."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Final
from zoneinfo import ZoneInfo

from django.utils.text import slugify
from django.utils.translation import gettext as _

from messaging.contacts import selectors
from messaging.contacts.models import ContactList
from messaging.contacts.selectors import NAME
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.workbook import Column, Fact, Kind, workbook

MAX_ROWS: Final = 100_000
"""Rows of a workbook that is made while somebody waits; longer lists are text."""


@dataclass(frozen=True, slots=True)
class Table:
    """What goes into a file: its title, the headings, the rows (read once, never all at once), how many they are."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[str]]
    row_count: int

    @property
    def file_name(self) -> str:
        """The name without its suffix."""
        return f"saldo-{slugify(self.title) or 'list'}"


def of_list(contact_list: ContactList) -> Table:
    """The contacts of a list with all their fields; the same file can be imported again."""
    headings = [_("Number"), _("Name"), *contact_list.field_names]
    return Table(contact_list.name, headings, _contacts(contact_list), contact_list.contacts.count())


def of_opt_outs(account: Account) -> Table:
    """The numbers that want nothing from the account, with what caused it."""
    headings = [_("Number"), _("Cause"), _("What was said"), _("Since")]
    return Table(_("Opt-outs"), headings, _opt_outs(account), selectors.opt_outs(account).count())


def as_workbook(table: Table, account: Account, made_at: datetime) -> IO[bytes]:
    """The table as an .xlsx file, open for reading; it is gone when it is closed."""
    with tempfile.TemporaryDirectory(prefix="saldo-export-") as folder:
        path = Path(folder) / "list.xlsx"
        with workbook(path, zone=ZoneInfo(account.time_zone)) as book:
            book.describe(title=table.title, author="Saldo")
            cover = book.add_cover(_("Summary"))
            sheet = book.add_table(table.title, [Column(heading, Kind.TEXT, 22) for heading in table.headings])
            for row in table.rows:
                sheet.append(row)
            facts = [
                Fact(_("Account"), account.name),
                Fact(_("Data as of"), made_at, Kind.MOMENT),
                Fact(_("Rows"), sheet.row_count, Kind.NUMBER),
            ]
            book.write_cover(cover, table.title, facts)
        return path.open("rb")


def _contacts(contact_list: ContactList) -> Iterator[Sequence[str]]:
    for contact in selectors.recipients(contact_list):
        texts = [contact.fields.get(name, "") for name in contact_list.field_names]
        yield [contact.number, contact.fields.get(NAME, ""), *texts]


def _opt_outs(account: Account) -> Iterator[Sequence[str]]:
    for opt_out in selectors.opt_outs(account).iterator(chunk_size=2_000):
        yield [opt_out.number, opt_out.get_source_display(), opt_out.cause, formats.moment(opt_out.created_at)]
