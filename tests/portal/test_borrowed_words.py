"""What Saldo says for Django and allauth is still what they say."""

from gettext import GNUTranslations
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.extract import extract
from django.contrib import auth
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
    """Everything that Django's and allauth's own catalogues translate."""
    found: set[str] = set()
    for lender in LENDERS:
        with (lender / "locale/it/LC_MESSAGES/django.mo").open("rb") as file:
            keys = GNUTranslations(file)._catalog  # type: ignore[attr-defined]
        found |= {key if isinstance(key, str) else key[0] for key in keys}
    return found


@pytest.mark.parametrize("sentence", borrowed())
def test_a_borrowed_sentence_is_still_said(sentence: str, lent: set[str]) -> None:
    assert sentence in lent


def test_saldo_speaks_before_its_libraries() -> None:
    with translation.override("it"):
        assert translation.gettext("Enter a valid email address.") == "Inserisca un indirizzo e-mail valido."
