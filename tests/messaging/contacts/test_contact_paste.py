"""Contacts as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.contacts import paste
from messaging.contacts.paste import Entry
from messaging.encoding.numbers import NumberFault, PasteTooLong, TooManyNumbers

ANNA, BRUNO = "+393471234567", "+393471234568"


def read(raw: str) -> list[Entry]:
    return list(paste.read(raw, region="IT").entries)


@pytest.mark.parametrize(
    "line",
    [
        "Anna Rossi;+39 347 123 4567",
        "Anna Rossi ; 347 1234567",
        "+39 347 123 4567;Anna Rossi",
        "Anna Rossi\t3471234567",
        "Anna Rossi, 347 123 4567",
        '"Anna Rossi";"+39 347 123 4567"',
    ],
)
def test_a_name_may_stand_beside_the_number(line: str) -> None:
    assert read(line) == [Entry(ANNA, "Anna Rossi")]


def test_a_comma_belongs_to_the_name_where_a_semicolon_parts() -> None:
    assert read(f"Rossi, Anna;{ANNA}") == [Entry(ANNA, "Rossi, Anna")]


def test_several_numbers_may_share_a_line() -> None:
    assert read(f"{ANNA}, {BRUNO}") == [Entry(ANNA, ""), Entry(BRUNO, "")]


def test_a_number_written_twice_is_kept_once_with_its_first_name() -> None:
    pasted = paste.read(f"Anna;{ANNA}\nAnna R.;347 1234567\n\n", region="IT")
    assert pasted.entries == (Entry(ANNA, "Anna"),)
    assert pasted.duplicate_count == 1


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("hello", NumberFault.NOT_A_NUMBER),
        ("Anna;12", NumberFault.TOO_SHORT),
        ("Anna;-1", NumberFault.NOT_A_NUMBER),
        ("4,479E+11", NumberFault.EXCEL_EXPONENT),
        (f"{ANNA};39347", NumberFault.TOO_SHORT),
        (";", NumberFault.NOT_A_NUMBER),
    ],
)
def test_a_line_without_a_number_is_shown_with_its_reason(line: str, fault: NumberFault) -> None:
    assert paste.read(line, region="IT").invalid == ((line, fault),)


def test_ten_megabytes_are_refused_unread() -> None:
    with pytest.raises(PasteTooLong):
        paste.read("3471234567\n" * 1_000_000, region="IT")


@pytest.mark.parametrize("raw", ["1\n" * 10_001, "1;" * 500_000, "\n".join(f"a;{ANNA}" for _ in range(10_001))])
def test_more_than_ten_thousand_are_refused(raw: str) -> None:
    with pytest.raises(TooManyNumbers):
        paste.read(raw, region="IT")


@given(st.text(max_size=300))
def test_whatever_is_pasted_is_read_without_a_fault(raw: str) -> None:
    pasted = paste.read(raw, region="IT")
    assert len({entry.number for entry in pasted.entries}) == len(pasted.entries)
    assert all(len(entry.name) <= paste.MAX_NAME for entry in pasted.entries)
