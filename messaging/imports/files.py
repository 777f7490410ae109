"""A file that somebody chose: what it is, how it is to be read, and its rows. Streamed; nothing in it is ever executed."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final

from messaging.imports import archive, sheets, texts
from messaging.imports.faults import FileFault, Unreadable

MAX_BYTES: Final = 50_000_000
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 100
HEAD: Final = 20
"""Rows that are looked at to recognise the columns."""

_ZIP: Final = b"PK\x03\x04"
_CONTROL: Final = dict.fromkeys([*range(32), 127], " ")


class Kind(StrEnum):
    """How a file is written."""

    CSV = "csv"
    XLSX = "xlsx"


Row = tuple[int, list[str]]
"""The number of a row as a spreadsheet counts it, and its cells."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a file is to be read: as text in a charset with a separator, or a sheet (its place) of a workbook."""

    kind: Kind
    charset: str = ""
    separator: str = ""
    sheet: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """What a first look at a file shows: the manner, the sheet's name, the sheets there are, the first rows."""

    manner: Manner
    sheet_name: str
    sheet_count: int
    head: list[Row]


def look(file: IO[bytes], *, size: int) -> Look:
    """Look at a file of `size` bytes. Raises `Unreadable`, and reads no more of it than it must to say so."""
    if size > MAX_BYTES:
        raise Unreadable(FileFault.TOO_LARGE)
    file.seek(0)
    head = file.read(8)
    if not head:
        raise Unreadable(FileFault.EMPTY)
    if head.startswith(archive.OLE):
        raise Unreadable(FileFault.PROTECTED if archive.is_protected(file) else FileFault.OLD_EXCEL)
    if head.startswith(_ZIP):
        return _look_at_workbook(file, size)
    charset = texts.encoding(file)
    manner = Manner(Kind.CSV, charset, texts.delimiter(file, charset))
    first = _first(rows(file, manner, size=size))
    if not first:
        raise Unreadable(FileFault.EMPTY)
    return Look(manner, "", 0, first)


def rows(file: IO[bytes], manner: Manner, *, size: int) -> Iterator[Row]:
    """The rows that hold something, with clean cells. Raises `Unreadable` where that ends."""
    if manner.kind == Kind.CSV:
        written = enumerate(texts.rows(file, name=manner.charset, separator=manner.separator), start=1)
        return _bounded(written)
    workbook = sheets.Workbook(file, size)
    if manner.sheet >= len(workbook.sheets):
        raise Unreadable(FileFault.EMPTY)
    return _bounded(workbook.rows(workbook.sheets[manner.sheet]))


def _bounded(written: Iterator[Row]) -> Iterator[Row]:
    count = 0
    for number, raw in written:
        cells = [" ".join(cell.translate(_CONTROL).split()) for cell in raw]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        count += 1
        if len(cells) > MAX_COLUMNS:
            raise Unreadable(FileFault.TOO_MANY_COLUMNS)
        if count > MAX_ROWS + 1:  # one of them may be the headings
            raise Unreadable(FileFault.TOO_MANY_ROWS)
        yield number, cells


def _first(found: Iterator[Row]) -> list[Row]:
    return [row for row, _ in zip(found, range(HEAD), strict=False)]


def _look_at_workbook(file: IO[bytes], size: int) -> Look:
    """Look at the first sheet with a telephone number's worth of digits in it; else at the first that is not empty."""
    workbook = sheets.Workbook(file, size)
    looks = []
    for place, sheet in enumerate(workbook.sheets[:20]):
        head = _first(_bounded(workbook.rows(sheet)))
        if head:
            looks.append(Look(Manner(Kind.XLSX, sheet=place), sheet.name, len(workbook.sheets), head))
            if any(sum(map(str.isdigit, cell)) >= 8 for _, cells in head for cell in cells):
                return looks[-1]
    if not looks:
        raise Unreadable(FileFault.EMPTY)
    return looks[0]
