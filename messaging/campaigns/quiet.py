"""When marketing may reach a telephone: the hours, weekdays and holidays of the recipient's country. Pure.

The hours are data per country and kind of message (`quiet_hours.csv`, `*` for every other country); holidays come from
the package holidays, zones from the CLDR. A country of several zones is open when all of its people may be reached.
"""

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import holidays
from babel.core import get_global

from billing.pricing.destinations import main_country
from messaging.campaigns.codes import Traffic

_FILE: Final = Path(__file__).with_name("quiet_hours.csv")
_EVERYWHERE: Final = "*"
_STEP: Final = timedelta(minutes=15)
# The longest wait that is looked for: no country rests for a fortnight.
_HORIZON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Hours:
    """When a country may be reached: from `opens` until `closes` on these ISO weekdays, and on holidays or not."""

    opens: time
    closes: time
    weekdays: frozenset[int]
    on_holidays: bool


@lru_cache(maxsize=1)
def _rules() -> dict[tuple[str, str], Hours]:
    with _FILE.open(newline="", encoding="utf-8") as file:
        return {(row["country"], row["traffic"]): _hours(row) for row in csv.DictReader(file)}


def _hours(row: dict[str, str]) -> Hours:
    first, _, last = row["weekdays"].partition("-")
    days = frozenset(range(int(first), int(last or first) + 1))
    return Hours(time.fromisoformat(row["opens"]), time.fromisoformat(row["closes"]), days, row["on_holidays"] == "yes")


def hours(country: str, traffic: Traffic) -> Hours | None:
    """When messages of this kind may reach the country (ISO 3166); None means at any time."""
    return _rules().get((country, traffic.value)) or _rules().get((_EVERYWHERE, traffic.value))


@lru_cache(maxsize=512)
def zones(country: str) -> tuple[ZoneInfo, ...]:
    """The time zones of a country; UTC where none is known."""
    names = sorted(zone for zone, territory in get_global("zone_territories").items() if territory == country)
    return tuple(ZoneInfo(name) for name in names) or (ZoneInfo("UTC"),)


@lru_cache(maxsize=512)
def _holidays(country: str, year: int) -> frozenset[date]:
    """The holidays of a year; none where nobody has written them down."""
    known = country in holidays.list_supported_countries()
    return frozenset(holidays.country_holidays(country, years=year)) if known else frozenset()


def is_open(at: datetime, country: str, traffic: Traffic) -> bool:
    """Whether a message of this kind may reach the country at `at`."""
    rule = hours(country, traffic)
    return rule is None or all(_is_open(at.astimezone(zone), country, rule) for zone in zones(country))


def _is_open(local: datetime, country: str, rule: Hours) -> bool:
    day = local.date()
    if local.isoweekday() not in rule.weekdays or not rule.opens <= local.time() < rule.closes:
        return False
    return rule.on_holidays or day not in _holidays(country, day.year)


def next_open(at: datetime, country: str, traffic: Traffic) -> datetime:
    """The first moment from `at` on at which a message of this kind may reach the country; `at` itself if it may then."""
    if is_open(at, country, traffic):
        return at
    # Every zone of the world and every opening hour begins at a quarter of an hour.
    quarter = at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0)
    for step in range(1, _HORIZON // _STEP):
        moment = quarter + step * _STEP
        if is_open(moment, country, traffic):
            return moment
    return at


def leaves_at(at: datetime, prefix: str, traffic: Traffic) -> datetime:
    """When a message to a number behind `prefix` may leave that should at `at`; by the main country of the prefix."""
    if traffic is Traffic.SERVICE:
        return at
    return next_open(at, main_country(prefix), traffic)
