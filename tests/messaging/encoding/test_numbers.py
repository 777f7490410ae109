"""Telephone numbers as people write, copy and break them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.encoding import numbers
from messaging.encoding.numbers import InvalidNumber, NumberFault, PasteTooLong, PhoneNumber, TooManyNumbers

MILANO = PhoneNumber(e164="+393471234567", country="IT", prefix="39")


@pytest.mark.parametrize(
    "raw",
    [
        "3471234567",
        "347 123 4567",
        "347/1234567",
        "347.123.4567",
        "+393471234567",
        "+39 347 123 4567",
        "(+39) 347-123-4567",
        "0039 347 1234567",
        "393471234567",
        "  +39\xa0347\u20111234567\n",
        "\u202a+39 347 1234567\u202c",
        "'+393471234567",
        '"3471234567"',
        "3471234567.0",
        "＋３９（３４７）１２３４５６７",
        "+٣٩ ٣٤٧ ١٢٣٤٥٦٧",
    ],
)
def test_one_number_written_in_many_ways_is_one_number(raw: str) -> None:
    assert numbers.parse(raw, region="IT") == MILANO


@pytest.mark.parametrize(
    ("raw", "region", "e164", "country", "prefix"),
    [
        ("06 12 34 56 78", "FR", "+33612345678", "FR", "33"),
        ("07911 123456", "GB", "+447911123456", "GG", "44"),
        ("+44 (0)7400 123456", "IT", "+447400123456", "GB", "44"),
        ("02 12345678", "IT", "+390212345678", "IT", "39"),
        ("+1 242 359 1234", "IT", "+12423591234", "BS", "1"),
        ("+91 98765 43210", "", "+919876543210", "IN", "91"),
        ("+800 1234 5678", "IT", "+80012345678", "", "800"),
        ("+44 7700 900123", "IT", "+447700900123", "GB", "44"),
        ("06 39 98 00 12", "FR", "+33639980012", "FR", "33"),
        ("3471234567", "it", "+393471234567", "IT", "39"),
    ],
)
def test_a_number_knows_its_country_and_prefix(raw: str, region: str, e164: str, country: str, prefix: str) -> None:
    assert numbers.parse(raw, region=region) == PhoneNumber(e164=e164, country=country, prefix=prefix)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", NumberFault.EMPTY),
        (" \t\u200b", NumberFault.EMPTY),
        ("Mario", NumberFault.NOT_A_NUMBER),
        ("Mario 3471234567", NumberFault.NOT_A_NUMBER),
        ("347 1234567 ext 5", NumberFault.NOT_A_NUMBER),
        ("347 1234567\xb9", NumberFault.NOT_A_NUMBER),
        ("1-800-FLOWERS", NumberFault.NOT_A_NUMBER),
        ("-5", NumberFault.NOT_A_NUMBER),
        ("+", NumberFault.NOT_A_NUMBER),
        ("*123#", NumberFault.NOT_A_NUMBER),
        ("=1+1", NumberFault.NOT_A_NUMBER),
        ("347\x001234567", NumberFault.NOT_A_NUMBER),
        ("+393471234567+393471234568", NumberFault.NOT_A_NUMBER),
        ("12", NumberFault.TOO_SHORT),
        ("112", NumberFault.TOO_SHORT),
        ("+39 347", NumberFault.TOO_SHORT),
        ("3471234567 3471234568", NumberFault.TOO_LONG),
        ("1" * 100, NumberFault.TOO_LONG),
        ("1" * 1_000_000, NumberFault.TOO_LONG),
        ("+999 123456789", NumberFault.IMPOSSIBLE),
        ("+39 000 000 0000", NumberFault.IMPOSSIBLE),
        ("4.479E+11", NumberFault.EXCEL_EXPONENT),
        ("4,479E+11", NumberFault.EXCEL_EXPONENT),
        ("3.93471e11", NumberFault.EXCEL_EXPONENT),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(raw: str, reason: NumberFault) -> None:
    with pytest.raises(InvalidNumber) as refused:
        numbers.parse(raw, region="IT")
    assert refused.value.reason is reason


@pytest.mark.parametrize("region", ["", "XX"])
def test_a_national_number_without_a_known_region_is_impossible(region: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        numbers.parse("3471234567", region=region)
    assert refused.value.reason is NumberFault.IMPOSSIBLE


def test_pasted_numbers_are_kept_once_in_order_and_the_rest_is_accounted_for() -> None:
    pasted = "+39 348 7654321\r\n347 1234567, 0039 347 1234567;\tMario\n\n12;12,+393471234567,"
    parsed = numbers.parse_many(pasted, region="IT", limit=100)
    assert [number.e164 for number in parsed.valid] == ["+393487654321", "+393471234567"]
    assert parsed.invalid == [("Mario", NumberFault.NOT_A_NUMBER), ("12", NumberFault.TOO_SHORT)]
    assert parsed.duplicates == 3


def test_a_number_spoilt_by_an_italian_excel_stays_one_piece() -> None:
    parsed = numbers.parse_many("3,93471E+11,3471234567\n4.479E+11", region="IT", limit=10)
    assert [number.e164 for number in parsed.valid] == ["+393471234567"]
    assert parsed.invalid == [("3,93471E+11", NumberFault.EXCEL_EXPONENT), ("4.479E+11", NumberFault.EXCEL_EXPONENT)]


def test_an_empty_paste_holds_nothing() -> None:
    assert numbers.parse_many(" \r\n ,;\t", region="IT", limit=0) == numbers.ParsedNumbers([], 0, [])


def test_a_ten_megabyte_paste_is_refused_before_it_is_read() -> None:
    with pytest.raises(PasteTooLong) as refused:
        numbers.parse_many("3471234567\n" * 1_000_000, region="IT", limit=10)
    assert refused.value.limit == numbers.MAX_PASTE_CHARACTERS


def test_more_different_numbers_than_the_limit_are_refused_and_repetitions_are_not() -> None:
    pasted = "\n".join(f"347123456{last}" for last in range(4))
    with pytest.raises(TooManyNumbers) as refused:
        numbers.parse_many(pasted, region="IT", limit=3)
    assert refused.value.limit == 3
    assert numbers.parse_many("3471234567\n" * 1000, region="IT", limit=1).duplicates == 999


def test_a_very_long_piece_is_reported_shortened() -> None:
    parsed = numbers.parse_many("x" * numbers.MAX_PASTE_CHARACTERS, region="IT", limit=10)
    assert parsed.invalid == [("x" * 63 + "…", NumberFault.NOT_A_NUMBER)]


def test_a_number_is_written_for_its_country_and_for_the_world() -> None:
    assert numbers.national("+393471234567") == "347 123 4567"
    assert numbers.international("+393471234567") == "+39 347 123 4567"
    assert numbers.national("+33612345678") == "06 12 34 56 78"


@pytest.mark.parametrize("stored", ["", "Acme", "12345", "+999", "+"])
def test_what_is_no_number_is_shown_as_it_is(stored: str) -> None:
    assert numbers.national(stored) == numbers.international(stored) == stored


@given(st.text(st.sampled_from("0123456789+ -()./,;\n\t\r'eE\u200bMà"), max_size=300))
def test_every_piece_of_a_paste_is_valid_invalid_or_a_duplicate(pasted: str) -> None:
    parsed = numbers.parse_many(pasted, region="IT", limit=300)
    assert parsed.duplicates >= 0
    assert len({number.e164 for number in parsed.valid}) == len(parsed.valid)
    for number in parsed.valid:
        assert numbers.parse(number.e164, region="") == number
        assert number.e164.startswith(f"+{number.prefix}")
        assert 8 <= len(number.e164) <= 16


@given(st.text(max_size=100), st.sampled_from(["IT", "FR", "GB", "US", "", "ZZ"]))
def test_any_text_is_a_number_or_a_named_fault(raw: str, region: str) -> None:
    try:
        outcome = numbers.parse(raw, region=region).e164.removeprefix("+")
    except InvalidNumber as refused:
        outcome = refused.reason
    assert outcome in set(NumberFault) or (outcome.isascii() and outcome.isdigit())
