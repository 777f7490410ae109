"""Longest prefix, sums, rounding: the pure half of pricing."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.pricing.quote import NoRate, Quote, RateEntry, RateTable, messages_for, quote

PREFIXES = st.from_regex(r"[1-3][1-3]{0,3}", fullmatch=True)
NUMBERS = st.from_regex(r"\+[1-4]{1,8}", fullmatch=True)
TABLES = st.dictionaries(PREFIXES, st.integers(1, 50_000), max_size=12)
ITEMS = st.lists(st.tuples(NUMBERS, st.integers(1, 9)), max_size=40)


def table(prices: dict[str, int]) -> RateTable:
    return RateTable({prefix: RateEntry(prefix, f"Country {prefix}", units) for prefix, units in prices.items()})


def longest(number: str, prices: dict[str, int]) -> str | None:
    fitting = [prefix for prefix in prices if number[1:].startswith(prefix)]
    return max(fitting, key=len, default=None)


@pytest.mark.parametrize(
    ("number", "prefix"),
    [("+12025550123", "1"), ("+12425550123", "1242"), ("+393471234567", "39"), ("393471234567", "39"), ("+39", "39")],
)
def test_the_longest_prefix_of_a_number_counts(number: str, prefix: str) -> None:
    assert table({"1": 1, "1242": 3, "39": 4}).find(number).prefix == prefix


def test_a_number_without_a_rate_is_refused_by_name() -> None:
    with pytest.raises(NoRate) as refusal:
        table({"39": 7000}).find("+850123456")
    assert refusal.value.e164 == "+850123456"


@pytest.mark.parametrize("number", ["", "+", "+4", "abc"])
def test_what_is_no_number_has_no_rate(number: str) -> None:
    with pytest.raises(NoRate):
        table({"39": 7000}).find(number)


def test_an_empty_table_rates_nothing_and_an_empty_list_costs_nothing() -> None:
    assert quote([("+391", 1)], table({})).unrated == ("+391",)
    assert quote([], table({"39": 7000})) == Quote((), 0, 0, 0, ())


def test_a_quote_adds_up_by_destination_with_the_most_recipients_first() -> None:
    result = quote([("+911", 1), ("+391", 2), ("+392", 1), ("+8501", 1)], table({"39": 7000, "91": 4000}))
    assert [(line.prefix, line.recipient_count, line.segment_count, line.units) for line in result.lines] == [
        ("39", 2, 3, 21_000),
        ("91", 1, 1, 4000),
    ]
    assert (result.total_units, result.recipient_count, result.segment_count) == (25_000, 3, 4)
    assert result.unrated == ("+8501",)


@pytest.mark.parametrize("segment_count", [0, -1])
def test_a_message_without_segments_is_no_message(segment_count: int) -> None:
    with pytest.raises(ValueError, match="at least one segment"):
        quote([("+391", segment_count)], table({"39": 7000}))


@given(NUMBERS, TABLES)
def test_the_rate_found_is_the_one_found_by_trying_every_prefix(number: str, prices: dict[str, int]) -> None:
    expected = longest(number, prices)
    if expected is None:
        with pytest.raises(NoRate):
            table(prices).find(number)
    else:
        assert table(prices).find(number).prefix == expected


@given(ITEMS, TABLES)
def test_a_total_is_the_sum_of_its_lines_and_of_its_messages(
    items: list[tuple[str, int]], prices: dict[str, int]
) -> None:
    result = quote(items, table(prices))
    rated = [(segments, prices[prefix]) for number, segments in items if (prefix := longest(number, prices))]
    assert result.total_units == sum(line.units for line in result.lines)
    assert result.total_units == sum(segments * units for segments, units in rated)
    assert result.recipient_count == len(rated) == len(items) - len(result.unrated)
    assert result.segment_count == sum(segments for segments, _ in rated)


@given(ITEMS, TABLES, st.randoms(use_true_random=False))
def test_a_quote_does_not_depend_on_the_order_of_the_list(
    items: list[tuple[str, int]], prices: dict[str, int], random: Random
) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)
    assert quote(shuffled, table(prices)) == quote(items, table(prices))


@pytest.mark.parametrize(
    ("units", "rate", "messages"),
    [(1_000_000, 7000, 142), (1_000_000, 4000, 250), (6999, 7000, 0), (7000, 7000, 1), (0, 7000, 0), (-1, 7000, 0)],
)
def test_messages_are_rounded_down(units: int, rate: int, messages: int) -> None:
    assert messages_for(units, rate) == messages


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_what_a_pack_says_it_buys_it_can_pay_for(units: int, rate: int) -> None:
    messages = messages_for(units, rate)
    assert messages * rate <= units < (messages + 1) * rate
