"""How long credits last: the pace of the last weeks by weekday and hour, followed from now on until they are used up.

Pure: no clock, no tables, no Django. Hours are real ones, counted in UTC and named in the account's zone, so that the
day with 23 of them and the one with 25 need no rule of their own.
"""

import zoneinfo
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Final, NamedTuple

HOUR: Final = timedelta(hours=1)
WINDOW: Final = timedelta(weeks=4)
"""The usage that makes the pace. Whole weeks: each weekday counts as often as every other."""

HORIZON: Final = timedelta(days=90)
"""How far ahead the pace is followed; what lasts longer has no moment."""

LEAST: Final = timedelta(weeks=1)
"""How long an account must have been used before its pace says anything: each weekday once."""

MARGIN: Final = timedelta(days=1)
"""How much longer than its threshold a runway must be to be long again, and that with a tenth less of the credits."""


class Slot(NamedTuple):
    """An hour of the week: Monday is 0."""

    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class Runway:
    """Until when credits last, and the units they come down to: what is left at the end of each day from today on.

    `ends_at` is None when they last beyond the horizon.
    """

    ends_at: datetime | None
    days: tuple[tuple[date, int], ...]

    @property
    def ends_at_hour(self) -> datetime | None:
        """The full hour until which they last: an estimate has no minutes."""
        return hour_of(self.ends_at) if self.ends_at else None


def hour_of(moment: datetime) -> datetime:
    """The hour, in UTC, in which a moment lies."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def slot(moment: datetime, zone: zoneinfo.ZoneInfo) -> Slot:
    """The hour of the week that a moment has in the zone."""
    local = moment.astimezone(zone)
    return Slot(local.weekday(), local.hour)


def pace(
    used: Mapping[datetime, int], *, since: datetime, until: datetime, zone: zoneinfo.ZoneInfo
) -> dict[Slot, Fraction]:
    """The units that an hour of each slot used on average, of what was `used` in each hour (in UTC) from `since` on.

    The hour that contains `until` is not over and does not count.
    """
    hours: Counter[Slot] = Counter()
    units: Counter[Slot] = Counter()
    hour = hour_of(since)
    while hour < hour_of(until):
        place = slot(hour, zone)
        hours[place] += 1
        units[place] += used.get(hour, 0)
        hour += HOUR
    return {place: Fraction(units[place], count) for place, count in hours.items()}


def follow(
    available: int,
    *,
    pace: Mapping[Slot, Fraction],
    promised: Mapping[datetime, int],
    now: datetime,
    zone: zoneinfo.ZoneInfo,
) -> Runway:
    """Let `available` units be used at this pace from `now` on.

    `promised` are the units already held for campaigns that begin in an hour (in UTC). They are gone from what is
    available, so of that hour's habit only what exceeds them is used.
    """
    left = Fraction(max(available, 0))
    moment, end = now.astimezone(UTC), now.astimezone(UTC) + HORIZON
    days: dict[date, int] = {}
    while left > 0 and moment < end:
        hour = hour_of(moment)
        then = min(hour + HOUR, end)
        an_hour = max(pace.get(slot(moment, zone), Fraction(0)) - promised.get(hour, 0), Fraction(0))
        use = an_hour * Fraction((then - moment) // timedelta(microseconds=1), HOUR // timedelta(microseconds=1))
        if use >= left:
            then = moment + timedelta(microseconds=int(left / use * ((then - moment) // timedelta(microseconds=1))))
            use = left
        left -= use
        days[moment.astimezone(zone).date()] = int(left)
        moment = then
    if left > 0:
        return Runway(None, tuple(days.items()))
    return Runway(moment, tuple(days.items()) or ((now.astimezone(zone).date(), 0),))


def is_short(ends_at: datetime | None, days: int, now: datetime) -> bool:
    """Whether credits that last until `ends_at` last `days` days or less. Days are of 24 hours, whatever clocks do."""
    return ends_at is not None and ends_at <= now + timedelta(days=days)


def is_long_again(cautious_end: datetime | None, days: int, now: datetime) -> bool:
    """Whether an alert at `days` may give the all-clear; `cautious_end` is until when `cautious(available)` lasts.

    At the end of a day, a week or a campaign a few credits more or less move the end across a night or a weekend in
    which nothing is used. With a margin in time and one in credits neither that nor the weekday changes the answer.
    """
    return not is_short(cautious_end, days, now + MARGIN)


def cautious(available: int) -> int:
    """The units less a tenth."""
    return available * 9 // 10
