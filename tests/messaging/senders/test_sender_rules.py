"""Which names may stand as a sender (product 6.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.encoding import alphabet
from messaging.senders import rules
from messaging.senders.rules import NameFault, NameRefused


def fault(name: str) -> NameFault:
    with pytest.raises(NameRefused) as refused:
        rules.check(name)
    return refused.value.fault


@pytest.mark.parametrize(
    "name", ["Acme", "A", "Acme Milano", "Caffè 3", "B&B", "Acme-24", "Dr.Rossi", "a_b", "24Ore", "Ñandu"]
)
def test_an_honest_name_may_stand(name: str) -> None:
    assert rules.check(name) == name


def test_space_around_a_name_is_taken_away() -> None:
    assert rules.check("  Acme \n") == "Acme"


def test_an_accent_typed_apart_becomes_one_letter() -> None:
    assert rules.check("Caffe\u0300") == "Caffè"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", NameFault.EMPTY),
        ("   ", NameFault.EMPTY),
        ("Acme Roma 12", NameFault.TOO_LONG),
        ("Acme 🎉", NameFault.CHARACTERS),
        ("Acmê", NameFault.CHARACTERS),
        ("Acme!", NameFault.CHARACTERS),
        ("Acme\x00", NameFault.CHARACTERS),
        ("Ac\nme", NameFault.CHARACTERS),
        ("Ac\u200bme", NameFault.CHARACTERS),
        ("Асме", NameFault.CHARACTERS),
        ("-Acme", NameFault.EDGE),
        ("Acme.", NameFault.EDGE),
        ("12345", NameFault.NO_LETTER),
        ("+39347", NameFault.CHARACTERS),
        ("12-34", NameFault.NO_LETTER),
        ("Info", NameFault.GENERIC),
        ("VERIFY", NameFault.GENERIC),
        ("Alert", NameFault.GENERIC),
        ("S.M.S", NameFault.GENERIC),
        ("Pr0mo", NameFault.GENERIC),
        ("PayPal", NameFault.PROTECTED),
        ("PayPa1", NameFault.PROTECTED),
        ("Amaz0n", NameFault.PROTECTED),
        ("poste-info", NameFault.PROTECTED),
        ("DHL Italia", NameFault.PROTECTED),
    ],
)
def test_a_name_that_breaks_a_rule_is_refused(name: str, expected: NameFault) -> None:
    assert fault(name) == expected


def test_the_refusal_names_each_strange_character_once() -> None:
    with pytest.raises(NameRefused) as refused:
        rules.check("A🎉B🎉!")
    assert refused.value.characters == "🎉!"


def test_a_brand_inside_a_longer_word_is_left_to_the_review() -> None:
    assert rules.check("Applebee") == "Applebee"


@given(st.text(max_size=20))
def test_what_passes_is_short_and_of_the_gsm_alphabet(text: str) -> None:
    try:
        name = rules.check(text)
    except NameRefused:
        return
    assert 1 <= len(name) <= rules.MAX_LENGTH
    assert alphabet.is_gsm(name)
    assert any(map(str.isalpha, name))
    assert rules.check(name) == name


def test_names_that_look_alike_have_one_shape() -> None:
    assert rules.fold("Caffè Roma") == rules.fold("CAFFE-R0MA")
    assert rules.fold("Acme") != rules.fold("Acne")
