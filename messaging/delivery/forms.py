"""The filters of the history, as they stand in its address."""

import uuid
from typing import Any, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from messaging.contacts import selectors as contacts_selectors
from messaging.delivery import selectors
from messaging.delivery.codes import State
from messaging.delivery.history import Filters
from messaging.encoding import numbers
from portal.accounts.models import Account
from portal.forms import FilterForm, UnitInput

_FEWEST_DIGITS = 3
_MOST_MESSAGES = 10_000_000


class SelectionForm(forms.Form):
    """Which of an account's messages: those to a recipient, those of large campaigns; either may be empty."""

    recipient = forms.CharField(
        label=gettext_lazy("Recipient"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    least = forms.IntegerField(
        label=gettext_lazy("Campaigns of at least"),
        required=False,
        min_value=1,
        max_value=_MOST_MESSAGES,
        widget=UnitInput(unit=gettext_lazy("messages"), attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._account = account

    def clean_recipient(self) -> str:
        """A whole number in E.164, or some digits of one."""
        written: str = self.cleaned_data["recipient"]
        if not written:
            return ""
        try:
            return numbers.parse(written, region=contacts_selectors.region(self._account)).e164
        except numbers.InvalidNumber:
            digits = "".join(char for char in written if char in "0123456789")
        if len(digits) < _FEWEST_DIGITS:
            raise forms.ValidationError(_("Type a number, or at least three digits of one."))
        return digits


class HistoryForm(SelectionForm, FilterForm):
    """Whose history, and of it: period, recipient, state, campaign, its text and its size; every field may be empty."""

    field_order = ("subaccount", "since", "until", "recipient", "state", "campaign", "text", "least")

    subaccount = forms.ChoiceField(label=gettext_lazy("Account"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    campaign = forms.ChoiceField(label=gettext_lazy("Campaign"), required=False)
    text = forms.CharField(
        label=gettext_lazy("Words of the text"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, account=account, **kwargs)
        self._open_subaccounts()
        states = cast(forms.ChoiceField, self.fields["state"])
        states.choices = [("", _("All")), *State.choices]
        campaigns = cast(forms.ChoiceField, self.fields["campaign"])
        chosen = self.data.get("campaign", "")
        campaigns.choices = [("", pgettext("campaigns", "All")), *selectors.campaign_choices(self.of_account, chosen)]

    def _open_subaccounts(self) -> None:
        """Offer the account's own history and that of each sub-account; `of_account` is the one that was chosen."""
        below = {str(each.public_id): each for each in self._account.subaccounts.order_by("name")}
        self.of_account = below.get(self.data.get("subaccount", ""), self._account)
        if below:
            choices = [(public_id, str(each)) for public_id, each in below.items()]
            cast(forms.ChoiceField, self.fields["subaccount"]).choices = [("", str(self._account)), *choices]
        else:
            del self.fields["subaccount"]

    def filters(self) -> Filters:
        """The filters that are valid; a field with an error filters nothing."""
        self.is_valid()
        chosen = {name: value for name, value in self.cleaned_data.items() if value and name != "subaccount"}
        if "campaign" in chosen:
            chosen["campaign"] = uuid.UUID(chosen["campaign"])
        return Filters(**chosen)
