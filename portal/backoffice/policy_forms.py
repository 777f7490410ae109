"""Forms of the operator's policies; each is valid from a day on."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.payments.policies import Terms
from portal.forms import UnitInput


class PaymentPolicyForm(forms.Form):
    """How much of a customer's direct debits may still be returnable, and from which day on."""

    limit = forms.DecimalField(
        label=gettext_lazy("Limit of provisional credits"),
        min_value=0,
        max_value=Decimal(1_000_000),
        decimal_places=2,
        localize=True,
        widget=UnitInput(unit="EUR", attrs={"inputmode": "decimal"}),
        help_text=gettext_lazy(
            "For each customer, all sub-accounts together. A direct debit that would pass it is refused before the bank is asked."
        ),
    )
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"),
        help_text=gettext_lazy("Today counts from now on."),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["valid_from"].initial = timezone.localdate(now)

    def clean_valid_from(self) -> date:
        """A policy never counts for what is over."""
        day = cast(date, self.cleaned_data["valid_from"])
        if day < timezone.localdate(self.now):
            raise forms.ValidationError(_("Choose today or a later day."))
        return day

    @property
    def terms(self) -> Terms:
        """What a valid form says."""
        return Terms(int(self.cleaned_data["limit"] * 100))

    @property
    def begins_at(self) -> datetime:
        """The moment from which a valid form counts: the beginning of its day where we are, and never before now."""
        return max(self.now, timezone.make_aware(datetime.combine(self.cleaned_data["valid_from"], time.min)))
