"""The table of countries as a file: one row per calling prefix, as suppliers keep it, read and checked."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from billing.pricing import destinations
from messaging.senders.codes import Reception

SUPPLIED: Final = Path(__file__).parent / "data" / "countries.csv"
_MOST_DIGITS: Final = 7


class RuleFileFault(Exception):
    """The file cannot be loaded; says which line, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """What one country (ISO 3166) does with each sort of sender."""

    country: str
    calling_prefix: str
    alphanumeric: Reception
    numeric: Reception
    short_code: Reception
    relative_rate: int


def read(path: Path = SUPPLIED) -> list[RuleRow]:
    """Read the file; a row stands for every country behind its prefix. Raises `RuleFileFault`.

    Several prefixes of one country (the Dominican Republic has three) must say the same of it.
    """
    rows: dict[str, RuleRow] = {}
    for line, raw in _lines(path):
        try:
            found = _read_row(raw)
        except KeyError as error:
            raise RuleFileFault(f"Line {line}: the column {error} is missing.") from error
        except ValueError as error:
            raise RuleFileFault(f"Line {line}: {error}.") from error
        for row in found:
            known = rows.setdefault(row.country, row)
            if _terms(known) != _terms(row):
                raise RuleFileFault(f"Line {line}: an earlier line says something else of {row.country}.")
    if not rows:
        raise RuleFileFault("The file has no rows.")
    return list(rows.values())


def _lines(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            for raw in reader:
                yield reader.line_num, {name: (cell or "").strip() for name, cell in raw.items() if name}
    except FileNotFoundError as error:
        raise RuleFileFault("There is no such file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RuleFileFault("This is no CSV file in UTF-8.") from error


def _read_row(raw: dict[str, str]) -> list[RuleRow]:
    prefix = raw["prefix"]
    if not (prefix.isascii() and prefix.isdecimal() and len(prefix) <= _MOST_DIGITS):
        raise ValueError(f"{prefix!r} is no calling prefix")
    countries = destinations.countries(prefix)
    if not countries:
        raise ValueError(f"no country is known behind +{prefix}")
    alphanumeric, numeric, short_code = (
        Reception(raw[name]) for name in ("alphanumeric_sender", "numeric_sender", "short_code")
    )
    rate = int(raw["relative_rate"])
    return [RuleRow(country, prefix, alphanumeric, numeric, short_code, rate) for country in countries]


def _terms(row: RuleRow) -> tuple[Reception, Reception, Reception, int]:
    return row.alphanumeric, row.numeric, row.short_code, row.relative_rate
