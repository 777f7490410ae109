"""Quiet hours and holidays of the recipient's country, and times on the wall that are no time, or two."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from messaging.campaigns import clock, quiet
from messaging.campaigns.clock import Fold, NoSuchTime, TwiceThatDay
from messaging.campaigns.codes import Traffic

ROME, PARIS = ZoneInfo("Europe/Rome"), ZoneInfo("Europe/Paris")


def rome(*moment: int) -> datetime:
    return datetime(*moment, tzinfo=ROME)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (rome(2026, 11, 20, 9, 30), rome(2026, 11, 20, 9, 30)),
        (rome(2026, 11, 20, 19, 59), rome(2026, 11, 20, 19, 59)),
        (rome(2026, 11, 20, 20, 0), rome(2026, 11, 21, 8, 0)),
        (rome(2026, 11, 20, 7, 59), rome(2026, 11, 20, 8, 0)),
        (rome(2026, 11, 21, 20, 0), rome(2026, 11, 23, 8, 0)),  # Saturday evening: Sunday rests
        (rome(2026, 12, 24, 21, 0), rome(2026, 12, 28, 8, 0)),  # Christmas, Saint Stephen's, Sunday
        (rome(2026, 6, 2, 10, 0), rome(2026, 6, 3, 8, 0)),  # the Republic's day
    ],
)
def test_marketing_waits_for_the_morning(at: datetime, opens: datetime) -> None:
    assert quiet.next_open(at, "IT", Traffic.MARKETING) == opens


def test_each_country_keeps_its_own_holidays() -> None:
    bastille = datetime(2026, 7, 14, 10, 0, tzinfo=PARIS)
    assert quiet.is_open(bastille, "IT", Traffic.MARKETING)
    assert not quiet.is_open(bastille, "FR", Traffic.MARKETING)
    assert quiet.leaves_at(bastille, "33", Traffic.MARKETING) == datetime(2026, 7, 15, 8, 0, tzinfo=PARIS)
    assert quiet.leaves_at(bastille, "39", Traffic.MARKETING) == bastille


def test_a_service_message_does_not_wait() -> None:
    night = rome(2026, 12, 25, 3, 0)
    assert quiet.leaves_at(night, "39", Traffic.SERVICE) == night


def test_a_country_of_many_zones_is_open_when_all_of_it_is() -> None:
    morning_in_new_york = datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    opens = quiet.next_open(morning_in_new_york, "US", Traffic.MARKETING)
    assert opens.astimezone(ZoneInfo("Pacific/Honolulu")).hour == 8


def test_a_prefix_that_goes_on_after_the_calling_code_keeps_the_hours_of_its_country() -> None:
    night = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    for prefix, longer in (("39", "39347"), ("91", "9198"), ("1", "1905")):
        assert quiet.leaves_at(night, longer, Traffic.MARKETING) == quiet.leaves_at(night, prefix, Traffic.MARKETING)


def test_a_prefix_of_no_country_is_treated_like_a_country() -> None:
    assert quiet.leaves_at(datetime(2026, 11, 20, 3, 0, tzinfo=UTC), "999", Traffic.MARKETING).hour == 8


def test_a_time_on_the_wall_is_a_moment() -> None:
    assert clock.moment(datetime(2026, 7, 1, 9, 0), ROME) == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)  # noqa: DTZ001


def test_a_time_that_the_clocks_pass_over_is_refused_with_the_next_one() -> None:
    with pytest.raises(NoSuchTime) as refused:
        clock.moment(datetime(2027, 3, 28, 2, 30), ROME)  # noqa: DTZ001
    assert (refused.value.after.hour, refused.value.after.minute) == (3, 0)


def test_a_time_that_comes_twice_is_asked_about() -> None:
    twice = datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001
    with pytest.raises(TwiceThatDay) as asked:
        clock.moment(twice, ROME)
    assert clock.moment(twice, ROME, Fold.FIRST) == asked.value.first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert clock.moment(twice, ROME, Fold.SECOND) == asked.value.second == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
