"""Tables as text (.csv, .txt): which charset, which separator, and the rows. Streamed, with bounds on what is kept.

A charset is recognised by its byte order mark, by the zero bytes of UTF-16, or because the whole file is valid UTF-8,
which no other text longer than a few words is by chance. What remains is Windows' or ISO's Latin.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, Final

from messaging.imports.faults import FileFault, Unreadable

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
DELIMITERS: Final = (";", ",", "\t", "|")
HEAD: Final = 65_536
"""Characters that are looked at to find the separator."""

MAX_ROW: Final = 1_000_000
"""Characters of one row, which may go on over several lines inside quotation marks."""

_CHUNK: Final = 1_000_000
_CONTROL: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_MARKUP: Final = re.compile(r"\s*(<\?xml|<!doctype|<html|<table|%PDF|\{\\rtf)", re.IGNORECASE)
_SEPARATOR_LINE: Final = re.compile(r"\"?sep=(.)\"?\r?\n", re.IGNORECASE)
# "4,479E+11" holds no separator: it is a number as a spreadsheet shows it where the comma is decimal.
_DECIMAL_COMMA: Final = re.compile(r"(?<![\d,])\d+,\d+(?![\d,])")


def encoding(file: IO[bytes]) -> str:
    """Python's name of the file's charset. Raises `Unreadable` for what is no text."""
    file.seek(0)
    head = file.read(4096)
    for mark, name in MARKS:
        if head.startswith(mark):
            return _checked(file, name)
    if b"\x00" in head:
        # Every second byte of Latin text in UTF-16 is zero: the second of each pair in little endian.
        even, odd = head[::2].count(0), head[1::2].count(0)
        return _checked(file, "utf-16-le" if odd > even else "utf-16-be")
    for name in ("utf-8", "cp1252"):
        if _is_in(file, name):
            return name
    return "latin-1"


def delimiter(file: IO[bytes], name: str) -> str:
    """What separates the cells: the one that divides most lines into the same number of them."""
    head = _head(file, name)
    named = _SEPARATOR_LINE.match(head)
    if named:
        return named[1]
    lines = head.splitlines()[: -1 if len(head) == HEAD else None]
    best, most = ";", 0
    for candidate in DELIMITERS:
        score = _evenness(lines, candidate)
        if score > most:
            best, most = candidate, score
    return best


def rows(file: IO[bytes], *, name: str, separator: str) -> Iterator[list[str]]:
    """The rows as they stand, the line "sep=;" left out. Raises `Unreadable`."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=name, newline="")
    try:
        lines = _Lines(text)
        for row in csv.reader(lines, delimiter=separator):
            lines.length = 0
            yield row
    except csv.Error as error:
        raise Unreadable(FileFault.TOO_LONG) from error
    except UnicodeError as error:
        raise Unreadable(FileFault.DAMAGED) from error
    finally:
        with suppress(ValueError):  # whoever reads no further may have closed the file before this ends
            text.detach()


class _Lines:
    """The lines, as long as a row is of bounded length."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._is_first = True
        self.length = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._text.readline(MAX_ROW):
            self.length += len(line)
            if self.length >= MAX_ROW:
                raise Unreadable(FileFault.TOO_LONG)
            is_first, self._is_first = self._is_first, False
            if not (is_first and _SEPARATOR_LINE.fullmatch(line)):
                yield line


def _head(file: IO[bytes], name: str) -> str:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=name, newline="")
    try:
        head = text.read(HEAD)
    except UnicodeError as error:
        raise Unreadable(FileFault.DAMAGED) from error
    finally:
        text.detach()
    if _CONTROL.search(head) or _MARKUP.match(head):
        raise Unreadable(FileFault.NO_TABLE)
    return head


def _checked(file: IO[bytes], name: str) -> str:
    if not _is_in(file, name):
        raise Unreadable(FileFault.NO_TABLE)
    return name


def _is_in(file: IO[bytes], name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while chunk := file.read(_CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _evenness(lines: list[str], candidate: str) -> int:
    """How many lines have as many cells as most have, more than one; more cells count for a little more."""
    if candidate == ",":
        lines = [_DECIMAL_COMMA.sub("0", line) for line in lines]
    try:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=candidate) if row)
    except csv.Error:
        return 0
    widths.pop(1, None)
    return max((count * 100 + min(width, 50) for width, count in widths.items()), default=0)
