"""The replay with caps, pauses and questions: against a slow one that looks at every millisecond, and by hand."""

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.auto_recharge.braking import DAY_MS, Brakes, Use
from billing.auto_recharge.decide import Answer, size
from billing.auto_recharge.simulate import Past, Purchase, Terms, holds, replay
from tests.billing.auto_recharge.test_simulate import LENGTH, pasts, terms

NOTHING = Use([], [])
DAYS, MONTHS = range(0, 2_000, 50), range(0, 2_400, 150)


def brakes(
    *,
    day: int = 10**9,
    month: int = 10**9,
    pauses: tuple[tuple[int, int], ...] = (),
    apart: int = 0,
    answer: int = 0,
    debits: int | None = None,
) -> Brakes:
    """A cent a unit, days of 50 ms and months of 150."""
    return Brakes(
        price=lambda units: units,
        day_cap=day,
        month_cap=month,
        days=DAYS,
        months=MONTHS,
        pauses=pauses,
        apart=apart,
        pace_factor=5,
        answer=answer,
        used=NOTHING,
        opened=0,
        debit_limit=debits,
        returnable=70,
    )


some_brakes = st.builds(
    lambda day, more, begin, length, apart, answer, debits: brakes(
        day=day,
        month=day + more,
        pauses=((begin, begin + length), (390, 395)),
        apart=apart,
        answer=answer,
        debits=debits,
    ),
    st.integers(1, 250),
    st.integers(0, 300),
    st.integers(0, 200),
    st.integers(1, 150),
    st.sampled_from([0, 5, 40, 200]),
    st.sampled_from([0, 1, 30]),
    st.sampled_from([None, 60, 200]),
)


class Slow:
    """The same, one millisecond after the other, with every sum added up anew."""

    def __init__(self, past: Past, terms: Terms, rules: Brakes) -> None:
        self.past, self.terms, self.rules = past, terms, rules
        self.balance, self.asked = min(past.opening, terms.threshold + terms.quantity), -1
        self.coming: tuple[int, int] | None = None
        self.bought: list[Purchase] = []
        self.why: set[Answer] = set()
        self.refused = self.zero = 0

    def spent(self, begin: int, end: int) -> int:
        arrivals = ((each, each.at + self.terms.delay) for each in self.bought)
        return sum(each.units for each, arrives in arrivals if each.at < end and arrives >= begin)

    def brake(self, now: int, units: int) -> Answer | None:
        rules, day, month = self.rules, now // 50 * 50, now // 150 * 150
        if any(begin <= now < end for begin, end in rules.pauses):
            return Answer.PAUSED
        if self.spent(day, day + 50) + units > rules.day_cap:
            return Answer.DAY_CAP
        if self.spent(month, month + 150) + units > rules.month_cap:
            return Answer.MONTH_CAP
        returnable = (each.units for each in self.bought if each.at + self.terms.delay + rules.returnable > now)
        if rules.debit_limit is not None and sum(returnable) + units > rules.debit_limit:
            return Answer.PROVISIONAL
        if self.asked < 0 and self.bought and now - self.bought[-1].at < rules.apart:
            self.asked = now
        return Answer.ASKED if self.asked >= 0 and now < self.asked + rules.answer else None

    def settle(self, now: int) -> None:
        while True:
            if self.coming is not None and self.coming[0] <= now:
                self.balance, self.coming = self.balance + self.coming[1], None
            if self.coming is not None:
                return
            if self.balance > self.terms.threshold:
                self.asked = -1
                return
            goal, quantity = self.terms.threshold, self.terms.quantity
            units = size(available=self.balance, on_their_way=0, threshold=goal, quantity=quantity)
            if why := self.brake(now, units):
                self.why.add(why)
                return
            self.bought.append(Purchase(now, units, self.balance))
            self.coming, self.asked = (now + self.terms.delay, units), -1
            if self.terms.delay:
                return

    def run(self) -> None:
        for now in range(self.past.since, self.past.until + 1):
            self.settle(now)
            for at, amount in zip(self.past.moments, self.past.amounts, strict=True):
                if at == now:
                    self.balance += amount
                    self.refused, self.balance = self.refused - min(self.balance, 0), max(self.balance, 0)
                    self.settle(now)
            self.zero += self.balance <= 0 and now < self.past.until


