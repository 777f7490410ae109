"""Tables in .xlsx files: the sheets, and their rows as text. Streamed; formulas are not computed, only their last values read.

A number that a spreadsheet has shortened is written here as the spreadsheet shows it (4.479E+11), so that it is
recognised for what it is and not taken for a telephone number that ends in zeros.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import IO, Final

from messaging.imports import archive
from messaging.imports.archive import Attributes
from messaging.imports.faults import FileFault, Unreadable

MAX_SHEETS: Final = 200
MAX_ROW: Final = 1_048_576
"""The last row of a sheet; Excel knows no more."""

MAX_WIDTH: Final = 16_384
MAX_CELL: Final = 32_767
MAX_TEXTS: Final = 5_000_000
"""Different texts that the cells of a workbook may share."""

# Excel's own formats that show a date, a time of day, or both; formats of one's own are known by their letters.
DAYS: Final = frozenset({14, 15, 16, 17, 22, *range(27, 37), *range(50, 59)})
TIMES: Final = frozenset({18, 19, 20, 21, 22, 45, 46, 47})
_LITERAL: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_ESCAPED: Final = re.compile(r"_x000[dD]_")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that can be seen: its name and where it stands in the archive."""

    name: str
    path: str


class Workbook:
    """An .xlsx file of `size` bytes. Raises `Unreadable` for what is none, or none that is safe to read."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._archive = archive.opened(file, size)
        self._names = {name.lower().lstrip("/"): name for name in self._archive.namelist()}
        self._epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell knows no zone
        self.sheets = self._read_sheets()
        self._dates = self._read_styles()
        self._texts: list[str] | None = None

    def rows(self, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
        """The rows of a sheet that have a cell, each with its number in the sheet. Raises `Unreadable`."""
        if self._texts is None:
            self._texts = self._read_texts()
        reader = _SheetReader(self._texts, self._dates, self._epoch)
        with self._part(sheet.path) as source:
            for _ in archive.parse(source, start=reader.start, end=reader.end, text=reader.text):
                yield from reader.take()

    def _part(self, path: str) -> IO[bytes]:
        try:
            return self._archive.open(self._names[path.lower()])
        except (KeyError, zipfile.BadZipFile, RuntimeError, OSError) as error:
            raise Unreadable(FileFault.DAMAGED) from error

    def _elements(self, path: str) -> Iterator[tuple[str, Attributes]]:
        found: list[tuple[str, Attributes]] = []
        with self._part(path) as source:
            for _ in archive.parse(source, start=lambda name, attributes: found.append((name, attributes))):
                yield from found
                found.clear()

    def _read_sheets(self) -> list[Sheet]:
        targets = {
            attributes.get("Id", ""): attributes.get("Target", "")
            for name, attributes in self._elements("xl/_rels/workbook.xml.rels")
            if name == "Relationship"
        }
        sheets: list[Sheet] = []
        for name, attributes in self._elements("xl/workbook.xml"):
            if name == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self._epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - a cell knows no zone
            if name == "sheet" and attributes.get("state", "visible") == "visible":
                key = next((value for key, value in attributes.items() if key.endswith(":id")), "")
                target = targets.get(key, "")
                path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                if "worksheets/" in path:
                    sheets.append(Sheet(attributes.get("name", ""), path))
        if len(sheets) > MAX_SHEETS:
            raise Unreadable(FileFault.TOO_MUCH_INSIDE)
        return sheets

    def _read_styles(self) -> list[str]:
        """For each style of a cell the pattern that its number is shown with if it is a moment, else ""."""
        if "xl/styles.xml" not in self._names:
            return []
        codes: dict[str, str] = {}
        patterns: list[str] = []
        is_inside = False
        for name, attributes in self._elements("xl/styles.xml"):
            if name == "numFmt":
                codes[attributes.get("numFmtId", "")] = _pattern(attributes.get("formatCode", ""))
            elif name in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
                is_inside = name == "cellXfs"
            elif name == "xf" and is_inside:
                number = attributes.get("numFmtId", "0")
                patterns.append(codes.get(number) or _own_pattern(number))
        return patterns

    def _read_texts(self) -> list[str]:
        if "xl/sharedstrings.xml" not in self._names:
            return []
        reader = _TextReader()
        with self._part("xl/sharedStrings.xml") as source:
            for _ in archive.parse(source, start=reader.start, end=reader.end, text=reader.text):
                if len(reader.texts) > MAX_TEXTS:
                    raise Unreadable(FileFault.TOO_MUCH_INSIDE)
        return reader.texts


class _TextReader:
    """Collects the shared texts; how a text is pronounced (`rPh`) is no part of it."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._is_text = self._is_sound = False

    def start(self, name: str, _: Attributes) -> None:
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._is_sound = True
        self._is_text = name == "t" and not self._is_sound

    def end(self, name: str) -> None:
        if name == "si":
            self.texts.append("".join(self._pieces)[:MAX_CELL])
        elif name == "rPh":
            self._is_sound = False
        self._is_text = False

    def text(self, piece: str) -> None:
        if self._is_text:
            self._pieces.append(piece)


