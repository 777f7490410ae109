"""What an automatic recharge would have done to a past that is known: pure, and exact to the unit and the millisecond.

A wallet's past is replayed with its purchases left out: the recharge makes its own. A use takes what is there, and what
is missing of it is refused. So the credits never fall below zero, and they are at zero from a shortage until the next
credits come.

Brakes hold a purchase back: what is missing then is bought when they let go of it.

The past is kept as running sums with the lowest of each block, so that the next moment at which the credits fall to a
level is found without looking at every use. That is what lets many pairs be tried.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Final

from billing.auto_recharge.braking import Brakes, Guard, Hold, Price
from billing.auto_recharge.decide import size

BLOCK: Final = 512


@dataclass(frozen=True, slots=True)
class Past:
    """From `since` until `until` (milliseconds), beginning with `opening` units: the moments in order, and at each what
    came (above zero) or was used (below)."""

    since: int
    until: int
    opening: int
    moments: Sequence[int]
    amounts: Sequence[int]
    sums: list[int] = field(init=False)
    lows: list[int] = field(init=False)
    comings: list[int] = field(init=False)

    def __post_init__(self) -> None:
        sums = list(accumulate(self.amounts))
        object.__setattr__(self, "sums", sums)
        object.__setattr__(self, "lows", [min(sums[at : at + BLOCK]) for at in range(0, len(sums), BLOCK)])
        object.__setattr__(self, "comings", [at for at, amount in enumerate(self.amounts) if amount > 0])

    def next_coming(self, start: int, end: int) -> int:
        """The first place from `start` until before `end` at which something came; `end` where nothing did."""
        at = bisect_left(self.comings, start)
        return min(self.comings[at], end) if at < len(self.comings) else end

    def first(self, start: int, end: int, level: int) -> int | None:
        """The first place from `start` until before `end` at which the running sum is at `level` or below."""
        sums, lows = self.sums, self.lows
        while start < end:
            stop = start - start % BLOCK + BLOCK
            if lows[start // BLOCK] <= level:
                for place in range(start, min(stop, end)):
                    if sums[place] <= level:
                        return place
            start = stop
        return None


@dataclass(frozen=True, slots=True)
class Terms:
    """Threshold and quantity in units, and the milliseconds from a purchase until its credits are there."""

    threshold: int
    quantity: int
    delay: int = 0


@dataclass(frozen=True, slots=True)
class Purchase:
    """So many units, bought with `available` left at a moment in milliseconds."""

    at: int
    units: int
    available: int


@dataclass(frozen=True, slots=True)
class Course:
    """From a moment and a place of the past on, `shift` is to be added to its running sum to have the balance."""

    at: int
    place: int
    shift: int


@dataclass(slots=True)
class Replay:
    """What would have come of it: the purchases, what held one back, milliseconds at zero, and the units and the uses that
    were refused."""

    start: int
    purchases: list[Purchase] = field(default_factory=list)
    held: list[Hold] = field(default_factory=list)
    zero_ms: int = 0
    refused_units: int = 0
    refused_count: int = 0
    courses: list[Course] = field(default_factory=list)

    @property
    def is_short(self) -> bool:
        """Whether the credits were at zero, or something was refused."""
        return bool(self.zero_ms or self.refused_count)

    def cents(self, price: Price) -> int | None:
        """What the purchases cost, each at its price; None where one is not for sale."""
        prices = {units: price(units) for units in {purchase.units for purchase in self.purchases}}
        each = [prices[purchase.units] for purchase in self.purchases]
        return None if None in each else sum(cents for cents in each if cents is not None)


def replay(past: Past, terms: Terms, brakes: Brakes | None = None) -> Replay:
    """Replay the past with `terms`; it begins with no more credits than ever lie there: threshold and quantity."""
    *_, made = _steps(past, terms, brakes)
    return made


def holds(past: Past, terms: Terms, most: int, brakes: Brakes | None = None) -> bool:
    """Whether the credits would never have been at zero, nothing refused, with at most so many purchases."""
    return all(not step.is_short and len(step.purchases) <= most for step in _steps(past, terms, brakes))


def recommended(
    past: Past,
    thresholds: Iterable[int],
    quantities: Iterable[int],
    delay: int,
    most: int,
    brakes: Brakes | None = None,
) -> Terms | None:
    """The pair that ties up the least, so the smallest sum of threshold and quantity, of those that hold; None: no pair.

    Of equal ones that with the larger quantity, because its credits cost less.
    """
    quantities = list(quantities)
    pairs = [Terms(threshold, quantity, delay) for threshold in thresholds for quantity in quantities]
    pairs.sort(key=lambda pair: (pair.threshold + pair.quantity, -pair.quantity))
    return next((pair for pair in pairs if holds(past, pair, most, brakes)), None)


def lowest(past: Past, made: Replay, bounds: Sequence[int]) -> list[int]:
    """The lowest number of units between each two neighbours of `bounds` (milliseconds).

    Uses that were refused one after the other have the course of the first of them, which leads below zero.
    """
    starts = [course.at for course in made.courses]
    places = [course.place for course in made.courses]
    found = []
    for begin, end in pairwise(bounds):
        first, stop = bisect_left(past.moments, begin), bisect_left(past.moments, end)
        carried = made.courses[max(bisect_left(starts, begin) - 1, 0)].shift
        low = carried + (past.sums[first - 1] if first else 0)
        for number in range(max(bisect_right(places, first) - 1, 0), bisect_left(places, stop)):
            until = places[number + 1] if number + 1 < len(places) else len(past.sums)
            part = past.sums[max(first, places[number]) : min(stop, until)]
            low = min([low, *([min(part) + made.courses[number].shift] if part else [])])
        found.append(max(low, 0))
    return found


def _steps(past: Past, terms: Terms, brakes: Brakes | None) -> Iterator[Replay]:
    """Go through the past from one thing that happens to the next; the same object each time."""
    walk = _Walk(past, terms, Guard(brakes, terms.quantity) if brakes else None)
    while walk.step():
        yield walk.made
    walk.end()
    yield walk.made


class _Walk:
    """Where a replay has come to: the next place of the past, the moment, the balance, and what is on its way or held."""

    __slots__ = ("at", "balance", "coming", "guard", "hold", "made", "past", "place", "shift", "terms", "zero_since")

    def __init__(self, past: Past, terms: Terms, guard: Guard | None) -> None:
        self.past, self.terms, self.guard = past, terms, guard
        self.hold: Hold | None = None
        self.made = Replay(min(past.opening, terms.threshold + terms.quantity))
        self.place, self.at, self.balance, self.shift = 0, past.since, self.made.start, self.made.start
        self.zero_since = past.since if self.balance <= 0 else None
        self.coming: tuple[int, int] | None = None
        self.made.courses.append(Course(self.at, 0, self.shift))

    def step(self) -> bool:
        """Go on to the next use that matters, to the next arrival, or to the end of a hold; False when nothing more
        happens."""
        past = self.past
        if self.coming is None:
            self._decide()
        turn = self.coming[0] if self.coming else self.hold.until if self.hold else None
        end = len(past.sums) if turn is None else bisect_left(past.moments, turn, self.place)
        found = self._next(end)
        if found is not None:
            self._use(found)
        elif turn is None or turn > past.until:
            return False
        elif self.coming is not None:
            self._arrive(*self.coming, end)
        else:
            self.at, self.place = turn, end
            self.balance = self.shift + (past.sums[end - 1] if end else 0)
        if self.balance <= 0 and self.zero_since is None:
            self.zero_since = self.at
        elif self.balance > 0 and self.zero_since is not None:
            self.made.zero_ms, self.zero_since = self.made.zero_ms + self.at - self.zero_since, None
        return True

    def end(self) -> None:
        """Count what was at zero until the end."""
        if self.zero_since is not None:
            self.made.zero_ms += self.past.until - self.zero_since

    def _decide(self) -> None:
        """Buy what is missing, if anything is and nothing holds it back."""
        terms, guard, before, self.hold = self.terms, self.guard, self.hold, None
        if self.balance > terms.threshold:
            if guard is not None:
                guard.lapse()
            return
        units = size(available=self.balance, on_their_way=0, threshold=terms.threshold, quantity=terms.quantity)
        if guard is not None:
            self.hold = guard.hold(self.at, units)
            if self.hold is not None:
                if before is None or (before.until, before.why) != (self.hold.until, self.hold.why):
                    self.made.held.append(self.hold)
                return
            guard.buy(self.at, units, self.at + terms.delay)
        self.made.purchases.append(Purchase(self.at, units, self.balance))
        self.coming = (self.at + terms.delay, units)

    def _next(self, end: int) -> int | None:
        """The next place before `end` that matters: where the credits fall to the threshold, or to zero while some are
        on their way; and, while a purchase is held back, where some come, because less is missing then."""
        past = self.past
        if self.zero_since is not None:
            self._refuse(past.next_coming(self.place, end))
            return self.place if self.place < end else None
        is_idle = self.coming is None and self.hold is None
        found = past.first(self.place, end, (self.terms.threshold if is_idle else 0) - self.shift)
        if self.hold is None:
            return found
        came = past.next_coming(self.place, end if found is None else found)
        return came if came < (end if found is None else found) else found

    def _use(self, found: int) -> None:
        """Let what stands at `found` happen; what is missing of it is refused."""
        self.at, self.place = self.past.moments[found], found + 1
        self.balance = self.past.sums[found] + self.shift
        if self.balance < 0:
            self._miss(-self.balance, 1, found)
            self.balance = 0

    def _refuse(self, stop: int) -> None:
        """Refuse all uses before `stop`: nothing is there, and nothing comes."""
        if stop > self.place:
            before = self.past.sums[self.place - 1] if self.place else 0
            self.at = self.past.moments[stop - 1]
            self._miss(before - self.past.sums[stop - 1], stop - self.place, stop)
            self.place = stop

    def _miss(self, units: int, count: int, place: int) -> None:
        self.made.refused_units += units
        self.made.refused_count += count
        self.shift += units
        self.made.courses.append(Course(self.at, place, self.shift))

    def _arrive(self, at: int, units: int, place: int) -> None:
        """Credit what was bought."""
        self.at, self.place, self.coming = at, place, None
        self.shift += units
        self.balance = self.shift + (self.past.sums[place - 1] if place else 0)
        self.made.courses.append(Course(at, place, self.shift))
