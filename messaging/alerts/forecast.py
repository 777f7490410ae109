"""Until when an account's credits last (product 5.3), from its own usage and what it has scheduled."""

import zoneinfo
from datetime import datetime
from typing import Final

from billing.credits import selectors as credits_selectors
from messaging.alerts import runway
from messaging.alerts.runway import Runway
from messaging.campaigns import selectors as campaigns_selectors
from portal.accounts.models import Account
from portal.templatetags import formats
from portal.templatetags.charts import Point

DAYS_SHOWN: Final = 14


def forecast(account: Account, now: datetime) -> Runway | None:
    """Follow the pace of the last weeks from `now`; None until credits have been used for a week.

    The pace is that of everybody who spends the same credits.
    """
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
    return runway.follow(pot.available, pace=pace, promised=promised, now=now, zone=zone)


def points(found: Runway) -> list[Point]:
    """What is left at the end of each of the first days, for the chart."""
    return [Point(formats.day(day), units, formats.credits(units)) for day, units in found.days[:DAYS_SHOWN]]
