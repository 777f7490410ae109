"""The shape of a sub-account, and of credits that move into one."""

import re
import uuid
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.amounts import MAX_UNITS
from portal.fields import CreditsField

_ZERO: Final = re.compile(r"0+([.,]0*)?")


class PerhapsCreditsField(CreditsField):
    """A number of credits that may be none: empty and "0" are both zero units."""

    def to_python(self, value: Any) -> int | None:
        """Return the units; a `ValidationError` says what is wrong."""
        if _ZERO.fullmatch(str(value or "").strip()):
            return 0
        return super().to_python(value) or 0


class MoveForm(forms.Form):
    """How many credits move. `reference` makes a form that is sent twice move once."""

    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    credits_units = CreditsField(label=_("Credits"), most=MAX_UNITS)


class SubaccountForm(forms.Form):
    """A new sub-account, with credits or without. `reference` makes a form that is sent twice open one."""

    reference = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("The branch or department, for example: Milan office.")
    )
    credits_units = PerhapsCreditsField(
        label=_("Credits to move now"),
        most=MAX_UNITS,
        required=False,
        help_text=_("They leave your balance at once. Leave this empty to move none."),
    )
