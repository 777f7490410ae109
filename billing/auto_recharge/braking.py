"""What holds a purchase of a replay back: pauses, caps, what of debits can be returned, and the question to the owner. Pure.

The rules are those of `decide`, asked in the same order, of a past that is known; moments are milliseconds. A charge is
never declined in a replay: its pauses are those that there were. An owner who is asked approves after `answer`.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from billing.auto_recharge.decide import Answer, outruns, usual_a_day

DAY_MS: Final = 86_400_000
USUAL_DAYS: Final = 28
Price = Callable[[int], int | None]


@dataclass(frozen=True, slots=True)
class Use:
    """What was used: moments in order, and the units used up to each of them, that one included."""

    moments: Sequence[int]
    sums: Sequence[int]

    def within(self, begin: int, end: int) -> int:
        """The units used from `begin` until before `end`."""
        first, stop = bisect_left(self.moments, begin), bisect_left(self.moments, end)
        return (self.sums[stop - 1] if stop else 0) - (self.sums[first - 1] if first else 0)


@dataclass(frozen=True, slots=True)
class Brakes:
    """The limits in cents, when days and months begin (the first not after the replay's beginning, the last after all
    that it can come to), the pauses from a moment until another, in order; the milliseconds within which a second
    purchase is asked about, how many times the usual is too much, and how long the owner takes to approve.

    `used` is what was used, since `opened` or 29 days before the replay begins; what was moved, lent or expired was not.
    `debit_limit` are the cents of debits that may be returnable at a time, each for so many milliseconds after it came;
    None where nothing is debited.
    """

    price: Price
    day_cap: int
    month_cap: int
    days: Sequence[int]
    months: Sequence[int]
    pauses: Sequence[tuple[int, int]]
    apart: int
    pace_factor: int
    answer: int
    used: Use
    opened: int
    debit_limit: int | None = None
    returnable: int = 56 * DAY_MS

    def pause_end(self, at: int) -> int | None:
        """When the pause of this moment ends; None where there was none."""
        place = bisect_right(self.pauses, at, key=lambda pause: pause[0]) - 1
        return self.pauses[place][1] if place >= 0 and at < self.pauses[place][1] else None

    def is_too_fast(self, at: int, quantity: int) -> bool:
        """Whether far more was used in the last 24 hours than on other days."""
        yesterday = at - DAY_MS
        begun = max(yesterday - USUAL_DAYS * DAY_MS, min(self.opened, yesterday))
        usual = usual_a_day(self.used.within(begun, yesterday), (yesterday - begun) // DAY_MS)
        return outruns(self.used.within(yesterday, at + 1), usual, self.pace_factor, quantity)


@dataclass(frozen=True, slots=True)
class Hold:
    """At a moment a purchase was held back until another, and by which condition, unless less was missing before."""

    at: int
    until: int
    why: Answer


class Guard:
    """The brakes during one replay: what was spent, when was bought last, and since when the owner is asked."""

    __slots__ = ("asked_at", "bought_at", "brakes", "debits", "quantity", "spent_by_day", "spent_by_month")

    def __init__(self, brakes: Brakes, quantity: int) -> None:
        self.brakes, self.quantity = brakes, quantity
        self.spent_by_day, self.spent_by_month = Counter[int](), Counter[int]()
        self.debits: deque[tuple[int, int]] = deque()
        self.bought_at: int | None = None
        self.asked_at: int | None = None

    def hold(self, at: int, units: int) -> Hold | None:
        """What holds a purchase of so many units back at this moment; None where nothing does."""
        brakes, cents = self.brakes, self.brakes.price(units) or 0
        day, month = bisect_right(brakes.days, at) - 1, bisect_right(brakes.months, at) - 1
        if (end := brakes.pause_end(at)) is not None:
            return Hold(at, end, Answer.PAUSED)
        if self.spent_by_day[day] + cents > brakes.day_cap:
            return Hold(at, brakes.days[day + 1], Answer.DAY_CAP)
        if self.spent_by_month[month] + cents > brakes.month_cap:
            return Hold(at, brakes.months[month + 1], Answer.MONTH_CAP)
        if (end := self._until_final(at, cents)) is not None:
            return Hold(at, end, Answer.PROVISIONAL)
        if self.asked_at is None and self._is_unusual(at):
            self.asked_at = at
        if self.asked_at is not None and at < self.asked_at + brakes.answer:
            return Hold(at, self.asked_at + brakes.answer, Answer.ASKED)
        return None

    def buy(self, at: int, units: int, arrives_at: int) -> None:
        """Count a purchase on every day and in every month from its beginning until its money has come."""
        cents, self.bought_at, self.asked_at = self.brakes.price(units) or 0, at, None
        for begins, spent in ((self.brakes.days, self.spent_by_day), (self.brakes.months, self.spent_by_month)):
            for place in range(bisect_right(begins, at) - 1, bisect_right(begins, arrives_at)):
                spent[place] += cents
        if self.brakes.debit_limit is not None:
            self.debits.append((arrives_at + self.brakes.returnable, cents))

    def lapse(self) -> None:
        """There is enough again: what was asked is not needed any more."""
        self.asked_at = None

    def _until_final(self, at: int, cents: int) -> int | None:
        """When the next debit is final, where this one would pass the limit: never, where it does so alone; else None."""
        limit, debits = self.brakes.debit_limit, self.debits
        while debits and debits[0][0] <= at:
            debits.popleft()
        if limit is None or sum(each for _, each in debits) + cents <= limit:
            return None
        return debits[0][0] if debits else self.brakes.days[-1]

    def _is_unusual(self, at: int) -> bool:
        is_second = self.bought_at is not None and at - self.bought_at < self.brakes.apart
        return is_second or self.brakes.is_too_fast(at, self.quantity)
