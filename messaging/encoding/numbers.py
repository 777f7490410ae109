"""Telephone numbers as people write them, read into E.164 by Google's numbering data (the phonenumbers package)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

MAX_PASTE_CHARACTERS: Final = 2_000_000
"""The longest text `parse_many` looks at: some 150,000 numbers."""

_LONGEST_NUMBER: Final = 64
"""Characters one written number may take, marks included; E.164 itself has at most 15 digits."""

# The comma in "4,479E+11" parts no numbers: it is how Excel shows one number where the comma is decimal.
_BETWEEN_NUMBERS: Final = re.compile(r"[\n\r\t\v\f;\x85\u2028\u2029]|,(?!(?<=(?<!\d)\d,)\d{1,20}[eE]\+\d)")
_EXCEL_EXPONENT: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE]\+?\d+")
_EXCEL_DECIMAL: Final = re.compile(r"(\+?\d{7,})\.0")
# Letters and extensions are refused: the parser would pick a number out of "Box 7, 347 1234567" and send to it.
_WRITTEN_NUMBER: Final = re.compile(r"[+(\[]{0,3}\d[\d ./()\[\]-]*")
_TYPOGRAPHY: Final = dict.fromkeys(map(ord, "‐‑‒–—―−－"), "-") | {ord("＋"): "+", ord("（"): "(", ord("）"): ")"}

# Ofcom and Arcep keep these for fiction: no telephone will ever ring, so a demonstration can send to them.
_FICTION: Final = re.compile(r"\+447700900\d{3}|\+3363998\d{4}")


class NumberFault(StrEnum):
    """Why a text is no telephone number."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    IMPOSSIBLE = "impossible"
    EXCEL_EXPONENT = "excel_exponent"


class InvalidNumber(Exception):
    """The text is no telephone number; `reason` says why."""

    def __init__(self, reason: NumberFault) -> None:
        super().__init__(reason.value)
        self.reason = reason


class PasteRefused(Exception):
    """The pasted text is more than will be looked at; `limit` says how much that is."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class PasteTooLong(PasteRefused):
    """The pasted text has more characters than the limit."""


class TooManyNumbers(PasteRefused):
    """The pasted text has more different numbers than the limit."""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164 ("+39…"), its ISO 3166 country ("" where it has none) and its calling code ("39")."""

    e164: str
    country: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ParsedNumbers:
    """What a pasted text held: every piece is one of the valid, one of the invalid, or one more of the duplicates."""

    valid: list[PhoneNumber]
    duplicates: int
    invalid: list[tuple[str, NumberFault]]


def parse(raw: str, *, region: str) -> PhoneNumber:
    """Read one written number; without an international prefix it belongs to the region (ISO 3166, "" for none).

    Raises InvalidNumber. A number must fit the numbering plan of its country, not only its length.
    """
    number = _read(_cleaned(raw), region)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    fault = _fault(number, e164)
    if fault is not None:
        raise InvalidNumber(fault)
    return PhoneNumber(e164=e164, country=_country(number), prefix=str(number.country_code))


def parse_many(raw: str, *, region: str, limit: int) -> ParsedNumbers:
    """Read numbers between line ends, commas, semicolons or tabs; spaces belong to a number. First come, first kept.

    Raises PasteTooLong, or TooManyNumbers where more than `limit` different pieces are found, before reading any.
    Invalid pieces are given as written, the very long ones shortened.
    """
    if len(raw) > MAX_PASTE_CHARACTERS:
        raise PasteTooLong(MAX_PASTE_CHARACTERS)
    pieces = [piece for piece in map(str.strip, _BETWEEN_NUMBERS.split(raw)) if piece]
    different = dict.fromkeys(pieces)
    if len(different) > limit:
        raise TooManyNumbers(limit)
    valid: dict[str, PhoneNumber] = {}
    invalid: list[tuple[str, NumberFault]] = []
    for piece in different:
        try:
            number = parse(piece, region=region)
        except InvalidNumber as error:
            invalid.append((_shortened(piece), error.reason))
        else:
            valid.setdefault(number.e164, number)
    return ParsedNumbers(
        valid=list(valid.values()), duplicates=len(pieces) - len(valid) - len(invalid), invalid=invalid
    )


def calling_code(country: str) -> str:
    """The calling code of a country (ISO 3166): "39" for Italy, "" where it has none."""
    code = phonenumbers.country_code_for_region(country)
    return str(code) if code else ""


def national(e164: str) -> str:
    """Write a number as its own country does ("347 123 4567"); what is no E.164 number comes back as it is."""
    return _written(e164, PhoneNumberFormat.NATIONAL)


def international(e164: str) -> str:
    """Write a number for the world ("+39 347 123 4567"); what is no E.164 number comes back as it is."""
    return _written(e164, PhoneNumberFormat.INTERNATIONAL)


def _cleaned(raw: str) -> str:
    """Undo what copying and spreadsheets add to a number; InvalidNumber for what cannot be one."""
    raw = raw.strip()
    if len(raw) > _LONGEST_NUMBER:
        raise InvalidNumber(NumberFault.NOT_A_NUMBER if any(map(str.isalpha, raw)) else NumberFault.TOO_LONG)
    visible = "".join(char for char in raw if unicodedata.category(char) != "Cf")
    text = " ".join(visible.translate(_TYPOGRAPHY).strip(" \"'").split())
    if not text:
        raise InvalidNumber(NumberFault.EMPTY)
    if _EXCEL_EXPONENT.fullmatch(text):
        raise InvalidNumber(NumberFault.EXCEL_EXPONENT)
    whole = _EXCEL_DECIMAL.fullmatch(text)
    if whole:
        return whole[1]
    if not _WRITTEN_NUMBER.fullmatch(text):
        raise InvalidNumber(NumberFault.NOT_A_NUMBER)
    return text


def _read(text: str, region: str) -> phonenumbers.PhoneNumber:
    try:
        return phonenumbers.parse(text, region.upper() or None)
    except NumberParseException as error:
        faults = {
            NumberParseException.NOT_A_NUMBER: NumberFault.NOT_A_NUMBER,
            NumberParseException.TOO_SHORT_AFTER_IDD: NumberFault.TOO_SHORT,
            NumberParseException.TOO_SHORT_NSN: NumberFault.TOO_SHORT,
            NumberParseException.TOO_LONG: NumberFault.TOO_LONG,
        }
        raise InvalidNumber(faults.get(error.error_type, NumberFault.IMPOSSIBLE)) from error


def _fault(number: phonenumbers.PhoneNumber, e164: str) -> NumberFault | None:
    length = phonenumbers.is_possible_number_with_reason(number)
    if length in (ValidationResult.TOO_SHORT, ValidationResult.IS_POSSIBLE_LOCAL_ONLY):
        return NumberFault.TOO_SHORT
    if length == ValidationResult.TOO_LONG:
        return NumberFault.TOO_LONG
    if phonenumbers.is_valid_number(number) or _FICTION.fullmatch(e164):
        return None
    return NumberFault.IMPOSSIBLE


def _country(number: phonenumbers.PhoneNumber) -> str:
    region = phonenumbers.region_code_for_number(number)
    if region is None:  # numbers kept for fiction belong to no range of their country
        region = phonenumbers.region_code_for_country_code(number.country_code or 0)
    return region if region.isalpha() else ""  # "001" stands for numbers of no country


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_NUMBER else text[: _LONGEST_NUMBER - 1] + "…"


def _written(e164: str, form: int) -> str:
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164, None), form)
    except NumberParseException:
        return e164
