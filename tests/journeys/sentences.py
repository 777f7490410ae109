"""What Saldo says, in the reader's language: journeys that go the same way in several languages ask the catalogues."""

from django.utils import translation
from django.utils.translation import gettext, pgettext

from portal.templatetags.formats import money


def said(language: str, english: str, context: str = "", **named: object) -> str:
    """A sentence of Saldo's in that language."""
    with translation.override(language):
        return (pgettext(context, english) if context else gettext(english)) % named


def euros(language: str, cents: int) -> str:
    """An amount as it is written in that language."""
    with translation.override(language):
        return money(cents, "EUR")
