"""The replay alone: against a slow one that looks at every millisecond of what happens, and properties."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.auto_recharge.decide import size
from billing.auto_recharge.simulate import BLOCK, Past, Purchase, Terms, holds, lowest, recommended, replay

LENGTH = 400

entries = st.lists(
    st.tuples(st.integers(0, LENGTH), st.one_of(st.integers(-60, -1), st.integers(1, 40))), max_size=40
).map(sorted)
pasts = st.builds(
    lambda opening, found: Past(0, LENGTH, opening, [at for at, _ in found], [amount for _, amount in found]),
    st.integers(0, 300),
    entries,
)
terms = st.builds(Terms, st.integers(1, 80), st.integers(1, 90), st.sampled_from([0, 1, 7, 60, 500]))


def slowly(past: Past, terms: Terms) -> tuple[list[Purchase], int, int, int, list[int]]:
    """The same, one millisecond after the other: purchases, milliseconds at zero, units and uses refused, balances."""
    balance = min(past.opening, terms.threshold + terms.quantity)
    coming: tuple[int, int] | None = None
    bought: list[Purchase] = []
    refused, count, zero = 0, 0, 0
    lows = []

    def settle(now: int) -> None:
        nonlocal balance, coming
        while True:
            if coming is not None and coming[0] <= now:
                balance, coming = balance + coming[1], None
            if coming is not None or balance > terms.threshold:
                return
            units = size(available=balance, on_their_way=0, threshold=terms.threshold, quantity=terms.quantity)
            bought.append(Purchase(now, units, balance))
            coming = (now + terms.delay, units)
            if terms.delay:
                return

    for now in range(past.since, past.until + 1):
        low = balance
        settle(now)
        for at, amount in zip(past.moments, past.amounts, strict=True):
            if at == now:
                balance += amount
                if balance < 0:
                    refused, count, balance = refused - balance, count + 1, 0
                low = min(low, balance)
                settle(now)
        lows.append(low)
        zero += balance <= 0 and now < past.until
    return bought, zero, refused, count, lows


@given(pasts, terms)
@settings(max_examples=300)
def test_the_replay_is_what_happens_millisecond_by_millisecond(past: Past, terms: Terms) -> None:
    made = replay(past, terms)
    bought, zero, refused, count, lows = slowly(past, terms)
    assert (made.purchases, made.zero_ms, made.refused_units, made.refused_count) == (bought, zero, refused, count)
    bounds = [0, 100, 250, LENGTH + 1]
    assert lowest(past, made, bounds) == [min(lows[begin:end]) for begin, end in pairwise(bounds)]


@given(pasts, terms)
def test_each_purchase_lands_above_the_threshold_and_units_are_neither_made_nor_lost(past: Past, terms: Terms) -> None:
    made = replay(past, terms)
    for purchase in made.purchases:
        assert purchase.available <= terms.threshold < purchase.available + purchase.units
        assert purchase.units % terms.quantity == 0
    arrived = sum(purchase.units for purchase in made.purchases if purchase.at + terms.delay <= past.until)
    last = made.courses[-1].shift + (past.sums[-1] if past.sums else 0)
    assert last == made.start + arrived + sum(past.amounts) + made.refused_units
    assert last >= 0


@given(pasts, terms, st.integers(0, 6))
def test_a_pair_holds_if_its_replay_does(past: Past, terms: Terms, most: int) -> None:
    made = replay(past, terms)
    assert holds(past, terms, most) == (not made.is_short and len(made.purchases) <= most)


@given(pasts, st.sampled_from([0, 7]), st.integers(0, 6))
def test_what_is_recommended_ties_up_the_least_of_all_that_hold(past: Past, delay: int, most: int) -> None:
    thresholds, quantities = (5, 10, 20, 50, 100), (25, 50, 90)
    found = recommended(past, thresholds, quantities, delay, most)
    good = [
        (threshold + quantity, -quantity)
        for threshold in thresholds
        for quantity in quantities
        if holds(past, Terms(threshold, quantity, delay), most)
    ]
    assert (None if found is None else (found.threshold + found.quantity, -found.quantity)) == min(good, default=None)


@given(st.lists(st.integers(-50, 50), max_size=3 * BLOCK), st.data())
@settings(max_examples=50)
def test_the_first_place_at_a_level_is_found_over_the_blocks(amounts: list[int], data: st.DataObject) -> None:
    past = Past(0, len(amounts), 0, list(range(len(amounts))), amounts)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(amounts))] * 2)))
    level = data.draw(st.integers(-500, 500))
    assert past.first(start, end, level) == next((k for k in range(start, end) if past.sums[k] <= level), None)


def test_a_past_without_uses_buys_only_what_is_missing_at_its_beginning() -> None:
    empty = Past(0, LENGTH, 0, [], [])
    assert [purchase.units for purchase in replay(empty, Terms(50, 100)).purchases] == [100]
    assert replay(Past(0, LENGTH, 500, [], []), Terms(50, 100)).purchases == []
    assert replay(empty, Terms(50, 100, 60)).zero_ms == 60
    assert replay(empty, Terms(50, 100)).cents(lambda units: 5 * units) == 500
    assert replay(empty, Terms(50, 100)).cents(lambda units: None) is None
