"""The shape of pasted contacts."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.contacts import faults, paste
from messaging.contacts.models import Contact
from messaging.contacts.paste import Pasted
from messaging.encoding.numbers import PasteTooLong, TooManyNumbers
from portal.templatetags.formats import number


class PasteField(forms.CharField):
    """Pasted lines, kept as typed; `PasteForm.pasted` holds what was read from them."""

    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"rows": 8, "spellcheck": "false", "autocomplete": "off", "class": "mono"}
        kwargs.setdefault("widget", forms.Textarea(attrs=attrs))
        super().__init__(**kwargs)


class PasteForm(forms.Form):
    """Numbers, or names with numbers, one a line."""

    pasted = PasteField(
        label=gettext_lazy("Contacts"),
        help_text=gettext_lazy("One a line: a number, or a name and a number parted by a semicolon."),
    )

    def __init__(self, *args: Any, region: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.region = region
        self.read = Pasted((), 0, ())

    def clean_pasted(self) -> Pasted:
        """Read the lines. Nothing but rubbish, or more than is looked at, is an error; some rubbish is counted."""
        raw = self.cleaned_data["pasted"]
        try:
            self.read = paste.read(raw, region=self.region)
        except PasteTooLong as refused:
            message = _("This is too much to read at once: paste at most %(limit)s characters.")
            raise forms.ValidationError(message, params={"limit": number(refused.limit)}) from refused
        except TooManyNumbers as refused:
            message = _("These are too many contacts: paste at most %(limit)s lines at once.")
            raise forms.ValidationError(message, params={"limit": number(refused.limit)}) from refused
        if raw.strip() and not self.read.entries:
            raise forms.ValidationError(
                _("None of these lines holds a telephone number. %(example)s"),
                params={"example": faults.sentence(self.read.invalid)},
            )
        return self.read


class ContactListForm(PasteForm):
    """A new list and its first contacts."""

    name = forms.CharField(label=gettext_lazy("Name of the list"), max_length=80)
    field_order = ("name", "pasted")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pasted"].required = False


class RemovalForm(forms.Form):
    """The contacts to take out of a list."""

    contact = forms.ModelMultipleChoiceField(queryset=Contact.objects.none(), to_field_name="public_id")

    def __init__(self, *args: Any, contacts: QuerySet[Contact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["contact"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = contacts


class WithdrawalForm(forms.Form):
    """Why messages may reach a number again."""

    reason = forms.CharField(
        label=gettext_lazy("Why may messages reach this number again?"),
        help_text=gettext_lazy(
            "For example: “Asked for our offers again on 12 May, at the till.” It stays in the activity of the account."
        ),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
