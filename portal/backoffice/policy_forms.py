"""Forms of the operator's policies; each is valid from a day on."""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, cast

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from billing.auto_recharge.models import QUANTITIES
from billing.auto_recharge.policies import Terms as RechargeTerms
from billing.payments.policies import Terms
from portal.forms import DayInput, UnitInput
from portal.templatetags.formats import credits

MOST_EUROS: Final = Decimal(1_000_000)


class PolicyForm(forms.Form):
    """What every policy says: from which day on it is valid."""

    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"),
        widget=DayInput(),
        help_text=gettext_lazy("Today means from now on."),
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.fields["valid_from"].initial = timezone.localdate(now)
        self.order_fields([name for name in self.fields if name != "valid_from"])

    def clean_valid_from(self) -> date:
        """A policy never counts for what is over."""
        day = cast(date, self.cleaned_data["valid_from"])
        if day < timezone.localdate(self.now):
            raise forms.ValidationError(_("Choose today or a later day."))
        return day

    @property
    def begins_at(self) -> datetime:
        """The moment from which a valid form counts: the beginning of its day where we are, and never before now."""
        return max(self.now, timezone.make_aware(datetime.combine(self.cleaned_data["valid_from"], time.min)))


def _euros(label: StrOrPromise, help_text: StrOrPromise = "", least: Decimal = Decimal(0)) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=least,
        max_value=MOST_EUROS,
        decimal_places=2,
        localize=True,
        widget=UnitInput(unit="EUR"),
        help_text=help_text,
    )


class PaymentPolicyForm(PolicyForm):
    """How much of a customer's direct debits may still be returnable, how long a part of a bank transfer waits for its rest
    before a person is asked, and from which day on."""

    limit = _euros(
        gettext_lazy("Limit of provisional credits"),
        gettext_lazy(
            "For each customer, all sub-accounts together. A direct debit that would pass it is refused before the bank is asked."
        ),
    )

    part_days = forms.IntegerField(
        label=gettext_lazy("Days to wait for the rest of a bank transfer"),
        min_value=0,
        max_value=365,
        widget=UnitInput(unit=gettext_lazy("days")),
        help_text=gettext_lazy("Counted from its last part. It can then be closed, and the money sent back."),
    )

    @property
    def terms(self) -> Terms:
        """What a valid form says."""
        return Terms(int(self.cleaned_data["limit"] * 100), self.cleaned_data["part_days"])


class RechargePolicyForm(PolicyForm):
    """When an automatic recharge may be switched on, what it may buy and spend, and what looks unusual."""

    months_old = forms.IntegerField(
        label=gettext_lazy("Minimum age of an account in months"),
        min_value=0,
        max_value=60,
        widget=UnitInput(unit=gettext_lazy("months")),
        help_text=gettext_lazy("Calendar months, by the account's own clock."),
    )
    allows_cards = forms.BooleanField(
        label=gettext_lazy("Cards may be charged, not only validated SEPA mandates"), required=False
    )
    day_cap = _euros(gettext_lazy("At most a day and account, with VAT"), least=Decimal("0.01"))
    month_cap = _euros(gettext_lazy("At most a month and account, with VAT"), least=Decimal("0.01"))
    hours_apart = forms.IntegerField(
        label=gettext_lazy("Hours between two recharges"),
        min_value=0,
        max_value=720,
        widget=UnitInput(unit=gettext_lazy("hours")),
        help_text=gettext_lazy("A second one within them is asked about first."),
    )
    pace_factor = forms.IntegerField(
        label=gettext_lazy("Multiple of the usual use"),
        min_value=1,
        max_value=10_000,
        widget=UnitInput(unit=gettext_lazy("times")),
        help_text=gettext_lazy("After a day with more than that the next recharge is asked about first."),
    )
    quantities = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Quantities that can be chosen"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices"}),
        help_text=gettext_lazy("What is set up already stays as it is."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, terms: RechargeTerms, now: datetime) -> None:
        initial = {
            "months_old": terms.months_old,
            "allows_cards": terms.allows_cards,
            "day_cap": Decimal(terms.day_cap_cents) / 100,
            "month_cap": Decimal(terms.month_cap_cents) / 100,
            "hours_apart": terms.hours_apart,
            "pace_factor": terms.pace_factor,
            "quantities": terms.quantities,
        }
        super().__init__(data, now=now, initial=initial, auto_id="id_recharges_%s")
        field = cast(forms.TypedMultipleChoiceField, self.fields["quantities"])
        field.choices = [(units, credits(units)) for units in QUANTITIES]

    def clean(self) -> dict[str, Any]:
        """A month allows at least what a day does."""
        day, month = self.cleaned_data.get("day_cap"), self.cleaned_data.get("month_cap")
        if day and month and month < day:
            self.add_error("month_cap", _("A month cannot allow less than a day."))
        return self.cleaned_data

    @property
    def terms(self) -> RechargeTerms:
        """What a valid form says."""
        given = self.cleaned_data
        return RechargeTerms(
            given["months_old"],
            given["allows_cards"],
            int(given["day_cap"] * 100),
            int(given["month_cap"] * 100),
            given["hours_apart"],
            given["pace_factor"],
            tuple(sorted(given["quantities"])),
        )
