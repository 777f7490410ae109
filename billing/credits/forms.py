"""The shape of a period."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.ledger.entries import Period
from portal.forms import DayInput

# Nobody asks for more; what lies beyond can no longer be told in every time zone.
_SENSIBLE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))]


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, required=False, widget=DayInput(), validators=_SENSIBLE)


class PeriodForm(forms.Form):
    """From one day to another, both included; either may be left open."""

    start = _day(gettext_lazy("From"))
    end = _day(gettext_lazy("Until"))

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end")
        if start and end and end < start:
            self.add_error("end", _("The period ends before it begins."))
        return self.cleaned_data

    def period(self) -> Period:
        """Return the period as moments, its days being those of the reader's time zone; without limits if unclean."""
        if not self.is_valid():
            return Period()
        start, end = self.cleaned_data["start"], self.cleaned_data["end"]
        return Period(_midnight(start) if start else None, _midnight(end + timedelta(days=1)) if end else None)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
