"""How long credits last at the pace of the last weeks."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from messaging.alerts import runway
from messaging.alerts.runway import Slot

ROME = zoneinfo.ZoneInfo("Europe/Rome")
MONDAY = datetime(2026, 11, 23, 8, tzinfo=ROME)
ALWAYS = {Slot(day, hour): Fraction(100) for day in range(7) for hour in range(24)}
OFFICE = {Slot(day, hour): Fraction(100) for day in range(5) for hour in range(9, 17)}


def ends_at(available: int, **given: object) -> datetime | None:
    terms = {"pace": ALWAYS, "promised": {}, "now": MONDAY, "zone": ROME, **given}
    return runway.follow(available, **terms).ends_at  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("available", "pace", "expected"),
    [
        (0, ALWAYS, MONDAY),
        (-5, ALWAYS, MONDAY),
        (300, ALWAYS, MONDAY.replace(hour=11)),
        (250, ALWAYS, MONDAY.replace(hour=10, minute=30)),
        (300, OFFICE, MONDAY.replace(hour=12)),
        (1_000, OFFICE, datetime(2026, 11, 24, 11, tzinfo=ROME)),
        (4_001, OFFICE, datetime(2026, 11, 30, 9, 0, 36, tzinfo=ROME)),
        (1, {}, None),
        (24 * 90 * 100, ALWAYS, MONDAY + runway.HORIZON),
        (24 * 90 * 100 + 1, ALWAYS, None),
    ],
)
def test_credits_last_until_the_pace_has_used_them(
    available: int, pace: dict[Slot, Fraction], expected: datetime | None
) -> None:
    assert ends_at(available, pace=pace) == expected


def test_of_an_hour_that_begins_in_the_middle_the_rest_counts() -> None:
    assert ends_at(100, now=MONDAY.replace(minute=45)) == MONDAY.replace(hour=9, minute=45)


def test_what_is_held_for_a_campaign_is_not_used_twice() -> None:
    nine = runway.hour_of(MONDAY.replace(hour=9))
    assert ends_at(300, pace=OFFICE, promised={nine: 70}) == MONDAY.replace(hour=12, minute=42)
    assert ends_at(300, pace=OFFICE, promised={nine: 900}) == MONDAY.replace(hour=13)


@pytest.mark.parametrize(
    ("midnight", "hours"),
    [(datetime(2026, 3, 29, tzinfo=ROME), 23), (datetime(2026, 10, 25, tzinfo=ROME), 25)],
)
def test_the_days_on_which_the_clocks_change_have_their_own_number_of_hours(midnight: datetime, hours: int) -> None:
    following = midnight + timedelta(days=1)  # the next midnight on the clock
    assert ends_at(hours * 100, now=midnight) == following
    used = {runway.hour_of(midnight) + hour * runway.HOUR: 100 for hour in range(hours)}
    measured = runway.pace(used, since=midnight, until=following, zone=ROME)
    assert set(measured.values()) == {Fraction(100)}
    assert len(measured) == (23 if hours == 23 else 24)


def test_the_pace_is_the_mean_of_each_hour_of_the_week_and_the_hour_under_way_does_not_count() -> None:
    since = MONDAY - timedelta(weeks=4)
    used = {runway.hour_of(since + timedelta(weeks=week)): units for week, units in enumerate([10, 20, 0, 40])}
    used[runway.hour_of(MONDAY)] = 1_000_000
    measured = runway.pace(used, since=since, until=MONDAY + timedelta(minutes=10), zone=ROME)
    assert measured[Slot(0, 8)] == Fraction(70, 4)
    assert sum(measured.values()) == Fraction(70, 4)
    assert len(measured) == 7 * 24


def test_the_days_say_what_is_left_at_the_end_of_each() -> None:
    found = runway.follow(1_000, pace=OFFICE, promised={}, now=MONDAY, zone=ROME)
    assert [(day.day, left) for day, left in found.days] == [(23, 200), (24, 0)]


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
PACES = st.dictionaries(
    st.builds(Slot, st.integers(0, 6), st.integers(0, 23)), st.fractions(0, 1000, max_denominator=4), max_size=20
)


@given(now=MOMENTS, pace=PACES, less=st.integers(0, 5_000), more=st.integers(0, 5_000))
@settings(max_examples=30, deadline=None)
def test_more_credits_never_end_sooner_and_none_before_now(
    now: datetime, pace: dict[Slot, Fraction], less: int, more: int
) -> None:
    sooner, later = (ends_at(units, pace=pace, now=now) for units in (less, less + more))
    assert later is None or (sooner is not None and now <= sooner <= later)


@given(now=MOMENTS, pace=PACES, available=st.integers(1, 5_000), promised=st.integers(0, 1_000))
@settings(max_examples=30, deadline=None)
def test_what_is_promised_already_never_shortens_what_is_left(
    now: datetime, pace: dict[Slot, Fraction], available: int, promised: int
) -> None:
    plain = ends_at(available, pace=pace, now=now)
    held = ends_at(available, pace=pace, now=now, promised={runway.hour_of(now): promised})
    assert held is None or (plain is not None and plain <= held)