@given(pasts, terms, some_brakes)
@settings(max_examples=400, deadline=None)
def test_the_replay_with_brakes_is_what_happens_millisecond_by_millisecond(
    past: Past, terms: Terms, rules: Brakes
) -> None:
    made, slow = replay(past, terms, rules), Slow(past, terms, rules)
    slow.run()
    assert (made.purchases, made.refused_units, made.zero_ms) == (slow.bought, slow.refused, slow.zero)
    # A pause that begins while a cap holds is not told of: nothing would have been bought anyway.
    assert {hold.why for hold in made.held} <= slow.why
    assert bool(made.held) == bool(slow.why)
    assert all(hold.at < hold.until for hold in made.held)
    for begins, length, cap in ((DAYS, 50, rules.day_cap), (MONTHS, 150, rules.month_cap)):
        assert all(slow.spent(begin, begin + length) <= cap for begin in begins) or terms.delay


@given(pasts, terms)
def test_brakes_that_never_hold_change_nothing(past: Past, terms: Terms) -> None:
    made, free = replay(past, terms, brakes()), replay(past, terms)
    assert (made.purchases, made.zero_ms, made.courses, made.held) == (free.purchases, free.zero_ms, free.courses, [])


def test_a_cap_holds_until_midnight_and_what_is_used_meanwhile_is_bought_then() -> None:
    past = Past(0, LENGTH, 100, [10, 20, 30, 60], [-60, -100, -50, -10])
    made = replay(past, Terms(50, 100), brakes(day=150))
    assert [(each.at, each.units, each.available) for each in made.purchases] == [(10, 100, 40), (50, 100, 0)]
    assert [(hold.at, hold.until, hold.why) for hold in made.held] == [(20, 50, Answer.DAY_CAP)]
    assert (made.refused_units, made.zero_ms) == (10, 20)
    assert not holds(past, Terms(50, 100), 9, brakes(day=150))
    assert holds(past, Terms(50, 100), 9, brakes(day=200))


def test_debits_that_can_be_returned_hold_until_one_is_final_and_one_beyond_the_limit_for_ever() -> None:
    past = Past(0, LENGTH, 100, [10, 20, 30], [-60, -100, -100])
    made = replay(past, Terms(50, 100), brakes(debits=150))
    assert [(each.at, each.available) for each in made.purchases] == [(10, 40), (80, 0)]
    assert [(hold.at, hold.until, hold.why) for hold in made.held] == [(20, 80, Answer.PROVISIONAL)]
    never = replay(past, Terms(50, 100), brakes(debits=99))
    assert (never.purchases, [hold.until for hold in never.held]) == ([], [DAYS[-1]])


def test_a_day_of_far_more_use_than_usual_asks() -> None:
    days, hour = 40 * DAY_MS, DAY_MS // 24
    quiet = [(day * DAY_MS, 10) for day in range(10, 40)]
    rush = [*quiet, (days, 200)]

    def use(entries: list[tuple[int, int]]) -> Use:
        return Use(
            [at for at, _ in entries], [sum(units for _, units in entries[: n + 1]) for n in range(len(entries))]
        )

    def made(entries: list[tuple[int, int]], opened: int = 0) -> list[tuple[int, Answer]]:
        past = Past(39 * DAY_MS, 60 * DAY_MS, 150, [days], [-200])
        rules = Brakes(
            lambda units: units, 10**9, 10**9, range(0, 99 * DAY_MS, DAY_MS), [0, 99 * DAY_MS], (), 0, 5, hour,
            use(entries), opened,
        )  # fmt: skip
        found = replay(past, Terms(50, 100), rules)
        assert [each.at for each in found.purchases] == [hold.until for hold in found.held] or not found.held
        return [(hold.until - hold.at, hold.why) for hold in found.held]

    assert made(rush) == [(hour, Answer.ASKED)]
    assert made([*quiet, (days, 50)]) == []
    assert made(rush, opened=days - DAY_MS) == []  # whoever used nothing so far is not compared
