"""The GSM alphabet against the table of 3GPP TS 23.038."""

import pytest

from messaging.encoding import alphabet
from messaging.encoding.replacements import REPLACEMENTS, replacement_for


def test_the_basic_table_has_128_places_and_no_character_twice() -> None:
    assert len(alphabet.BASIC_TABLE) == 128
    assert len(set(alphabet.BASIC_TABLE)) == 128


@pytest.mark.parametrize(
    ("septet", "char"),
    [
        (0x00, "@"),
        (0x05, "é"),
        (0x09, "Ç"),
        (0x0A, "\n"),
        (0x0D, "\r"),
        (0x10, "Δ"),
        (0x1A, "Ξ"),
        (0x1B, "\x1b"),
        (0x1F, "É"),
        (0x20, " "),
        (0x24, "¤"),
        (0x30, "0"),
        (0x3F, "?"),
        (0x40, "¡"),
        (0x41, "A"),
        (0x5F, "§"),
        (0x60, "¿"),
        (0x61, "a"),
        (0x7F, "à"),
    ],
)
def test_a_character_stands_at_the_septet_of_the_standard(septet: int, char: str) -> None:
    assert alphabet.BASIC_TABLE[septet] == char


@pytest.mark.parametrize("char", "\f^{}\\[~]|€")
def test_an_extension_character_takes_two_septets(char: str) -> None:
    assert alphabet.septets(char) == 2
    assert alphabet.is_gsm(char)


@pytest.mark.parametrize("char", "aZ0 @£¤àèéùìòÉÇßΩ\n")
def test_a_basic_character_takes_one_septet(char: str) -> None:
    assert alphabet.septets(char) == 1


@pytest.mark.parametrize("char", "ÀÈÌÒÙçáíóúâêœ`°’“–…😀\t\xa0\x1b\x00Жα")
def test_other_characters_are_not_gsm(char: str) -> None:
    assert not alphabet.is_gsm(char)
    with pytest.raises(KeyError):
        alphabet.septets(char)


def test_every_replacement_is_gsm_and_stands_for_a_character_that_is_not() -> None:
    assert len(REPLACEMENTS) > 100
    for char, replacement in REPLACEMENTS.items():
        assert len(char) == 1
        assert not alphabet.is_gsm(char), f"{char!r} costs nothing"
        assert alphabet.is_gsm(replacement), f"{replacement!r} would not help"


@pytest.mark.parametrize(
    ("char", "replacement"),
    [
        ("’", "'"),
        ("“", '"'),
        ("–", "-"),
        ("—", "-"),
        ("…", "..."),
        ("\xa0", " "),
        ("\u202f", " "),
        ("\u200b", ""),
        ("\ufeff", ""),
        ("À", "A"),
        ("È", "É"),
        ("Ê", "E"),
        ("Ù", "U"),
        ("ç", "c"),
        ("œ", "oe"),
        ("ő", "o"),
        ("½", None),
        ("😀", None),
        ("Ж", None),
        ("한", None),
    ],
)
def test_a_replacement_says_the_same_or_there_is_none(char: str, replacement: str | None) -> None:
    assert replacement_for(char) == replacement
