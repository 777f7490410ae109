"""What became of a campaign, in figures: over time, by country, by reason, and which of its numbers are dead.

One question to the database answers all three; its answer is kept for a minute, since a campaign may have a million
messages and its page is looked at again and again while they arrive.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db import connection
from django.db.models import Model
from django.utils import timezone

from messaging.delivery import reasons
from messaging.delivery.codes import CHARGED, State
from messaging.delivery.models import Message, MessageQuerySet
from messaging.delivery.reasons import Reason

KEPT_SECONDS: Final = 60
MOST_BARS: Final = 60
DAY: Final = timedelta(days=1)

DELIVERED: Final = frozenset({State.DELIVERED})
FAILED: Final = frozenset({State.UNDELIVERED, State.EXPIRED, State.REFUSED, State.UNCONFIRMED})

DEAD: Final = ("unknown_number", "invalid_number", "landline")
"""What the network says of numbers that nobody can be reached at, today or later."""

STEPS: Final = tuple(
    timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 240, 360, 720, 1440, 2880, 10_080)
)

_COUNT: Final = """
    SELECT date_trunc('minute', final_at), country_prefix, error_code, state, count(*), sum(price_units)::bigint
      FROM delivery_message
     WHERE campaign_id = %s
     GROUP BY GROUPING SETS ((date_trunc('minute', final_at), state), (country_prefix, state), (error_code, state))
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """Messages delivered from a moment on, for as long as a bar stands for."""

    at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Country:
    """What became of the messages with a prefix."""

    prefix: str
    count: int
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Messages that did not arrive for one reason, and what they cost all the same."""

    code: str
    reason: Reason
    count: int
    units: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a campaign by the moment, by country, the largest first, and by reason, the most frequent first."""

    step: timedelta
    bars: list[Bar]
    countries: list[Country]
    failures: list[Failure]


def figures(campaign: Model) -> Figures:
    """The figures of `campaign` (a Campaign), at most a minute old."""
    key = f"figures:{campaign.pk}"
    counted = cache.get(key)
    if counted is None:
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [campaign.pk])
            counted = cursor.fetchall()
        cache.set(key, counted, KEPT_SECONDS)
    minutes: Counter[datetime] = Counter()
    countries: dict[str, Counter[str]] = {}
    failures: dict[str, Counter[str]] = {}
    for minute, prefix, code, state, count, units in counted:
        if minute is not None and state in DELIVERED:
            minutes[minute] += count
        if prefix is not None:
            countries.setdefault(prefix, Counter())[state] += count
        if code is not None and state in FAILED:
            charged = units if state in CHARGED else 0
            failures.setdefault(code or "other", Counter()).update(count=count, units=charged)
    step, bars = _bars(minutes)
    return Figures(step, bars, _countries(countries), _failures(failures))


def dead(campaign: Model) -> MessageQuerySet:
    """The messages of the campaign whose numbers the network says are none."""
    return Message.objects.filter(campaign_id=campaign.pk, state__in=sorted(FAILED), error_code__in=DEAD).order_by("pk")


def _bars(minutes: Counter[datetime]) -> tuple[timedelta, list[Bar]]:
    """So many bars as can be seen, beginning where a clock would: on the hour, at midnight where the reader is."""
    if not minutes:
        return STEPS[0], []
    first, last = min(minutes), max(minutes)
    step = next((step for step in STEPS if (last - first) / step < MOST_BARS), STEPS[-1])
    midnight = timezone.localtime(first).replace(hour=0, minute=0, second=0, microsecond=0)
    counts: Counter[int] = Counter()
    for minute, count in minutes.items():
        counts[_place(minute, midnight, step)] += count
    # Days are counted on the calendar; what is shorter goes by the hours that passed, when the clocks change too.
    begin = midnight if step >= DAY else midnight.astimezone(UTC)
    return step, [Bar(begin + step * place, counts[place]) for place in range(min(counts), max(counts) + 1)]


def _place(minute: datetime, midnight: datetime, step: timedelta) -> int:
    """How many steps after `midnight`, where the reader is, the bar of a minute begins."""
    passed = timezone.localtime(minute).date() - midnight.date() if step >= DAY else minute - midnight
    return passed // step


def _countries(found: dict[str, Counter[str]]) -> list[Country]:
    rows = [
        Country(prefix, states.total(), _of(states, DELIVERED), _of(states, FAILED)) for prefix, states in found.items()
    ]
    return sorted(rows, key=lambda row: (-row.count, row.prefix))


def _failures(found: dict[str, Counter[str]]) -> list[Failure]:
    rows = []
    for code, sums in found.items():
        reason = reasons.reason(code)
        assert reason is not None
        rows.append(Failure(code, reason, sums["count"], sums["units"]))
    return sorted(rows, key=lambda row: (-row.count, row.code))


def _of(states: Counter[str], wanted: Iterable[str]) -> int:
    return sum(states[state] for state in wanted)
