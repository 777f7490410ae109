"""Which names may stand as a sender (product 6.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.encoding import alphabet
from messaging.senders import rules
from messaging.senders.rules import NameFault, NameRefused, Nearness


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
        ("+39347", NameFault.NUMBER),
        ("+", NameFault.NUMBER),
        ("+39 Acme", NameFault.NUMBER),
        ("Acme+1", NameFault.CHARACTERS),
        ("Offerte", NameFault.GENERIC),
        ("Sécurité", NameFault.GENERIC),
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


@pytest.mark.parametrize("written", ["+39 347 123 4567", "+393471234567", " +39 (347) 123-4567"])
def test_a_number_with_its_country_is_given_in_e_164(written: str) -> None:
    assert rules.check(written) == "+393471234567"


@given(st.text(max_size=20).filter(lambda text: not text.strip().startswith("+")))
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


@pytest.mark.parametrize(
    ("name", "other", "expected"),
    [
        ("Globex", "GLOBEX", Nearness.LOOKS_THE_SAME),
        ("Globex", "G10bex", Nearness.LOOKS_THE_SAME),
        ("Globex", "Glob-ex", Nearness.LOOKS_THE_SAME),
        ("Torno", "Tomo", Nearness.LOOKS_THE_SAME),
        ("Clara", "Dara", Nearness.LOOKS_THE_SAME),
        ("ΛCME", "Acme", Nearness.LOOKS_THE_SAME),
        ("Røssi", "Rossi", Nearness.LOOKS_THE_SAME),
        ("Globex", "Globes", Nearness.FEW_LETTERS),
        ("Globex", "Gobex", Nearness.FEW_LETTERS),
        ("Globex", "Glboex", Nearness.FEW_LETTERS),
        ("Farmacia24", "Famacia2A", Nearness.FEW_LETTERS),
        ("Globex", "GlobexShop", Nearness.CONTAINED),
        ("Acme", "Acme Bank", None),
        ("Acme", "Ecmo", None),
        ("Abc", "Abd", None),
        ("Globex", "Initech", None),
    ],
)
def test_names_are_near_when_somebody_could_take_one_for_the_other(
    name: str, other: str, expected: Nearness | None
) -> None:
    assert rules.nearness(name, other) == rules.nearness(other, name) == expected


def test_a_name_near_a_brand_is_named_to_staff() -> None:
    assert rules.near_brand("Amazom") == "Amazon"
    assert rules.near_brand("Acme") == ""
