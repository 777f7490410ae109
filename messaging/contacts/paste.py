"""Contacts as people paste them: a number a line, or a name beside it ("Anna Rossi; +39 347 123 4567"). Pure."""

import re
from dataclasses import dataclass
from typing import Final

from messaging.encoding import numbers
from messaging.encoding.numbers import InvalidNumber, NumberFault, PasteTooLong, TooManyNumbers

MAX_CONTACTS: Final = 10_000
"""Lines of one paste."""

MAX_NAME: Final = 120

# Semicolon and tab are what spreadsheets write; a comma parts only where neither is there.
_STRONG: Final = re.compile(r"[;\t]")
_WEAK: Final = re.compile(r",")


@dataclass(frozen=True, slots=True)
class Entry:
    """A number in E.164 and a name, which may be empty."""

    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a pasted text held: each line is an entry, a duplicate of one, or invalid with its reason."""

    entries: tuple[Entry, ...]
    duplicate_count: int
    invalid: tuple[tuple[str, NumberFault], ...]


def read(raw: str, *, region: str) -> Pasted:
    """Read one contact a line; numbers without an international prefix belong to `region` (ISO 3166).

    Raises `PasteTooLong`, and `TooManyNumbers` where there are more than `MAX_CONTACTS`.
    """
    if len(raw) > numbers.MAX_PASTE_CHARACTERS:
        raise PasteTooLong(numbers.MAX_PASTE_CHARACTERS)
    lines = [line for line in map(str.strip, raw.splitlines()) if line]
    pieces = list(map(_pieces, lines))
    if len(lines) > MAX_CONTACTS or sum(map(len, pieces)) > 3 * MAX_CONTACTS:
        raise TooManyNumbers(MAX_CONTACTS)
    entries: dict[str, Entry] = {}
    invalid: list[tuple[str, NumberFault]] = []
    count = 0
    for line, parts in zip(lines, pieces, strict=True):
        try:
            found = _entries_of(parts, region)
        except InvalidNumber as error:
            invalid.append((line[:MAX_NAME], error.reason))
            continue
        count += len(found)
        for entry in found:
            entries.setdefault(entry.number, entry)
    if len(entries) > MAX_CONTACTS:
        raise TooManyNumbers(MAX_CONTACTS)
    return Pasted(tuple(entries.values()), count - len(entries), tuple(invalid))


def _pieces(line: str) -> list[str]:
    between = _STRONG if _STRONG.search(line) else _WEAK
    return [piece for piece in map(str.strip, between.split(line)) if piece]


def _entries_of(pieces: list[str], region: str) -> list[Entry]:
    """The contacts of a line: one with its name, or several numbers side by side. Raises `InvalidNumber`."""
    found: list[str] = []
    words: list[str] = []
    fault = NumberFault.NOT_A_NUMBER
    for piece in pieces:
        try:
            found.append(numbers.parse(piece, region=region).e164)
        except InvalidNumber as error:
            words.append(piece.strip("\"'"))
            # The most telling reason is that of the piece that looks like a number.
            fault = error.reason if error.reason != NumberFault.NOT_A_NUMBER else fault
    if not found:
        raise InvalidNumber(fault)
    # A second piece with digits that is no number is a mistake to show, not a name.
    if any(sum(map(str.isdigit, word)) > len(word) // 2 for word in words):
        raise InvalidNumber(fault)
    name = " ".join(words)[:MAX_NAME] if len(found) == 1 else ""
    return [Entry(number, name) for number in found]
