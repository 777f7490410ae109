"""What Saldo says for Django and allauth is still what they say."""

from pathlib import Path

import allauth
import django
import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.contrib import auth
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils import translation

from portal import borrowed_words, catalogues

LENDERS = (Path(django.__file__).parent / "conf", Path(auth.__file__).parent, Path(allauth.__file__).parent)


def borrowed() -> list[str]:
    """Every borrowed sentence as the catalogues get it, in the singular where it counts."""
    with Path(borrowed_words.__file__).open("rb") as file:
        found = [message for _, message, _, _ in extract("python", file, catalogues.KEYWORDS)]
    return [message if isinstance(message, str) else message[0] for message in found]


@pytest.fixture(scope="module")
def lent() -> set[str]:
    """Every sentence of Django and allauth that they have translated, as it stands in their source."""
    found: set[str] = set()
    for lender in LENDERS:
        with (lender / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
            found |= {message.id if isinstance(message.id, str) else message.id[0] for message in read_po(file)}
    return found


@pytest.mark.parametrize("sentence", borrowed())
def test_a_borrowed_sentence_is_still_said(sentence: str, lent: set[str]) -> None:
    assert sentence in lent


def test_saldo_speaks_before_its_libraries() -> None:
    with translation.override("it"):
        assert translation.gettext("Enter a valid email address.") == "Inserisca un indirizzo e-mail valido."


def test_a_password_that_is_too_short_is_refused_in_every_language() -> None:
    validator = MinimumLengthValidator(10)
    for language in catalogues.languages():
        with translation.override(language), pytest.raises(ValidationError) as refusal:
            validator.validate("short")
        assert "too short" not in refusal.value.messages[0]
