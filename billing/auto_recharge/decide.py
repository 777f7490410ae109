"""Whether credits are bought now: figures in, an answer out, and which conditions were met. Pure.

The conditions are asked in one order, and the first that is not met is the answer. Money is asked for only when all
of them are, so whatever is written down here can be checked against the row that was stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from math import ceil
from typing import Final

from billing.credits.expiry import after_months

FIRST_PAUSE: Final = timedelta(hours=1)
"""How long nothing is asked for after every method was declined once; each further round waits four times as long."""

LONGEST_PAUSE: Final = timedelta(days=3)

SHORTEST_WAIT: Final = timedelta(seconds=20)
LONGEST_WAIT: Final = timedelta(minutes=5)
"""How long a sweep leaves alone what it has just looked at, and what has had the same answer for an hour."""


class Answer(StrEnum):
    """What came of a look. Each but the last three names the condition that was not met."""

    OFF = "off"
    CLOSED = "closed"
    DRAWS_ON_ANOTHER = "draws_on_another"
    ENOUGH = "enough"
    ON_ITS_WAY = "on_its_way"
    TOO_YOUNG = "too_young"
    NO_METHOD = "no_method"
    RETURNED = "returned"
    NO_DETAILS = "no_details"
    NOT_FOR_SALE = "not_for_sale"
    PAUSED = "paused"
    DAY_CAP = "day_cap"
    MONTH_CAP = "month_cap"
    PROVISIONAL = "provisional"
    ASKED = "asked"
    REFUSED = "refused"
    ASK = "ask"
    BUY = "buy"


class Unusual(StrEnum):
    """Why the owner is asked before more is charged."""

    SECOND = "second"
    PACE = "pace"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A charge of `method` (its key) that was declined, and when."""

    method: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known at `now`: credits in units, money in cents with VAT.

    `methods` are those that may be charged, in order, `debits` those of them whose money can still be returned after
    it came, of which `provisional_left` cents more are allowed. `was_returned` says that money came back for which
    nobody has answered, `refusals` are those since the last success or answer. `old_enough_on` and `today` are days in
    the account's zone, `day_ends_at` is the end of this one. `gross_cents` is what `size` would cost, None where it is
    not for sale. `approved_cents` is what the owner approved, None where nothing is. What was spent includes what is open and may still turn out charged.
    """

    now: datetime
    is_on: bool
    is_closed: bool
    draws_on_another: bool
    available: int
    on_their_way: int
    has_open: bool
    threshold: int
    quantity: int
    today: date
    day_ends_at: datetime
    old_enough_on: date
    methods: Sequence[int]
    debits: frozenset[int]
    provisional_left: int
    was_returned: bool
    has_details: bool
    gross_cents: int | None
    spent_today: int
    spent_this_month: int
    day_cap: int
    month_cap: int
    refusals: Sequence[Refusal]
    last_bought_at: datetime | None
    apart: timedelta
    used_last_day: int
    used_usually: int
    pace_factor: int
    is_asked: bool
    approved_cents: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and each condition by the answer that it gives when it is not met.

    `method` is the one to charge (None where there is none), `until` the end of a pause, `unusual` why the owner is
    to be asked.
    """

    answer: Answer
    conditions: Mapping[Answer, bool]
    units: int
    method: int | None
    until: datetime | None
    unusual: Unusual | None


