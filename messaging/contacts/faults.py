"""Why a written number is none, in the reader's language."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.encoding.numbers import NumberFault

FAULTS = {
    NumberFault.EMPTY: gettext_lazy("Nothing is written here."),
    NumberFault.NOT_A_NUMBER: gettext_lazy("This is not a telephone number."),
    NumberFault.TOO_SHORT: gettext_lazy("The number is too short."),
    NumberFault.TOO_LONG: gettext_lazy("The number is too long."),
    NumberFault.IMPOSSIBLE: gettext_lazy("No such number exists in its country."),
    NumberFault.EXCEL_EXPONENT: gettext_lazy(
        "A spreadsheet has shortened this number and lost its last digits. Format the column as text and copy it again."
    ),
}

SHOWN = 20


def shown(invalid: Iterable[tuple[str, NumberFault]]) -> list[tuple[str, str]]:
    """The first invalid pieces as they were written, each with its reason in words."""
    return [(text, str(FAULTS[fault])) for text, fault in list(invalid)[:SHOWN]]


def sentence(invalid: Iterable[tuple[str, NumberFault]]) -> str:
    """One sentence for the first invalid piece."""
    text, fault = next(iter(invalid))
    return _("“%(text)s”: %(reason)s") % {"text": text, "reason": FAULTS[fault]}
