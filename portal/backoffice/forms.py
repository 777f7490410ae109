"""What staff type at the desk."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from messaging.delivery.gateways import configured
from portal.forms import Switch, UnitInput


class SearchForm(forms.Form):
    """Whatever somebody on the telephone can name."""

    q = forms.CharField(
        label=gettext_lazy("Find a customer"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("Name, e-mail, VAT number, telephone, invoice number or message id"),
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class NumberForm(forms.Form):
    """A piece of an invoice's number or of its buyer's name."""

    q = forms.CharField(
        label=gettext_lazy("Number or customer"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class PauseForm(forms.Form):
    """Which gateway is to be stopped, or started again."""

    gateway = forms.CharField(max_length=32)
    paused = forms.TypedChoiceField(choices=[("yes", ""), ("no", "")], coerce=lambda given: given == "yes")

    def clean_gateway(self) -> str:
        """Know only gateways that are configured."""
        name: str = self.cleaned_data["gateway"]
        if name not in configured():
            raise forms.ValidationError(_("There is no such gateway."))
        return name


class WayForm(forms.Form):
    """A number whose way is asked for."""

    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=24,
        help_text=gettext_lazy("With its country, such as +39 347 100 0101"),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def clean_number(self) -> str:
        """The digits, or some of them: whatever a route may be for."""
        digits = "".join(char for char in self.cleaned_data["number"] if char in "0123456789").removeprefix("00")
        if not digits:
            raise forms.ValidationError(_("Type a number with its country, or the beginning of one."))
        return digits


class _MomentInput(forms.DateTimeInput):
    """A moment where the reader is, to the minute."""

    def __init__(self) -> None:
        super().__init__({"type": "datetime-local"}, "%Y-%m-%dT%H:%M")


class RouteForm(forms.Form):
    """Which numbers may go over which gateway, and when."""

    digits = forms.CharField(
        label=gettext_lazy("Prefix"),
        required=False,
        max_length=16,
        help_text=gettext_lazy("The digits that the numbers begin with, such as 39 or 39347. Empty for all numbers."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    gateway = forms.ChoiceField(label=gettext_lazy("Gateway"))
    priority = forms.IntegerField(
        label=gettext_lazy("Priority"),
        min_value=0,
        max_value=1000,
        initial=10,
        help_text=gettext_lazy("Of routes with the same prefix the lowest goes first; the others stand in for it."),
    )
    per_second = forms.IntegerField(
        label=gettext_lazy("At most"),
        required=False,
        min_value=1,
        max_value=100_000,
        help_text=gettext_lazy("Empty for no bound."),
        widget=UnitInput(unit=gettext_lazy("segments a second"), attrs={"inputmode": "numeric"}),
    )
    valid_from = forms.DateTimeField(label=gettext_lazy("Valid from"), widget=_MomentInput())
    valid_until = forms.DateTimeField(
        label=pgettext_lazy("route", "Valid until"),
        required=False,
        help_text=gettext_lazy("Empty for as long as it is good."),
        widget=_MomentInput(),
    )
    is_paused = forms.BooleanField(label=pgettext_lazy("route", "Paused"), required=False, widget=Switch())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [*configured()]
        kept = self.initial.get("gateway")
        if kept and kept not in names:
            names.append(kept)
        cast(forms.ChoiceField, self.fields["gateway"]).choices = [(name, name) for name in names]

    def clean_digits(self) -> str:
        """Digits as a number begins with in its country's own notation: no zeros in front."""
        written = "".join(self.cleaned_data["digits"].split()).removeprefix("+").removeprefix("00")
        if written and not (written.isascii() and written.isdecimal() and written[0] != "0"):
            raise forms.ValidationError(_("Type the digits of the country first, such as 39, without a zero in front."))
        return written

    def clean(self) -> dict[str, Any]:
        """A period ends after it begins."""
        since, until = self.cleaned_data.get("valid_from"), self.cleaned_data.get("valid_until")
        if since and until and until <= since:
            self.add_error("valid_until", _("The route ends before it begins."))
        return self.cleaned_data


class RefundForm(forms.Form):
    """How much of a payment is given back, cleaned into cents, and why. The reference makes it once."""

    reference = forms.UUIDField(widget=forms.HiddenInput)
    amount_cents = forms.DecimalField(
        min_value=Decimal("0.01"),
        max_digits=12,
        decimal_places=2,
        localize=True,
        label=gettext_lazy("Amount"),
        widget=UnitInput(unit="EUR", attrs={"inputmode": "decimal"}),
    )
    reason = forms.CharField(
        max_length=200,
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The customer reads it on the credit note."),
    )

    def clean_amount_cents(self) -> int:
        """The amount as whole cents."""
        return int(self.cleaned_data["amount_cents"] * 100)
