"""How a person types credits: in the decimals of their language."""

import re
from decimal import Decimal
from typing import Any, Final

from babel import numbers as babel_numbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from billing.amounts import NotRepresentable, to_credits, to_units
from portal.forms import UnitInput
from portal.templatetags import formats

_WRITTEN: Final = re.compile(r"[-+]?[0-9][0-9.,]*")
_GROUPING_SPACE: Final = re.compile(r"(?<=[0-9])[ \u00a0\u202f](?=[0-9]{3}(?![0-9]))")
_ONE_MARK: Final = re.compile(r"([-+]?[0-9]+)[.,]([0-9]+)")
_LONGEST: Final = 40


class CreditsField(forms.Field):
    """A positive number of credits, cleaned into units: "1.234,5" in Italian, "1,234.5" in English.

    A single comma or point that cannot group thousands is read as the decimal mark, whichever the language uses:
    nobody should be told that 0.7 is no number. `most` is the largest number of units.
    """

    widget = UnitInput(unit=_("credits"))
    default_error_messages = {
        "invalid": _("Enter a number of credits, for example %(example)s."),
        "too_small": _("Enter more than zero credits."),
        "too_large": _("Enter no more than %(most)s credits."),
        "decimals": _("Enter no more than four decimals."),
    }

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(**options)
        self.most = most

    def to_python(self, value: Any) -> int | None:
        """Return the units; a `ValidationError` says what is wrong in the person's language."""
        text = str(value or "").strip()
        if not text:
            return None
        credits = self._read(text)
        if credits <= 0:
            raise ValidationError(self.error_messages["too_small"], code="too_small")
        if credits > to_credits(self.most):
            most = formats.credits(self.most)
            raise ValidationError(self.error_messages["too_large"], code="too_large", params={"most": most})
        try:
            return to_units(credits)
        except NotRepresentable as error:
            raise ValidationError(self.error_messages["decimals"], code="decimals") from error

    def prepare_value(self, value: Any) -> Any:
        """Show units as the person would type them, without grouping; what was typed comes back as it was."""
        if isinstance(value, int):
            return babel_numbers.format_decimal(to_credits(value).normalize(), "0.####", locale=formats.locale())
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare what was typed with the units it began as."""
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True

    def _read(self, text: str) -> Decimal:
        text = _GROUPING_SPACE.sub("", text) if len(text) <= _LONGEST else ""
        if _WRITTEN.fullmatch(text):
            try:
                return babel_numbers.parse_decimal(text, locale=formats.locale(), strict=True)
            except babel_numbers.NumberFormatError:
                one = _ONE_MARK.fullmatch(text)
                if one:
                    return Decimal(f"{one[1]}.{one[2]}")
        example = formats.credits(1_234_5000)
        raise ValidationError(self.error_messages["invalid"], code="invalid", params={"example": example})
