"""What a text to many costs, and who is left out."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.pricing.quote import RateEntry, RateTable
from messaging.campaigns.pricer import Priced, Pricer, Reason, Terms
from messaging.campaigns.quote import Problem, Quote, Recipients, quote
from messaging.encoding.numbers import NumberFault

TABLE = RateTable(
    {
        "39": RateEntry("39", "Italy", 7_000),
        "91": RateEntry("91", "India", 4_000),
        "1": RateEntry("1", "North America", 2_000),
        "1876": RateEntry("1876", "Jamaica", 9_000),
    }
)
ANNA, BRUNO, CHANDRA, NOBODY = "+393471234567", "+393471234568", "+919812345678", "+99912345678"


def priced(text: str, *numbers: str, opted_out: frozenset[str] = frozenset()) -> Quote:
    return quote(terms=Terms(text, TABLE), recipients=Recipients.of(numbers), opted_out=opted_out)


def messages(text: str, *numbers: str, opted_out: frozenset[str] = frozenset()) -> list[Priced]:
    pricer = Pricer(Terms(text, TABLE))
    outcomes = [pricer.price(number, {}) for number in dict.fromkeys(numbers) if number not in opted_out]
    return [outcome for outcome in outcomes if isinstance(outcome, Priced)]


def named(result: Quote, reason: Reason) -> tuple[str, ...]:
    return tuple(each.number for each in result.examples.get(reason, ()))


def test_each_recipient_costs_the_rate_of_the_country_for_each_segment() -> None:
    result = priced("a" * 161, ANNA, BRUNO, CHANDRA)
    assert result.segments.segment_count == 2
    assert [each.units for each in messages("a" * 161, ANNA, BRUNO, CHANDRA)] == [14_000, 14_000, 8_000]
    assert result.total_units == 36_000
    assert [(line.prefix, line.recipient_count, line.units) for line in result.lines] == [
        ("39", 2, 28_000),
        ("91", 1, 8_000),
    ]


def test_who_is_left_out_is_not_paid_for() -> None:
    result = priced("ciao", ANNA, ANNA, BRUNO, NOBODY, opted_out=frozenset({BRUNO}))
    assert [sample.number for sample in result.samples] == [ANNA] * 3
    assert result.recipient_count == 1
    assert result.duplicate_count == 1
    assert (named(result, Reason.OPTED_OUT), named(result, Reason.UNRATED)) == ((BRUNO,), (NOBODY,))
    assert result.excluded_count == 3
    assert result.total_units == 7_000


def test_what_is_no_number_is_counted_with_its_reason() -> None:
    whom = Recipients(((ANNA, {}),), 0, (("hello", NumberFault.NOT_A_NUMBER),))
    result = quote(terms=Terms("ciao", TABLE), recipients=whom, opted_out=frozenset())
    assert result.invalid == (("hello", NumberFault.NOT_A_NUMBER),)
    assert result.excluded_count == 1


@pytest.mark.parametrize(
    ("text", "numbers", "problem"),
    [
        ("", [ANNA], Problem.NO_TEXT),
        (" \n ", [ANNA], Problem.NO_TEXT),
        ("a" * 919, [ANNA], Problem.TEXT_TOO_LONG),
        ("🎉" * 199, [ANNA], Problem.TEXT_TOO_LONG),
        ("ciao", [], Problem.NO_RECIPIENTS),
        ("ciao", [NOBODY], Problem.NO_RECIPIENTS),
        ("a" * 918, [ANNA], None),
    ],
)
def test_what_stands_in_the_way_is_named(text: str, numbers: list[str], problem: Problem | None) -> None:
    assert priced(text, *numbers).problem is problem


def test_without_a_text_the_recipients_are_counted_and_cost_nothing() -> None:
    result = priced("", ANNA, BRUNO)
    assert (result.recipient_count, result.total_units, result.lines) == (2, 0, ())


def test_the_text_is_priced_as_it_is_sent() -> None:
    assert priced("a\r\nb", ANNA).segments.text == "a\nb"


def test_the_longest_prefix_sets_the_price() -> None:
    assert priced("hi", "+18765551234", "+12125551234").total_units == 11_000


numbers = st.lists(st.sampled_from([ANNA, BRUNO, CHANDRA, NOBODY, "+18765551234"]), max_size=12)


@given(st.text(max_size=200), numbers, st.frozensets(st.sampled_from([ANNA, CHANDRA])))
def test_the_total_is_what_the_recipients_and_the_countries_add_up_to(
    text: str, chosen: list[str], opted_out: frozenset[str]
) -> None:
    result = priced(text, *chosen, opted_out=opted_out)
    sent = messages(text, *chosen, opted_out=opted_out)
    assert result.total_units == sum(each.units for each in sent)
    assert result.recipient_count == len(sent)
    assert result.total_units == sum(line.units for line in result.lines)
    assert result.recipient_count + result.excluded_count == len(chosen)
    assert not opted_out & {sample.number for sample in result.samples}


def test_the_fingerprint_changes_with_text_numbers_and_prices() -> None:
    base = priced("ciao", ANNA, BRUNO)
    dearer = RateTable({"39": RateEntry("39", "Italy", 7_001)})
    others = [
        priced("ciao!", ANNA, BRUNO),
        priced("ciao", ANNA),
        priced("ciao", BRUNO, ANNA),
        quote(terms=Terms("ciao", dearer), recipients=Recipients.of([ANNA, BRUNO]), opted_out=frozenset()),
    ]
    assert len({base.fingerprint, *(each.fingerprint for each in others)}) == 5
    assert priced("ciao", ANNA, BRUNO).fingerprint == base.fingerprint


def test_ten_thousand_numbers_are_priced_alike() -> None:
    chosen = [f"+39347{number:07d}" for number in random.Random(1).sample(range(10_000_000), 10_000)]
    assert priced("ciao", *chosen).total_units == 10_000 * 7_000
