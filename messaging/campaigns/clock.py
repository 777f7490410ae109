"""What somebody means by a date and a time on the wall, twice a year included. Pure."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Fold(StrEnum):
    """Which of two equal times on the wall is meant, where the clocks go back."""

    FIRST = "first"
    SECOND = "second"


class NoSuchTime(Exception):
    """The clocks go forward over this time; `after` is the first time on the wall that there is again."""

    def __init__(self, after: datetime) -> None:
        super().__init__(after)
        self.after = after


class TwiceThatDay(Exception):
    """The clocks go back, and this time comes twice: at `first` and at `second` (in UTC)."""

    def __init__(self, first: datetime, second: datetime) -> None:
        super().__init__(first, second)
        self.first, self.second = first, second


def moment(wall: datetime, zone: ZoneInfo, fold: Fold | None = None) -> datetime:
    """The moment (UTC) at which a clock in `zone` shows `wall` (naive). Raises `NoSuchTime`, `TwiceThatDay`.

    With a `fold` the question which of the two is meant has been answered.
    """
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first == second:
        return first
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise NoSuchTime(_after(wall, zone))
    if fold is None:
        raise TwiceThatDay(first, second)
    return first if fold is Fold.FIRST else second


def _after(wall: datetime, zone: ZoneInfo) -> datetime:
    """The end of the gap that `wall` lies in, on the wall."""
    before = wall - timedelta(hours=12)
    then = before.replace(tzinfo=zone).astimezone(UTC)
    # A gap begins and ends on a minute: the first minute whose time on the wall is past `wall`.
    while then.astimezone(zone).replace(tzinfo=None) < wall:
        then += timedelta(minutes=1)
    return then.astimezone(zone).replace(tzinfo=None)
