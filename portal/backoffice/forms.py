"""What staff type at the desk."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.delivery.models import GatewayState


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
        """Know only gateways that have been used."""
        name: str = self.cleaned_data["gateway"]
        if not GatewayState.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is no such gateway."))
        return name
