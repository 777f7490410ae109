"""The filter of the invoices page."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _


class YearForm(forms.Form):
    """Chooses one of the years in which the account was invoiced, or all of them."""

    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, years: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.TypedChoiceField, self.fields["year"])
        field.choices = [("", _("All years")), *((year, str(year)) for year in years)]

    @property
    def chosen(self) -> int | None:
        """The year asked for; None for all of them, and for one that is not on the list."""
        year: int | None = self.cleaned_data.get("year") if self.is_valid() else None
        return year