class _SheetReader:
    """Collects the rows of a sheet as text."""

    def __init__(self, texts: Sequence[str], dates: Sequence[str], epoch: datetime) -> None:
        self._texts, self._dates, self._epoch = texts, dates, epoch
        self._rows: list[tuple[int, list[str]]] = []
        self._row_number = self._column = 0
        self._cells: list[str] = []
        self._kind = self._style = ""
        self._pieces: list[str] = []
        self._length = 0
        self._is_value = False

    def take(self) -> list[tuple[int, list[str]]]:
        """The rows that are complete, handed out once."""
        rows, self._rows = self._rows, []
        return rows

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._column = _column(attributes.get("r", "")) or self._column + 1
            self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._pieces, self._length = [], 0
        elif name in {"v", "t"}:
            self._is_value = True
        elif name == "row":
            self._row_number = _whole(attributes.get("r", ""), self._row_number + 1)
            self._column, self._cells = 0, []
            if self._row_number > MAX_ROW:
                raise Unreadable(FileFault.TOO_MANY_ROWS)
        elif name == "rPh":
            self._is_value = False

    def text(self, piece: str) -> None:
        if self._is_value and self._length < MAX_CELL:
            self._pieces.append(piece)
            self._length += len(piece)

    def end(self, name: str) -> None:
        if name in {"v", "t"}:
            self._is_value = False
        elif name == "c":
            value = self._value("".join(self._pieces)[:MAX_CELL])
            if value:
                if not 0 < self._column <= MAX_WIDTH:
                    raise Unreadable(FileFault.TOO_MANY_COLUMNS)
                self._cells += [""] * (self._column - 1 - len(self._cells))
                self._cells.append(value)
        elif name == "row" and self._cells:
            self._rows.append((self._row_number, self._cells))

    def _value(self, text: str) -> str:
        if self._kind == "s":
            place = _whole(text, -1)
            return self._texts[place] if 0 <= place < len(self._texts) else ""
        if self._kind == "n" and text:
            style = _whole(self._style, 0)
            pattern = self._dates[style] if style < len(self._dates) else ""
            return _moment(text, pattern, self._epoch) if pattern else _number(text)
        if self._kind == "b":
            return "1" if text == "1" else "0"
        return _ESCAPED.sub(" ", text)


def _column(reference: str) -> int:
    """The number of a cell's column: 28 for "AB7"; 0 where there is no reference."""
    number = 0
    for char in reference[:4]:
        if not char.isalpha():
            break
        number = number * 26 + ord(char.upper()) - 64
    return number


def _whole(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _number(text: str) -> str:
    try:
        value = float(text)
    except ValueError:
        return text
    if not value.is_integer() or abs(value) >= 1e16:
        return text
    whole = str(int(value))
    zeros = len(whole) - len(whole.rstrip("0"))
    if value > 0 and len(whole) >= 11 and zeros >= 6:
        return f"{value:.{len(whole) - zeros - 1}E}"
    return whole


def _moment(text: str, pattern: str, epoch: datetime) -> str:
    """Days since the epoch as a date, day first as all languages of Saldo write it."""
    try:
        moment = epoch + timedelta(days=float(text)) + timedelta(milliseconds=1)
        return moment.strftime(pattern)
    except (ValueError, OverflowError):
        return text


def _pattern(code: str) -> str:
    letters = _LITERAL.sub("", code.split(";", maxsplit=1)[0]).lower()
    is_day, is_time = any(char in letters for char in "dy"), any(char in letters for char in "hs")
    return _shown(is_day=is_day, is_time=is_time)


def _own_pattern(number: str) -> str:
    known = _whole(number, 0)
    return _shown(is_day=known in DAYS, is_time=known in TIMES)


def _shown(*, is_day: bool, is_time: bool) -> str:
    return " ".join(part for part, is_there in (("%d/%m/%Y", is_day), ("%H:%M", is_time)) if is_there)