def size(*, available: int, on_their_way: int, threshold: int, quantity: int) -> int:
    """The units to buy: as often the quantity as it takes to land above the threshold, and once at least."""
    missing = threshold - available - on_their_way
    return quantity * max(1, missing // quantity + 1)


def old_enough_on(opened_at: datetime, months: int, zone: tzinfo) -> date:
    """The day on which an account is so many calendar months old: a day in its zone, whatever the hour it was opened.

    A month without that day gives its last one: two months after 31 December is 28 or 29 February.
    """
    noon = opened_at.astimezone(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    return after_months(noon, months, zone).date()


def day_around(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of the day of `at` in the zone, and that of the next day: 23 to 25 hours apart.

    Where the clock is put back at one o'clock midnight comes twice, and the first of them counts.
    """
    today = at.astimezone(zone).date()
    return datetime.combine(today, time(), zone), datetime.combine(today + timedelta(days=1), time(), zone)


def month_around(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """The first moment of the month of `at` in the zone, and that of the next month."""
    first = at.astimezone(zone).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return datetime.combine(first, time(), zone), datetime.combine(following, time(), zone)


def next_method(methods: Sequence[int], refusals: Sequence[Refusal]) -> tuple[int, int] | None:
    """The method to charge, and how often it was declined already: the first of those declined the fewest times."""
    if not methods:
        return None
    times = {method: sum(refusal.method == method for refusal in refusals) for method in methods}
    method = min(methods, key=lambda each: times[each])
    return method, times[method]


def paused_until(rounds: int, refusals: Sequence[Refusal]) -> datetime | None:
    """When to ask again after all methods were declined `rounds` times: an hour later, then 4, 16, 64 and 72."""
    if not rounds or not refusals:
        return None
    longer: int = 4 ** min(rounds - 1, 4)
    pause = min(FIRST_PAUSE * longer, LONGEST_PAUSE)
    return max(refusal.at for refusal in refusals) + pause


def unusual(facts: Facts) -> Unusual | None:
    """Whether this purchase looks as if something went wrong: it is the second in a short time, or follows on a day
    on which far more was used than on others."""
    # Without hours between there is no second one too soon: who waited in the queue may have looked at an older clock.
    if facts.apart and facts.last_bought_at is not None and facts.now - facts.last_bought_at < facts.apart:
        return Unusual.SECOND
    if outruns(facts.used_last_day, facts.used_usually, facts.pace_factor, facts.quantity):
        return Unusual.PACE
    return None


def outruns(used_last_day: int, used_usually: int, pace_factor: int, quantity: int) -> bool:
    """Whether far more was used than on other days, and more than one purchase brings; of who used nothing so far: no."""
    return 0 < pace_factor * used_usually < used_last_day and used_last_day > quantity


def decide(facts: Facts) -> Decision:
    """Answer whether to buy, at these facts.

    A question that was asked waits for its answer, however long. An approval covers what was asked and no cent more.
    """
    units = size(
        available=facts.available,
        on_their_way=facts.on_their_way,
        threshold=facts.threshold,
        quantity=facts.quantity,
    )
    chosen = next_method(facts.methods, facts.refusals)
    method, rounds = chosen or (None, 0)
    until = paused_until(rounds, facts.refusals)
    cents = facts.gross_cents or 0
    is_approved = facts.approved_cents is not None and cents <= facts.approved_cents
    strange = None if is_approved else unusual(facts)
    conditions = {
        Answer.OFF: facts.is_on,
        Answer.CLOSED: not facts.is_closed,
        Answer.DRAWS_ON_ANOTHER: not facts.draws_on_another,
        Answer.ENOUGH: facts.available + facts.on_their_way <= facts.threshold,
        Answer.ON_ITS_WAY: not facts.has_open,
        Answer.TOO_YOUNG: facts.today >= facts.old_enough_on,
        Answer.NO_METHOD: method is not None,
        Answer.RETURNED: not facts.was_returned,
        Answer.NO_DETAILS: facts.has_details,
        Answer.NOT_FOR_SALE: facts.gross_cents is not None,
        Answer.PAUSED: until is None or facts.now >= until,
        Answer.DAY_CAP: facts.spent_today + cents <= facts.day_cap,
        Answer.MONTH_CAP: facts.spent_this_month + cents <= facts.month_cap,
        Answer.PROVISIONAL: method not in facts.debits or cents <= facts.provisional_left,
        Answer.ASKED: strange is None and not facts.is_asked,
    }
    unmet = next((answer for answer, is_met in conditions.items() if not is_met), Answer.BUY)
    if unmet == Answer.ASKED and not facts.is_asked:
        unmet = Answer.ASK
    return Decision(unmet, conditions, units, method, until if unmet == Answer.PAUSED else None, strange)


def usual_a_day(used: int, days: int) -> int:
    """What is used on a day as a rule: the mean of `days`, rounded up, so that little is not taken for nothing."""
    return ceil(used / days) if days > 0 else 0


def look_again(facts: Facts, decision: Decision, since: datetime) -> datetime:
    """When to look again by ourselves after an answer that has stood since then, if no bell rings before.

    What is new is looked at often, what has stood for long seldom; and at the moment at which a condition ends by
    time: a pause, the day of a cap or of an age.
    """
    waited = (facts.now - since) / 10
    turns = [facts.now + min(max(waited, SHORTEST_WAIT), LONGEST_WAIT)]
    if decision.until is not None:
        turns.append(decision.until)
    if decision.answer in (Answer.TOO_YOUNG, Answer.DAY_CAP, Answer.MONTH_CAP):
        turns.append(facts.day_ends_at)
    return min(turn for turn in turns if turn > facts.now)
