"""The report of a statement: every movement of a period, and the proof that it adds up to the unit.

The changes are added up again line by line, from the opening balance on. What comes out is compared with the balance
that the ledger wrote on the last of these entries, and on each of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing.credits import statement, wording
from billing.credits.statement import Book, Line
from billing.ledger import entries
from billing.ledger.entries import Period
from portal.reports.models import ReportRequest
from portal.templatetags import formats
from portal.workbook import MAX_ROWS, Column, Fact, Kind, Progress, Sheets, workbook

CHUNK: Final = 1_000
"""Rows after which progress is reported."""


@dataclass(slots=True)
class Sums:
    """A book of the report, in units: what it began with, the sums of its rows, and where rows and ledger part."""

    book: Book
    opening: int = 0
    added: int = 0
    taken: int = 0
    row_count: int = 0
    in_ledger: int = 0
    difference: int = 0

    @property
    def closing(self) -> int:
        """What the rows come to."""
        return self.opening + self.added + self.taken

    def add(self, line: Line) -> None:
        """Count a row in, and remember the first disagreement with the balance that the ledger wrote on it."""
        self.row_count += 1
        self.added += max(line.change, 0)
        self.taken += min(line.change, 0)
        self.in_ledger = line.balance
        self.difference = self.difference or self.closing - line.balance


@dataclass(frozen=True, slots=True)
class Totals:
    """What the report comes to: one book, or two where the wallet draws on another."""

    books: tuple[Sums, ...]

    @property
    def row_count(self) -> int:
        """All rows."""
        return sum(each.row_count for each in self.books)

    @property
    def control_units(self) -> int:
        """What the first book ends with."""
        return self.books[0].closing

    @property
    def difference_units(self) -> int:
        """Zero, or the books do not agree."""
        return sum(abs(each.difference) for each in self.books)


def write(
    report: ReportRequest, path: Path, *, made_at: datetime, progress: Progress, rows_per_sheet: int = MAX_ROWS
) -> Totals:
    """Write the workbook to `path` in the active language and return its totals."""
    # What is booked after this moment is another report's, so that all of this one is of the same past.
    period = Period(report.period_from, min(report.period_until, made_at))
    books = statement.books(report.account)
    all_rows = sum(entries.count(book.pot, period) for book in books if book.pot)
    totals = Totals(tuple(Sums(book, statement.sums(book, period).opening) for book in books))
    with workbook(path, zone=ZoneInfo(report.time_zone)) as book:
        progress(0, all_rows)
        book.describe(title=_("Statement"), author="Saldo")
        cover = book.add_cover(_("Summary"))
        for each in totals.books:
            each.in_ledger = each.opening
            table = book.add_table(_title(each.book), _columns(each.book), rows_per_sheet=rows_per_sheet)
            for line in _lines(each.book, period):
                _append(table, each.book, line)
                each.add(line)
                if totals.row_count % CHUNK == 0:
                    progress(totals.row_count, all_rows)
        book.write_cover(cover, _("Statement"), _facts(report, totals, made_at))
    progress(totals.row_count, totals.row_count)
    return totals


def _lines(book: Book, period: Period) -> Iterator[Line]:
    return statement.lines(book, entries.walk(book.pot, period)) if book.pot else iter(())


def _title(book: Book) -> str:
    return _("Credits used") if book.payer else _("Movements")


def _columns(book: Book) -> list[Column]:
    change = pgettext("credits", "Used") if book.payer else pgettext("of a balance", "Change")
    return [
        Column(_("Date"), Kind.MOMENT, 19),
        Column(_("Why"), Kind.TEXT, 40),
        Column(change, Kind.CREDITS, 16),
        Column(_("Used in all") if book.payer else _("Balance after"), Kind.CREDITS, 16),
        Column(_("Paid by") if book.payer else _("Other account"), Kind.TEXT, 28),
        Column(_("Who"), Kind.TEXT, 28),
    ]


def _append(table: Sheets, book: Book, line: Line) -> None:
    table.append(
        [
            line.transfer.created_at,
            wording.why(line),
            line.change,
            line.balance,
            str(line.other or (book.account if book.payer else "")),
            wording.who(line),
        ]
    )


def _facts(report: ReportRequest, totals: Totals, made_at: datetime) -> list[Fact | None]:
    period = _("%(first)s to %(last)s, both included") % {
        "first": formats.day(report.first_day),
        "last": formats.day(report.last_day),
    }
    facts: list[Fact | None] = [
        Fact(_("Account"), report.account.name),
        Fact(_("Period"), period),
        Fact(_("Time zone"), report.time_zone),
        Fact(_("Data as of"), made_at, Kind.MOMENT),
        Fact(_("Requested by"), str(report.requested_by)),
    ]
    for each in totals.books:
        facts += [None, *_sums(each)]
    explanation = _(
        "The changes of all rows are added up from the opening balance. The sum is compared with the balance that the "
        "ledger wrote on each entry when it was made; the difference is zero, or the books do not agree."
    )
    return [*facts, None, Fact(_("How the statement adds up"), explanation)]


def _sums(sums: Sums) -> list[Fact]:
    if sums.book.payer:
        first = [
            Fact(_("Unlimited: paid with the credits of"), sums.book.payer.name),
            Fact(_("Used before"), sums.opening, Kind.CREDITS),
            Fact(_("Used in this period"), sums.closing - sums.opening, Kind.CREDITS),
            Fact(_("Used in all"), sums.closing, Kind.CREDITS),
        ]
    else:
        first = [
            Fact(_("Opening balance"), sums.opening, Kind.CREDITS),
            Fact(pgettext("credits", "Added"), sums.added, Kind.CREDITS),
            Fact(_("Taken"), sums.taken, Kind.CREDITS),
            Fact(_("Closing balance"), sums.closing, Kind.CREDITS),
        ]
    return [
        *first,
        Fact(_("Written in the ledger"), sums.in_ledger, Kind.CREDITS),
        Fact(_("Difference to the ledger"), sums.difference, Kind.CREDITS),
        Fact(_("Movements"), sums.row_count, Kind.NUMBER),
    ]
