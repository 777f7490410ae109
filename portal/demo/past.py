"""What every part of the demo's past shares: its time, its network, its chance, and local days."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.demo.network import PastNetwork
from portal.demo.opening import Branch, Operator
from portal.demo.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Past:
    """The demo's past until now. What the operator sends goes through `kind_network`, and arrives."""

    timeline: Timeline
    network: PastNetwork
    kind_network: PastNetwork
    operator: Operator
    chance: random.Random


def local(branch: Branch, day: date, hour: int, minute: int = 0) -> datetime:
    """That time of that day where the account is, in UTC: hours added to it are hours, whatever the clocks do."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZoneInfo(branch.account.time_zone)).astimezone(UTC)


def days_ago(now: datetime, days: int) -> date:
    """The day (in UTC) so many days before `now`."""
    return now.date() - timedelta(days=days)


def days(first: date, last: date) -> Iterator[date]:
    """Each day from the first to the last, both included."""
    for count in range((last - first).days + 1):
        yield first + timedelta(days=count)
