"""Time in the demo's past runs forward."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.demo.timeline import Timeline

START = datetime(2026, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_what_was_planned_in_any_order_happens_in_that_of_time() -> None:
    timeline = Timeline(START + 24 * HOUR)
    seen: list[datetime] = []
    for hours in (3, 1, 2):
        timeline.at(START + hours * HOUR, seen.append)
    timeline.play()
    assert seen == [START + HOUR, START + 2 * HOUR, START + 3 * HOUR]


def test_of_two_things_at_one_moment_the_first_planned_comes_first() -> None:
    timeline = Timeline(START + HOUR)
    seen: list[str] = []
    timeline.at(START, lambda now: seen.append("first"))
    timeline.at(START, lambda now: seen.append("second"))
    timeline.play()
    assert seen == ["first", "second"]


def test_what_happens_may_lead_to_more() -> None:
    timeline = Timeline(START + 24 * HOUR)
    seen: list[datetime] = []
    timeline.at(START, lambda now: timeline.at(now + HOUR, seen.append))
    timeline.at(START + 2 * HOUR, seen.append)
    timeline.play()
    assert seen == [START + HOUR, START + 2 * HOUR]


def test_what_lies_ahead_has_not_happened() -> None:
    timeline = Timeline(START)
    seen: list[datetime] = []
    timeline.at(START, seen.append)
    timeline.play()
    assert seen == []


def test_nothing_happens_before_what_has_happened() -> None:
    timeline = Timeline(START + 24 * HOUR)
    timeline.at(START + HOUR, lambda now: timeline.at(START, lambda then: None))
    with pytest.raises(ValueError, match="is over"):
        timeline.play()
