"""The shape of a request for a sender name."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.senders import rules
from messaging.senders.models import SenderName
from messaging.senders.rules import NameFault, NameRefused

FAULTS = {
    NameFault.EMPTY: gettext_lazy("Type the name that telephones should show."),
    NameFault.TOO_LONG: gettext_lazy("The name is too long: telephones show at most 11 characters."),
    NameFault.CHARACTERS: gettext_lazy(
        "These characters cannot stand in a sender name: %(characters)s. Use letters, digits, and a space, - _ & or . "
        "between them."
    ),
    NameFault.EDGE: gettext_lazy("The name must begin and end with a letter or a digit."),
    NameFault.NO_LETTER: gettext_lazy("The name needs at least one letter: a name of digits looks like a number."),
    NameFault.GENERIC: gettext_lazy(
        "This name says nothing about who writes, so networks block it. Use the name your recipients know you by."
    ),
    NameFault.PROTECTED: gettext_lazy(
        "This name belongs to a protected brand. If it is yours, write to us and we register it for you."
    ),
}


class SenderNameForm(forms.Form):
    """Which name, and what for."""

    name = forms.CharField(
        label=gettext_lazy("Sender name"),
        # Longer input gets the sentence of the rules, not a cut in the browser.
        max_length=200,
        help_text=gettext_lazy("Up to 11 characters with at least one letter. A space, - _ & and . may stand inside."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("What will you send under it?"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For the person who reviews the name, for example: reminders of appointments."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean_name(self) -> str:
        """Give the name as the network will show it."""
        try:
            return rules.check(self.cleaned_data["name"])
        except NameRefused as refused:
            characters = " ".join(refused.characters)
            raise forms.ValidationError(FAULTS[refused.fault], params={"characters": characters}) from refused


class SenderSelect(forms.Select):
    """A select whose empty choice is a choice like the others, not a missing answer."""

    def use_required_attribute(self, initial: Any) -> bool:
        """Never: every choice answers."""
        return False


class SenderField(forms.ModelChoiceField[SenderName]):
    """One of the account's approved names; empty means the portal's own number."""

    widget = SenderSelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=SenderName.objects.none(), to_field_name="public_id", **kwargs)

    def clean(self, value: Any) -> SenderName | None:
        """Give the name, or None for the portal's own number."""
        return None if value in self.empty_values else super().clean(value)

    def offer(self, senders: QuerySet[SenderName], *, portal_number: str) -> None:
        """Set what may be chosen, and how the portal's own number reads."""
        self.queryset = senders
        self.empty_label = _("The portal's number (%(number)s)") % {"number": portal_number}


class DefaultSenderForm(forms.Form):
    """The sender of every message unless told otherwise."""

    sender = SenderField(label=gettext_lazy("Default sender"))

    def __init__(self, *args: Any, senders: QuerySet[SenderName], portal_number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sender"]
        assert isinstance(field, SenderField)
        field.offer(senders, portal_number=portal_number)
