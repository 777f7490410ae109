"""The decision alone: tables and properties, without a database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.auto_recharge.decide import (
    LONGEST_PAUSE,
    LONGEST_WAIT,
    SHORTEST_WAIT,
    Answer,
    Facts,
    Refusal,
    Unusual,
    day_around,
    decide,
    look_again,
    month_around,
    next_method,
    old_enough_on,
    paused_until,
    size,
    unusual,
)

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ROME = ZoneInfo("Europe/Rome")
UNITS = st.integers(-(10**12), 10**12)
SOME = st.integers(1, 10**12)


def facts(**changed: object) -> Facts:
    """Everything as it has to be for buying, but for what a test changes."""
    usual: dict[str, object] = {
        "now": NOW,
        "is_on": True,
        "is_closed": False,
        "draws_on_another": False,
        "available": 10,
        "on_their_way": 0,
        "has_open": False,
        "threshold": 50,
        "quantity": 100,
        "today": date(2026, 11, 20),
        "day_ends_at": datetime(2026, 11, 20, 23, tzinfo=UTC),
        "old_enough_on": date(2026, 7, 20),
        "methods": (1, 2),
        "debits": frozenset({2}),
        "provisional_left": 0,
        "was_returned": False,
        "has_details": True,
        "gross_cents": 512,
        "spent_today": 0,
        "spent_this_month": 0,
        "day_cap": 10_000,
        "month_cap": 50_000,
        "refusals": (),
        "last_bought_at": None,
        "apart": timedelta(hours=3),
        "used_last_day": 0,
        "used_usually": 0,
        "pace_factor": 5,
        "is_asked": False,
        "approved_cents": None,
    }
    return Facts(**(usual | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changed", "answer"),
    [
        ({}, Answer.BUY),
        ({"is_on": False}, Answer.OFF),
        ({"is_closed": True}, Answer.CLOSED),
        ({"draws_on_another": True}, Answer.DRAWS_ON_ANOTHER),
        ({"available": 51}, Answer.ENOUGH),
        ({"available": 50}, Answer.BUY),
        ({"available": 10, "on_their_way": 41, "has_open": True}, Answer.ENOUGH),
        ({"available": 9, "on_their_way": 41, "has_open": True}, Answer.ON_ITS_WAY),
        ({"today": date(2026, 7, 19)}, Answer.TOO_YOUNG),
        ({"today": date(2026, 7, 20)}, Answer.BUY),
        ({"methods": ()}, Answer.NO_METHOD),
        ({"was_returned": True}, Answer.RETURNED),
        ({"has_details": False}, Answer.NO_DETAILS),
        ({"gross_cents": None}, Answer.NOT_FOR_SALE),
        ({"spent_today": 9_488}, Answer.BUY),
        ({"spent_today": 9_489}, Answer.DAY_CAP),
        ({"spent_this_month": 49_489}, Answer.MONTH_CAP),
        ({"methods": (2,), "provisional_left": 511}, Answer.PROVISIONAL),
        ({"methods": (2,), "provisional_left": 512}, Answer.BUY),
        ({"last_bought_at": NOW - timedelta(hours=2)}, Answer.ASK),
        ({"last_bought_at": NOW - timedelta(days=2), "is_asked": True}, Answer.ASKED),
        ({"last_bought_at": NOW - timedelta(hours=3)}, Answer.BUY),
        ({"last_bought_at": NOW - timedelta(hours=2), "is_asked": True}, Answer.ASKED),
        ({"last_bought_at": NOW - timedelta(hours=2), "approved_cents": 512}, Answer.BUY),
        ({"last_bought_at": NOW - timedelta(hours=2), "approved_cents": 511}, Answer.ASK),
        ({"last_bought_at": NOW + timedelta(hours=2)}, Answer.ASK),  # the clock was put back
        ({"last_bought_at": NOW + timedelta(seconds=1), "apart": timedelta()}, Answer.BUY),
        ({"used_last_day": 501, "used_usually": 100}, Answer.ASK),
        ({"used_last_day": 500, "used_usually": 100}, Answer.BUY),
    ],
)
def test_the_first_condition_that_is_not_met_is_the_answer(changed: dict[str, object], answer: Answer) -> None:
    decision = decide(facts(**changed))
    assert decision.answer == answer
    if answer not in (Answer.BUY, Answer.ASK):
        assert decision.conditions[answer] is False


def test_conditions_are_all_told_whichever_comes_first() -> None:
    decision = decide(facts(methods=(), has_details=False, spent_today=9_999))
    unmet = [answer for answer, is_met in decision.conditions.items() if not is_met]
    assert unmet == [Answer.NO_METHOD, Answer.NO_DETAILS, Answer.DAY_CAP]


@given(available=UNITS, on_their_way=st.integers(0, 10**12), threshold=SOME, quantity=SOME)
def test_one_purchase_lands_above_the_threshold_and_is_no_larger_than_it_must(
    available: int, on_their_way: int, threshold: int, quantity: int
) -> None:
    units = size(available=available, on_their_way=on_their_way, threshold=threshold, quantity=quantity)
    assert units >= quantity
    assert units % quantity == 0
    assert available + on_their_way + units > threshold
    assert units == quantity or available + on_their_way + units - quantity <= threshold


ANY_FACTS = st.builds(
    facts,
    is_on=st.booleans(),
    available=st.integers(-100, 200),
    on_their_way=st.integers(0, 200),
    has_open=st.booleans(),
    methods=st.lists(st.integers(1, 3), unique=True),
    gross_cents=st.none() | st.integers(1, 20_000),
    spent_today=st.integers(0, 20_000),
    spent_this_month=st.integers(0, 60_000),
    refusals=st.lists(st.builds(Refusal, st.integers(1, 3), st.datetimes().map(lambda at: at.replace(tzinfo=UTC)))),
    last_bought_at=st.none() | st.integers(-10, 10).map(lambda hours: NOW - timedelta(hours=hours)),
    used_last_day=st.integers(0, 1_000),
    used_usually=st.integers(0, 200),
    is_asked=st.booleans(),
    approved_cents=st.none() | st.integers(0, 20_000),
    debits=st.frozensets(st.integers(1, 3)),
    provisional_left=st.integers(-1_000, 20_000),
)


@given(ANY_FACTS)
def test_money_is_asked_for_only_when_all_is_well(given_facts: Facts) -> None:
    decision = decide(given_facts)
    if decision.answer != Answer.BUY:
        return
    assert given_facts.is_on
    assert not given_facts.has_open
    assert given_facts.available + given_facts.on_their_way <= given_facts.threshold
    assert given_facts.available + given_facts.on_their_way + decision.units > given_facts.threshold
    assert given_facts.gross_cents is not None
    assert given_facts.spent_today + given_facts.gross_cents <= given_facts.day_cap
    assert given_facts.spent_this_month + given_facts.gross_cents <= given_facts.month_cap
    assert decision.method in given_facts.methods
    approved = given_facts.approved_cents
    assert unusual(given_facts) is None or (approved is not None and given_facts.gross_cents <= approved)
    assert not given_facts.is_asked
    assert decision.method not in given_facts.debits or given_facts.gross_cents <= given_facts.provisional_left


@given(ANY_FACTS)
def test_the_answer_is_the_first_unmet_condition_in_the_one_order(given_facts: Facts) -> None:
    decision = decide(given_facts)
    unmet = [answer for answer, is_met in decision.conditions.items() if not is_met]
    expected = unmet[0] if unmet else Answer.BUY
    assert decision.answer == expected or (expected, decision.answer) == (Answer.ASKED, Answer.ASK)


@pytest.mark.parametrize(
    ("opened", "old"),
    [
        (datetime(2026, 12, 31, 12, tzinfo=UTC), date(2027, 2, 28)),
        (datetime(2027, 12, 31, 12, tzinfo=UTC), date(2028, 2, 29)),
        # In Rome it was the first of January already.
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), date(2027, 3, 1)),
        # The clock is put forward on 28 March 2027 at 2, and back on 25 October 2026 at 3.
        (datetime(2027, 1, 28, 1, 30, tzinfo=UTC), date(2027, 3, 28)),
        (datetime(2026, 8, 25, 0, 30, tzinfo=UTC), date(2026, 10, 25)),
        # 29 and 30 December lead to the last day of February too, in a leap year or not; 1 January does not.
        (datetime(2026, 12, 29, 12, tzinfo=UTC), date(2027, 2, 28)),
        (datetime(2027, 12, 29, 12, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2027, 12, 30, 12, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2028, 1, 1, 12, tzinfo=UTC), date(2028, 3, 1)),
        (datetime(2028, 2, 29, 12, tzinfo=UTC), date(2028, 4, 29)),
        (datetime(2026, 7, 31, 12, tzinfo=UTC), date(2026, 9, 30)),
    ],
)
def test_two_months_are_calendar_months_by_the_accounts_clock(opened: datetime, old: date) -> None:
    assert old_enough_on(opened, 2, ROME) == old


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001 - made aware in the test
    st.integers(0, 24),
    st.sampled_from(["Europe/Rome", "Pacific/Auckland", "America/St_Johns", "UTC"]),
)
def test_the_hour_of_the_day_never_changes_how_old_an_account_is(at: datetime, months: int, name: str) -> None:
    zone = ZoneInfo(name)
    days = {old_enough_on(at.replace(hour=hour, tzinfo=zone).astimezone(UTC), months, zone) for hour in (4, 12, 23)}
    assert len(days) == 1


# Where the clock is moved at two, at midnight, at one (so that midnight comes twice), by half an hour, and never.
ZONES = ["Europe/Rome", "America/Santiago", "Atlantic/Azores", "America/Havana", "Australia/Lord_Howe", "UTC"]
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(MOMENTS, st.sampled_from(ZONES), st.timedeltas(timedelta(hours=-26), timedelta(hours=26)))
def test_a_day_is_that_of_the_calendar_however_the_clock_is_moved(at: datetime, name: str, moved: timedelta) -> None:
    zone = ZoneInfo(name)
    begun, ended = (moment.astimezone(UTC) for moment in day_around(at, zone))
    assert begun <= at < ended
    assert timedelta(hours=23) <= ended - begun <= timedelta(hours=25)
    other = at + moved
    is_same_day = other.astimezone(zone).date() == at.astimezone(zone).date()
    assert (begun <= other < ended) == is_same_day
    assert month_around(at, zone)[0].astimezone(UTC) <= begun
    assert (month_around(other, zone)[0] == month_around(at, zone)[0]) == (
        other.astimezone(zone).replace(day=1).date() == at.astimezone(zone).replace(day=1).date()
    )


def test_where_midnight_comes_twice_the_hour_between_belongs_to_the_day() -> None:
    azores = ZoneInfo("Atlantic/Azores")  # on 25 October 2026 at one o'clock the clock is put back to midnight
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert first.astimezone(azores).hour == second.astimezone(azores).hour == 0
    assert day_around(first, azores) == day_around(second, azores)
    assert day_around(second, azores)[0].astimezone(UTC) == datetime(2026, 10, 25, tzinfo=UTC)


@given(MOMENTS, st.integers(0, 24), st.sampled_from(ZONES))
def test_an_account_becomes_old_enough_at_a_midnight_and_stays_so(opened: datetime, months: int, name: str) -> None:
    zone = ZoneInfo(name)
    old = old_enough_on(opened, months, zone)
    turn = datetime.combine(old, datetime.min.time(), zone).astimezone(UTC)
    found = [
        decide(facts(today=(turn + step).astimezone(zone).date(), old_enough_on=old)).conditions[Answer.TOO_YOUNG]
        for step in (-timedelta(seconds=1), timedelta(), timedelta(hours=1), timedelta(days=1), timedelta(days=400))
    ]
    assert found == [False, True, True, True, True]


@given(
    st.lists(st.builds(Refusal, st.integers(1, 2), MOMENTS), min_size=1),
    st.timedeltas(timedelta(hours=-30), timedelta(days=4)),
)
def test_a_clock_that_is_put_back_makes_no_pause_shorter(refusals: list[Refusal], moved: timedelta) -> None:
    last = max(refusal.at for refusal in refusals)
    decision = decide(facts(now=last + moved, methods=(1,), refusals=refusals))
    is_counted = any(refusal.method == 1 for refusal in refusals)
    if is_counted and moved < timedelta(hours=1):
        assert decision.answer == Answer.PAUSED
    if not is_counted or moved >= LONGEST_PAUSE:
        assert decision.answer == Answer.BUY


def refused(*methods: int) -> list[Refusal]:
    return [Refusal(method, NOW + timedelta(minutes=place)) for place, method in enumerate(methods)]


@pytest.mark.parametrize(
    ("methods", "tried", "chosen"),
    [
        ((1, 2), (), (1, 0)),
        ((1, 2), (1,), (2, 0)),
        ((1, 2), (1, 2), (1, 1)),
        ((1, 2), (1, 2, 1), (2, 1)),
        ((1,), (1, 1), (1, 2)),
        ((), (1,), None),
        ((2,), (1, 1, 1), (2, 0)),
    ],
)
def test_the_backup_is_charged_when_the_first_was_declined(
    methods: tuple[int, ...], tried: tuple[int, ...], chosen: tuple[int, int] | None
) -> None:
    assert next_method(methods, refused(*tried)) == chosen


def pauses(rounds: int) -> Iterator[timedelta]:
    for number in range(1, rounds + 1):
        until = paused_until(number, refused(1))
        assert until is not None
        yield until - NOW


def test_the_pause_after_a_decline_grows_to_three_days_and_no_further() -> None:
    found = list(pauses(40))
    assert [pause // timedelta(hours=1) for pause in found[:5]] == [1, 4, 16, 64, 72]
    assert all(first <= second for first, second in pairwise(found))
    assert found[-1] == LONGEST_PAUSE
    assert paused_until(0, ()) is None


def test_a_pause_ends_at_its_moment() -> None:
    hour = timedelta(hours=1)
    before = facts(methods=(1,), refusals=[Refusal(1, NOW - hour + timedelta(seconds=1))])
    assert decide(before).answer == Answer.PAUSED
    assert decide(before).until == NOW + timedelta(seconds=1)
    assert decide(facts(methods=(1,), refusals=[Refusal(1, NOW - hour)])).answer == Answer.BUY


def test_who_has_hardly_used_anything_is_not_asked_for_a_first_campaign() -> None:
    assert unusual(facts(used_last_day=100, used_usually=1)) is None
    assert unusual(facts(used_last_day=101, used_usually=1)) == Unusual.PACE
    assert unusual(facts(used_last_day=10**9, used_usually=0)) is None


@given(ANY_FACTS, st.timedeltas(timedelta(days=-2), timedelta(days=70)))
def test_what_waits_is_looked_at_again_soon_and_seldom_when_it_has_waited_long(
    given_facts: Facts, stood: timedelta
) -> None:
    again = look_again(given_facts, decide(given_facts), NOW - stood)
    assert NOW < again <= NOW + LONGEST_WAIT
    assert again <= NOW + max(SHORTEST_WAIT, stood / 10)


def test_a_look_comes_when_a_pause_ends_and_when_the_day_turns() -> None:
    paused = facts(methods=(1,), refusals=[Refusal(1, NOW - timedelta(minutes=59))])
    decision = decide(paused)
    assert look_again(paused, decision, NOW - timedelta(hours=1)) == NOW + timedelta(minutes=1)
    capped = facts(spent_today=10_000, day_ends_at=NOW + timedelta(seconds=7))
    assert look_again(capped, decide(capped), NOW - timedelta(hours=1)) == NOW + timedelta(seconds=7)
