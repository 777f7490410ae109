"""The only writer of spreadsheets: typed columns, a cover sheet, and nothing that a cell could turn into a formula.

It streams: a sheet of a million rows needs the memory of one row. What a cell holds is decided by its column, never
by its content, so a text that looks like a formula, an address or a number stays the text it is.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import xlsxwriter

from billing.amounts import to_credits

MAX_ROWS: Final = 1_048_576
"""The rows of a sheet, its header included; Excel knows no more."""

MAX_CHARACTERS: Final = 32_767
"""What a cell holds; a longer text ends in an ellipsis."""

COVER_WIDTHS: Final = (38, 62)

Progress = Callable[[int, int], None]
"""Called with the rows written and the rows there are."""


class Kind(Enum):
    """What a column holds, and so how its cells are written."""

    TEXT = auto()  # what people typed, and telephone numbers: shown as text even when edited
    NUMBER = auto()  # a whole number
    CREDITS = auto()  # units (int), shown as credits with four decimals
    MOMENT = auto()  # an aware datetime, shown in the zone of the workbook
    DAY = auto()  # a date


# Day first: it is how all three languages of Saldo write dates.
NUMBER_FORMATS: Final = {
    Kind.TEXT: "@",
    Kind.NUMBER: "#,##0",
    Kind.CREDITS: "#,##0.0000",
    Kind.MOMENT: "dd/mm/yyyy hh:mm:ss",
    Kind.DAY: "dd/mm/yyyy",
}

Value = str | int | datetime | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what its cells hold, how wide it is in characters."""

    title: str
    kind: Kind
    width: int = 16


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the cover: what it says, the value, what the value is. A text may be a whole sentence."""

    label: str
    value: Value
    kind: Kind = Kind.TEXT


def sheet_name(name: str) -> str:
    """`name` without what Excel does not allow in the name of a sheet."""
    return "".join(char for char in name if char not in "[]:*?/\\")[:31]


def numbered(name: str, number: int) -> str:
    """The name of the sheet with this number, from 0, of a table."""
    return sheet_name(name) if not number else sheet_name(f"{name[:25]} {number + 1}")


def cut(text: str | None) -> str | None:
    """The text as a cell can hold it."""
    if text and len(text) > MAX_CHARACTERS // 2 and len(text.encode("utf-16-le")) // 2 > MAX_CHARACTERS:
        return text.encode("utf-16-le")[: 2 * (MAX_CHARACTERS - 1)].decode("utf-16-le", "ignore") + "…"
    return text


class Sheets:
    """One table in a workbook; it continues on a further sheet where a sheet is full."""

    def __init__(self, workbook: "Workbook", name: str, columns: Sequence[Column], rows_per_sheet: int) -> None:
        self._workbook = workbook
        self._name = name
        self._columns = columns
        self._rows_per_sheet = rows_per_sheet
        self._sheets: list[Any] = []
        self._next_row = 0
        self.row_count = 0
        self._begin_sheet()

    def append(self, values: Sequence[Value]) -> None:
        """Write one row; the values stand in the order of the columns."""
        if self._next_row == self._rows_per_sheet:
            self._begin_sheet()
        sheet = self._sheets[-1]
        for number, (column, value) in enumerate(zip(self._columns, values, strict=True)):
            self._workbook.write(sheet, self._next_row, number, column.kind, value)
        self._next_row += 1
        self.row_count += 1

    def finish(self) -> None:
        """Put the filter over what is in the last sheet."""
        self._filter()

    def _begin_sheet(self) -> None:
        if self._sheets:
            self._filter()
        sheet = self._workbook.add_sheet(numbered(self._name, len(self._sheets)))
        for number, column in enumerate(self._columns):
            sheet.set_column(number, number, column.width)
            sheet.write_string(0, number, column.title, self._workbook.heading)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        self._sheets.append(sheet)
        self._next_row = 1

    def _filter(self) -> None:
        self._sheets[-1].autofilter(0, 0, max(self._next_row - 1, 1), len(self._columns) - 1)


class Workbook:
    """An `.xlsx` file that is being written; open it with `workbook()`."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "remove_timezone": True,  # a cell knows no zone: moments are written in the workbook's own
            "tmpdir": str(path.parent),  # whoever removes the folder leaves nothing behind
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._zone = zone
        self._tables: list[Sheets] = []
        self._formats = {kind: self._book.add_format({"num_format": code}) for kind, code in NUMBER_FORMATS.items()}
        # What follows an apostrophe in Excel: the cell stays text when somebody edits it.
        self._formats[Kind.TEXT].set_quote_prefix()
        self.heading = self._book.add_format({"bold": True, "bg_color": "#E8EDF3", "bottom": 1, "text_wrap": True})
        self._title = self._book.add_format({"bold": True, "font_size": 16})
        self._label = self._book.add_format({"bold": True, "valign": "top", "text_wrap": True})
        self._facts = {
            kind: self._book.add_format({"num_format": code, "align": "left", "valign": "top", "text_wrap": True})
            for kind, code in NUMBER_FORMATS.items()
        }

    def describe(self, *, title: str, author: str) -> None:
        """Set what the file's properties say."""
        self._book.set_properties({"title": title, "author": author, "company": author})

    def add_cover(self, name: str) -> Any:
        """Make the first sheet; `write_cover` fills it once everything is known."""
        return self.add_sheet(name)

    def write_cover(self, sheet: Any, title: str, facts: Sequence[Fact | None]) -> None:
        """Write the title and one line for each fact; None leaves a line free."""
        for number, width in enumerate(COVER_WIDTHS):
            sheet.set_column(number, number, width)
        sheet.hide_gridlines(2)
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, title, self._title)
        for row, fact in enumerate(facts, start=2):
            if fact is not None:
                sheet.write_string(row, 0, fact.label, self._label)
                self.write(sheet, row, 1, fact.kind, fact.value, self._facts[fact.kind])

    def add_table(self, name: str, columns: Sequence[Column], *, rows_per_sheet: int = MAX_ROWS) -> Sheets:
        """Begin a table on a sheet of its own: frozen heading, filters, widths."""
        table = Sheets(self, name, columns, rows_per_sheet)
        self._tables.append(table)
        return table

    def add_sheet(self, name: str) -> Any:
        """Add an empty sheet; what Excel does not allow in its name is left out."""
        return self._book.add_worksheet(sheet_name(name))

    def write(self, sheet: Any, row: int, number: int, kind: Kind, value: Value, form: Any = None) -> None:
        """Write `value` as what its column holds; None leaves the cell empty."""
        if value is None or value == "":
            return
        form = form or self._formats[kind]
        if kind is Kind.TEXT:
            _write_text(sheet, row, number, str(value), form)
        elif kind is Kind.CREDITS and isinstance(value, int):
            sheet.write_number(row, number, to_credits(value), form)
        elif kind is Kind.NUMBER and isinstance(value, int):
            sheet.write_number(row, number, value, form)
        elif kind is Kind.MOMENT and isinstance(value, datetime):
            sheet.write_datetime(row, number, value.astimezone(self._zone), form)
        elif kind is Kind.DAY and isinstance(value, date):
            sheet.write_datetime(row, number, value, form)
        else:
            raise TypeError(f"{value!r} is no {kind.name}")

    def abandon(self) -> None:
        """Let go of what has been written so far."""
        for sheet in self._book.worksheets():
            sheet.row_data_fh.close()

    def close(self) -> None:
        """Finish every table and write the file."""
        for table in self._tables:
            table.finish()
        self._book.close()


@contextmanager
def workbook(path: Path, *, zone: ZoneInfo) -> Iterator[Workbook]:
    """Open a workbook at `path`; the file is complete after the block, and there is none when the block raised."""
    book = Workbook(path, zone)
    try:
        yield book
    except BaseException:
        book.abandon()
        raise
    book.close()


def _write_text(sheet: Any, row: int, number: int, text: str, form: Any) -> None:
    text = cut(text) or ""
    if text.startswith("<r>") and text.endswith("</r>"):
        # XlsxWriter takes such a text for finished XML and would write it as it stands. In runs it is only text.
        sheet.write_rich_string(row, number, text[:1], text[1:2], text[2:], form)
    else:
        sheet.write_string(row, number, text, form)
