"""What is quoted in a bank transfer: unique, checked, and found however a bank cuts or spaces it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from billing.payments.creditor_reference import SPACE, creditor_reference, grouped, references_in

numbers = st.integers(1, SPACE - 1)


@given(numbers, numbers)
def test_references_are_valid_and_each_number_has_its_own(one: int, other: int) -> None:
    reference = creditor_reference(one)
    assert iso11649.is_valid(reference)
    assert len(reference) == 16
    assert (reference == creditor_reference(other)) == (one == other)


@given(numbers, st.integers(2, 15), st.sampled_from("0123456789"))
def test_no_wrong_digit_is_taken_for_another_reference(number: int, place: int, digit: str) -> None:
    reference = creditor_reference(number)
    wrong = reference[:place] + digit + reference[place + 1 :]
    assert references_in(wrong) == ({reference} if wrong == reference else set())


@given(
    numbers, st.text(alphabet=" \n\t-/.:,?", min_size=15, max_size=15), st.text(alphabet="abcxyz àß·\n", max_size=20)
)
def test_a_reference_is_found_however_it_is_spaced_cut_or_written_small(number: int, gaps: str, around: str) -> None:
    reference = creditor_reference(number)
    written = "".join(char + gap for char, gap in zip(reference.lower(), [*gaps, ""], strict=True))
    assert references_in(f"{around}{written}{around}") == {reference}


def test_two_references_in_one_text_are_both_found() -> None:
    both = {creditor_reference(1), creditor_reference(2)}
    assert references_in(" and ".join(grouped(each) for each in both)) == both


@pytest.mark.parametrize("text", ["", "RF", "RF00 0000 0000 0000", "Invoice 2026/12", "RF18 5390 0754 7035"])
def test_what_is_no_reference_is_none(text: str) -> None:
    assert references_in(text) == set()


@pytest.mark.parametrize("number", [0, -1, SPACE])
def test_a_number_that_has_no_reference_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=str(number)):
        creditor_reference(number)
