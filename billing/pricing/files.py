"""Prices as three files: price_lists.csv, packs.csv and rates.csv, read and checked before anything is loaded.

Amounts are exact: credits as decimals ("0.7"), money as whole cents. `valid_from` is the day on which a row that the
portal does not know yet begins. A price list may have the column `credits_expire_after_months`; empty means never.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeVar

from billing.amounts import NotRepresentable, to_units
from billing.pricing.codes import Service

SUPPLIED: Final = Path(__file__).parent / "data"
FILES: Final = ("price_lists.csv", "packs.csv", "rates.csv")
_CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_PREFIX: Final = re.compile(r"[1-9][0-9]{0,6}")
_CENTS: Final = re.compile(r"[1-9][0-9]{0,11}")
_MONTHS: Final = re.compile(r"[1-9]|[1-9][0-9]|1[01][0-9]|120")

Row = dict[str, str]
Read = TypeVar("Read")


class PriceFileFault(Exception):
    """A file of prices cannot be loaded; says which file, which line, and what is wrong with it."""

    def __init__(self, file: str, line: int, fault: str) -> None:
        super().__init__(f"{file}, line {line}: {fault}" if line else f"{file}: {fault}")


@dataclass(frozen=True, slots=True)
class ListRow:
    code: str
    name: str
    currency: str
    is_public: bool
    is_default: bool
    valid_from: date
    credits_expire_after_months: int | None = None


@dataclass(frozen=True, slots=True)
class PackRow:
    """`credits` in units, `price_cents` without VAT."""

    price_list: str
    credits: int
    price_cents: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class RateRow:
    """`units` per segment or minute."""

    service: Service
    prefix: str
    country_names: str
    units: int
    valid_from: date


@dataclass(frozen=True, slots=True)
class PriceFiles:
    price_lists: tuple[ListRow, ...]
    packs: tuple[PackRow, ...]
    rates: tuple[RateRow, ...]


def read(folder: Path) -> PriceFiles:
    """Read the three files of `folder`. Raises `PriceFileFault` for the first thing that is wrong."""
    lists_file, packs_file, rates_file = FILES
    files = PriceFiles(
        price_lists=_read_rows(folder / lists_file, _read_list, key=lambda row: row.code),
        packs=_read_rows(folder / packs_file, _read_pack, key=lambda row: (row.price_list, row.credits)),
        rates=_read_rows(folder / rates_file, _read_rate, key=lambda row: (row.service, row.prefix)),
    )
    _check_default(files.price_lists)
    for price_list in {row.price_list for row in files.packs}:
        _check_packs(price_list, files)
    return files


def _read_rows(path: Path, read_row: Callable[[Row], Read], key: Callable[[Read], object]) -> tuple[Read, ...]:
    rows: list[Read] = []
    seen: Counter[object] = Counter()
    for line, raw in _lines(path):
        try:
            row = read_row(raw)
        except KeyError as error:
            raise PriceFileFault(path.name, 1, f"the column {error} is missing.") from error
        except ValueError as error:
            raise PriceFileFault(path.name, line, str(error)) from error
        seen[key(row)] += 1
        if seen[key(row)] > 1:
            raise PriceFileFault(path.name, line, "this is in the file twice.")
        rows.append(row)
    if not rows:
        raise PriceFileFault(path.name, 0, "the file has no rows.")
    return tuple(rows)


def _lines(path: Path) -> Iterable[tuple[int, Row]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restval="", strict=True)
            for raw in reader:
                if None in raw:
                    raise PriceFileFault(path.name, reader.line_num, "there are more cells than columns.")
                yield reader.line_num, {name: cell.strip() for name, cell in raw.items()}
    except FileNotFoundError as error:
        raise PriceFileFault(path.name, 0, "there is no such file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PriceFileFault(path.name, 0, "this is no CSV file in UTF-8.") from error


def _read_list(row: Row) -> ListRow:
    return ListRow(
        code=_matching(row["code"], _CODE, "a code has small letters, digits and hyphens"),
        name=_text(row["name"], 80),
        currency=_matching(row["currency"], _CURRENCY, "a currency has three capital letters"),
        is_public=_flag(row["is_public"]),
        is_default=_flag(row["is_default"]),
        valid_from=date.fromisoformat(row["valid_from"]),
        credits_expire_after_months=_months(row.get("credits_expire_after_months", "")),
    )


def _read_pack(row: Row) -> PackRow:
    return PackRow(
        price_list=row["price_list"],
        credits=_units(row["credits"]),
        price_cents=int(_matching(row["price_cents"], _CENTS, "a price is a whole number of cents above zero")),
        valid_from=date.fromisoformat(row["valid_from"]),
    )


def _read_rate(row: Row) -> RateRow:
    if row["service"] not in Service:
        raise ValueError(f"{row['service']!r} is no service; there are {', '.join(Service.values)}.")
    return RateRow(
        service=Service(row["service"]),
        prefix=_matching(row["prefix"], _PREFIX, "a prefix has one to seven digits and does not begin with zero"),
        country_names=_text(row["country_names"], 200),
        units=_units(row["credits"]),
        valid_from=date.fromisoformat(row["valid_from"]),
    )


def _matching(text: str, pattern: re.Pattern[str], rule: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError(f"{text!r} is wrong: {rule}.")
    return text


def _text(text: str, limit: int) -> str:
    if not 0 < len(text) <= limit:
        raise ValueError(f"a name has 1 to {limit} characters, not {len(text)}.")
    return text


def _flag(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError(f"{text!r} is wrong: write yes or no.")
    return text == "yes"


def _months(text: str) -> int | None:
    return (
        int(_matching(text, _MONTHS, "credits expire after 1 to 120 months, or, left empty, never")) if text else None
    )


def _units(text: str) -> int:
    try:
        units = to_units(Decimal(text))
    except (InvalidOperation, NotRepresentable) as error:
        raise ValueError(f"{text!r} is no number of credits with at most four decimals.") from error
    if units <= 0:
        raise ValueError(f"{text!r} is wrong: credits are above zero.")
    return units


def _check_default(price_lists: Iterable[ListRow]) -> None:
    defaults = [row.code for row in price_lists if row.is_default]
    if len(defaults) != 1:
        raise PriceFileFault(FILES[0], 0, f"one list is the default, not {len(defaults)}.")


def _check_packs(price_list: str, files: PriceFiles) -> None:
    if price_list not in {row.code for row in files.price_lists}:
        raise PriceFileFault(FILES[1], 0, f"there is no price list {price_list!r}.")
    packs = sorted((row for row in files.packs if row.price_list == price_list), key=lambda row: row.credits)
    for smaller, larger in pairwise(packs):
        # Product 3.3, compared by cross products: no division, no rounding.
        if larger.price_cents * smaller.credits >= smaller.price_cents * larger.credits:
            credits = Decimal(larger.credits).scaleb(-4).normalize()
            raise PriceFileFault(
                FILES[1],
                0,
                f"in {price_list!r} a credit of the pack of {credits:f} costs no less than in a smaller one.",
            )
