"""Until when an account's credits last (product 5.3), from its own usage and what it has scheduled."""

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from billing.amounts import UNITS_PER_CREDIT
from billing.credits import selectors as credits_selectors
from messaging.alerts import runway
from messaging.alerts.models import BalanceAlert
from messaging.alerts.runway import Runway, Slot
from messaging.alerts.selectors import Crossing
from messaging.campaigns import selectors as campaigns_selectors
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.templatetags.charts import Point

DAYS_SHOWN: Final = 14


@dataclass(frozen=True, slots=True)
class Usage:
    """What an account can spend, and how it spends it."""

    available: int
    pace: Mapping[Slot, Fraction]
    promised: Mapping[datetime, int]
    zone: zoneinfo.ZoneInfo

    def follow(self, available: int, now: datetime) -> Runway:
        """Let `available` units be used like this from `now` on."""
        return runway.follow(available, pace=self.pace, promised=self.promised, now=now, zone=self.zone)


def forecast(account: Account, now: datetime) -> Runway | None:
    """Follow the pace of the last weeks from `now`; None until credits have been used for a week.

    The pace is that of everybody who spends the same credits.
    """
    found = usage(account, now)
    return found.follow(found.available, now) if found else None


def usage(account: Account, now: datetime) -> Usage | None:
    """The pace of the last weeks, and what is held for campaigns to come; None until credits have been used for a week."""
    pot = credits_selectors.pot(account)
    if pot is None:
        return None
    since = now - runway.WINDOW
    first = credits_selectors.first_use(pot)
    if first is None or now - first < runway.LEAST:
        return None
    zone = zoneinfo.ZoneInfo(account.time_zone)
    used = credits_selectors.used_by_hour(pot, since)
    promised: dict[datetime, int] = {}
    scheduled = campaigns_selectors.under_way().filter(hold__debit_account=pot, starts_at__gt=now)
    for starts_at, units in scheduled.values_list("starts_at", "held_units"):
        hour = runway.hour_of(starts_at)
        promised[hour] = promised.get(hour, 0) + units
    pace = runway.pace(used, since=max(since, first), until=now, zone=zone)
    return Usage(pot.available, pace, promised, zone)


def crossings(account: Account, now: datetime) -> list[Crossing]:
    """The account's runway alerts that are to fire or to clear at `now`; none until credits have been used for a week."""
    alerts = list(BalanceAlert.objects.live().ahead().filter(account=account).order_by("pk"))
    found = usage(account, now) if alerts else None
    if found is None:
        return []
    ends_at = found.follow(found.available, now).ends_at
    cautious_end = found.follow(runway.cautious(found.available), now).ends_at
    crossed = []
    for alert in alerts:
        days = alert.threshold_days or 0
        is_short = runway.is_short(ends_at, days, now)
        if is_short if alert.armed else runway.is_long_again(cautious_end, days, now):
            crossed.append(Crossing(alert.pk, account.pk, found.available, is_short, days, ends_at))
    return crossed


def points(found: Runway) -> list[Point]:
    """What is left at the end of each of the first days, for the chart: an estimate, so in whole credits."""
    whole = [(day, units - units % UNITS_PER_CREDIT) for day, units in found.days[:DAYS_SHOWN]]
    return [Point(formats.day(day), units, formats.credits(units)) for day, units in whole]
