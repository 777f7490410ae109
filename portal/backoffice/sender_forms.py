"""What staff type about sender names and about countries."""

from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.senders.codes import Reception, RegistrationState
from messaging.senders.models import Registration
from messaging.senders.periods import Period, Terms
from messaging.senders.registrations import NEXT
from portal.forms import DayInput

_REASON_MISSING = gettext_lazy("Say why: the customer reads it.")


class ReviewForm(forms.Form):
    """Yes, or no with a reason that the customer reads."""

    APPROVE, REFUSE = "approve", "refuse"

    decision = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[(APPROVE, gettext_lazy("Approve: messages may go out under it")), (REFUSE, gettext_lazy("Refuse"))],
        widget=forms.RadioSelect(attrs={"class": "choices"}),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("The customer reads it, so say what would make the name acceptable."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        """A refusal says why."""
        if self.cleaned_data.get("decision") == self.REFUSE and not self.cleaned_data.get("reason"):
            self.add_error("reason", _("Say why the name is refused: the customer reads it."))
        return self.cleaned_data


class RevocationForm(forms.Form):
    """Why an approved name is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy("The customer reads it. From now on nothing is sent under the name."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class RegistrationForm(forms.Form):
    """The next step of a registration; a refusal has a reason."""

    state = forms.ChoiceField(label=gettext_lazy("Next step"))
    reason = forms.CharField(label=gettext_lazy("Reason of a refusal"), required=False, max_length=300)

    def __init__(self, *args: Any, registration: Registration, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "auto_id": f"id_{registration.public_id}_%s"})
        steps = NEXT.get(RegistrationState(registration.state), set())
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(each.value, each.label) for each in RegistrationState if each in steps]

    def clean(self) -> dict[str, Any]:
        """A refusal says why."""
        if self.cleaned_data.get("state") == RegistrationState.REFUSED and not self.cleaned_data.get("reason"):
            self.add_error("reason", _REASON_MISSING)
        return self.cleaned_data


class CountrySearchForm(forms.Form):
    """A piece of a country's name or its prefix."""

    q = forms.CharField(
        label=gettext_lazy("Country or prefix"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    names = forms.ChoiceField(
        label=gettext_lazy("Sender names"),
        required=False,
        choices=[("", gettext_lazy("All")), *Reception.choices],
    )


class RuleForm(forms.Form):
    """What a country does with senders, from a day on."""

    alphanumeric = forms.ChoiceField(label=gettext_lazy("Sender names"), choices=Reception.choices)
    numeric = forms.ChoiceField(label=gettext_lazy("Numbers as sender"), choices=Reception.choices)
    short_code = forms.ChoiceField(label=gettext_lazy("Short codes"), choices=Reception.choices)
    relative_rate = forms.IntegerField(label=gettext_lazy("Price class"), min_value=1, max_value=99)
    first_day = forms.DateField(
        label=gettext_lazy("First day"),
        widget=DayInput(),
    )
    last_day = forms.DateField(
        label=gettext_lazy("Last day"),
        required=False,
        widget=DayInput(),
    )

    def __init__(self, *args: Any, terms: Terms, now: datetime, **kwargs: Any) -> None:
        initial = {**asdict(terms), "first_day": timezone.localdate(now)}
        super().__init__(*args, **{**kwargs, "initial": initial})
        self.now = now

    def clean(self) -> dict[str, Any]:
        """The past stays as it was, and a period has at least a day."""
        first, last = self.cleaned_data.get("first_day"), self.cleaned_data.get("last_day")
        if first and first < timezone.localdate(self.now):
            self.add_error("first_day", _("The past stays as it was: choose today or a later day."))
        elif first and last and last < first:
            self.add_error("last_day", _("The last day does not come before the first."))
        return self.cleaned_data

    def period(self) -> Period:
        """What was typed as a period; its days are the operator's."""
        given = self.cleaned_data
        terms = Terms(
            Reception(given["alphanumeric"]),
            Reception(given["numeric"]),
            Reception(given["short_code"]),
            given["relative_rate"],
        )
        last = given["last_day"]
        until = timezone.make_aware(datetime.combine(last + timedelta(days=1), time())) if last else None
        return Period(terms, max(self.now, timezone.make_aware(datetime.combine(given["first_day"], time()))), until)


class NewCountryForm(RuleForm):
    """The first rule of a country."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))
    field_order = ("country",)

    def __init__(self, *args: Any, countries: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a country")), *countries]
