"""A statement as a table (.csv): its separator, what its columns mean, how its amounts and days are written."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing.bank.entries import CURRENCY, MAX_CENTS, MAX_ENTRIES, YEARS, Contents, Entry, Fault, LeftOut, Unreadable

SEPARATORS: Final = (";", ",", "\t")
MAX_COLUMNS: Final = 60
MAX_LINE: Final = 100_000
DAY, AMOUNT, OUT, TEXT, PAYER, PAYER_IBAN, REFERENCE, CURRENCY_COLUMN = (
    "day",
    "amount",
    "out",
    "text",
    "payer",
    "payer_iban",
    "reference",
    "currency",
)
# Words of headings, as Italian, English and French banks write them; the first that fits takes the column.
_HEADINGS: Final = {
    DAY: ("data contabile", "data operazione", "booking date", "data", "date"),
    AMOUNT: ("accrediti", "avere", "entrate", "credit", "crédit", "importo", "amount", "montant"),
    PAYER_IBAN: ("iban",),
    PAYER: ("ordinante", "controparte", "payer", "counterparty", "debtor", "nome", "name", "donneur"),
    TEXT: ("causale", "descrizione", "remittance", "description", "text", "libellé", "details"),
    REFERENCE: ("riferimento", "cro", "trn", "reference", "référence"),
    CURRENCY_COLUMN: ("divisa", "valuta iso", "currency", "devise"),
    OUT: ("addebiti", "dare", "uscite", "debit", "débit"),
}
_DAY_FIRST: Final = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")


@dataclass(frozen=True, slots=True)
class Plan:
    """Which column (its place) means what, and the decimal mark of the amounts."""

    columns: Mapping[str, int]
    decimal_mark: str = ","

    @property
    def is_complete(self) -> bool:
        """Whether it says at least when how much came."""
        return DAY in self.columns and AMOUNT in self.columns


@dataclass(frozen=True, slots=True)
class Table:
    """The heading and the rows of a file."""

    heading: list[str]
    rows: list[list[str]]


def look(content: bytes) -> Table:
    """Read a table. The heading is the first row of the most common width that reads like one. Raises `Unreadable`."""
    text = _decoded(content)
    if max(map(len, text.splitlines()), default=0) > MAX_LINE:
        raise Unreadable(Fault.NO_STATEMENT)
    separator = max(SEPARATORS, key=lambda each: _evenness(text, each))
    try:
        rows = [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        ]
    except csv.Error as error:
        raise Unreadable(Fault.DAMAGED) from error
    rows = [row for row in rows if any(row)]
    if len(rows) > MAX_ENTRIES:
        raise Unreadable(Fault.TOO_MANY)
    widths = [len(row) for row in rows if len(row) > 1]
    if not widths:
        raise Unreadable(Fault.NO_STATEMENT)
    width = max(set(widths), key=lambda each: (widths.count(each), each))
    wide = [place for place, row in enumerate(rows) if len(row) == width]
    first = next((place for place in wide[:20] if {DAY, AMOUNT} <= _meanings(rows[place]).keys()), wide[0])
    if width > MAX_COLUMNS or len(rows) == first + 1:
        raise Unreadable(Fault.NO_STATEMENT)
    if any(_swallows(cell, separator) for row in rows for cell in row if "\n" in cell):
        raise Unreadable(Fault.DAMAGED)
    return Table(rows[first], rows[first + 1 :])


def guess(table: Table) -> Plan:
    """What the columns mean, as far as their headings say, and the decimal mark that the amounts show."""
    columns = _meanings(table.heading)
    amounts = [_cell(row, columns[AMOUNT]) for row in table.rows] if AMOUNT in columns else []
    return Plan(columns, decimal_mark(amounts))


def decimal_mark(amounts: Sequence[str]) -> str:
    """Comma or point: what stands before one or two last digits in most amounts; a comma where none shows it."""
    endings = [found[1] for each in amounts if (found := re.search(r"([.,])\d{1,2}\D*$", each))]
    return "." if endings.count(".") > endings.count(",") else ","


def read(table: Table, plan: Plan) -> Contents:
    """What came and what went out; rows that say no day or no amount are counted and left out."""
    contents = Contents()
    for row in table.rows:
        given = {meaning: _cell(row, place) for meaning, place in plan.columns.items()}
        cents, booked_on = _moved(given, plan.decimal_mark), to_day(given[DAY])
        wrong = _wrong(given, cents, booked_on)
        if wrong or cents is None or booked_on is None:
            contents.left_out[wrong or LeftOut.NO_AMOUNT] += 1
            continue
        taken = contents.entries if cents > 0 else contents.outgoing
        taken.append(
            Entry(
                booked_on,
                abs(cents),
                payer_name=given.get(PAYER, "")[:140],
                payer_iban="".join(given.get(PAYER_IBAN, "").split()).upper()[:34],
                text=given.get(TEXT, "")[:1000],
                bank_reference=given.get(REFERENCE, "")[:140],
            )
        )
    return contents


def to_cents(written: str, mark: str) -> int | None:
    """Cents of "1.234,56" (mark ",") or "1,234.56" (mark "."); None for what is no amount, or could be read in two ways."""
    group = "." if mark == "," else ","
    text = re.sub(r"[\s €']|EUR", "", written).replace("\u2212", "-")
    sign = -1 if text.startswith("-") or text.endswith("-") else 1
    text = text.strip("+-")
    shape = rf"(\d{{1,3}}(?:\{group}\d{{3}})+|\d+)(?:\{mark}(\d{{1,2}}))?"
    found = re.fullmatch(shape, text, re.ASCII)
    if not found or len(text) > 20:
        return None
    cents = int(found[1].replace(group, "")) * 100 + int((found[2] or "0").ljust(2, "0"))
    return sign * cents if cents <= MAX_CENTS else None


def to_day(written: str) -> date | None:
    """The day of "20/11/2026", "20.11.26" or "2026-11-20"; days stand first, as all banks of the euro area write them."""
    text = written.split(" ", maxsplit=1)[0].split("T", maxsplit=1)[0]
    if found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
        year = year + 2000 if len(found[3]) == 2 else year
    else:
        return None
    try:
        return date(year, month, day) if year in YEARS else None
    except ValueError:
        return None


def _moved(given: Mapping[str, str], mark: str) -> int | None:
    """The cents that came (above zero) or went out (below), in a column for both or in one for each."""
    came, went = (to_cents(given.get(meaning, ""), mark) for meaning in (AMOUNT, OUT))
    if not went:
        return came
    return None if came else -abs(went)


def _wrong(given: Mapping[str, str], cents: int | None, booked_on: date | None) -> LeftOut | None:
    if not given[AMOUNT] and not given.get(OUT):
        return LeftOut.EMPTY
    if not cents:
        return LeftOut.NO_AMOUNT
    if booked_on is None:
        return LeftOut.NO_DAY
    currency = given.get(CURRENCY_COLUMN, "")
    return LeftOut.CURRENCY if currency and currency.upper() not in (CURRENCY, "€") else None


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _swallows(cell: str, separator: str) -> bool:
    """Whether a cell of several lines holds what are rows: a quotation mark that nobody closed would hide payments."""
    parts = [line.split(separator) for line in cell.splitlines()[1:]]
    return any(len(cells) > 2 and any(to_day(each.strip()) for each in cells) for cells in parts)


def _decoded(content: bytes) -> str:
    """The text of a file; what is no text is no table."""
    names = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252", "latin-1"]
    for name in names:
        try:
            text = content.decode(name)
        except UnicodeError:
            continue
        if re.search(r"[\x00-\x08\x0e-\x1f]", text):
            break
        return text
    raise Unreadable(Fault.NO_STATEMENT)


def _evenness(text: str, separator: str) -> int:
    """How many of the first lines have as many separators as most have."""
    counts = [line.count(separator) for line in text.splitlines()[:50]]
    counts = [count for count in counts if count]
    return max((counts.count(count) * 100 + min(count, 50) for count in set(counts)), default=0)


def _meanings(heading_row: Sequence[str]) -> dict[str, int]:
    """The place of each meaning whose words stand in a heading."""
    columns: dict[str, int] = {}
    headings = [" ".join(heading.casefold().split()) for heading in heading_row]
    for meaning, words in _HEADINGS.items():
        for word in words:
            place = next((i for i, each in enumerate(headings) if word in each and i not in columns.values()), None)
            if place is not None:
                columns[meaning] = place
                break
    return columns
