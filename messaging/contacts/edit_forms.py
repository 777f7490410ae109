"""The shape of a list's settings and of one contact."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.contacts.editing import Details, Field
from messaging.contacts.faults import FAULTS
from messaging.contacts.fields import MAX_VALUE, field_name
from messaging.contacts.models import MAX_FIELD_NAME, MAX_FIELDS, Contact, ContactList
from messaging.contacts.paste import MAX_NAME
from messaging.contacts.selectors import NAME
from messaging.encoding import numbers
from messaging.encoding.numbers import InvalidNumber
from portal.templatetags.formats import number


class ListForm(forms.Form):
    """The name of a list and its merge fields: one input for each, emptied to delete it, and one for a new one."""

    name = forms.CharField(label=gettext_lazy("Name of the list"), max_length=80)

    def __init__(self, *args: Any, contact_list: ContactList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._names = contact_list.field_names
        self.initial["name"] = contact_list.name
        for place, name in enumerate(self._names):
            self.fields[f"field_{place}"] = forms.CharField(
                label=_("Field “%(name)s”") % {"name": name}, max_length=MAX_FIELD_NAME, required=False
            )
            self.initial[f"field_{place}"] = name
        if len(self._names) < MAX_FIELDS:
            self.fields["new_field"] = forms.CharField(label=_("New field"), max_length=MAX_FIELD_NAME, required=False)

    def clean(self) -> None:
        """Every field has a name of its own."""
        super().clean()
        names: set[str] = {NAME}
        for key in [*(f"field_{place}" for place in range(len(self._names))), "new_field"]:
            name = field_name(self.cleaned_data.get(key, ""))
            self.cleaned_data[key] = name
            if name and name.casefold() in names:
                self.add_error(key, _("There is another field with this name."))
            names.add(name.casefold())

    def changes(self) -> list[Field]:
        """What becomes of each field; only of a form that is valid."""
        kept = [Field(name, self.cleaned_data[f"field_{place}"]) for place, name in enumerate(self._names)]
        return [*kept, Field("", self.cleaned_data["new_field"])]


class ContactForm(forms.Form):
    """One contact: number, name, and a text for each field of the list."""

    number = forms.CharField(label=gettext_lazy("Number"), max_length=64, widget=forms.TextInput({"type": "tel"}))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_NAME, required=False)

    def __init__(
        self, *args: Any, contact_list: ContactList, region: str, contact: Contact | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._names, self._region = contact_list.field_names, region
        for place, name in enumerate(self._names):
            self.fields[f"field_{place}"] = forms.CharField(label=name, max_length=MAX_VALUE, required=False)
        if contact is not None:
            texts = {f"field_{place}": contact.fields.get(name, "") for place, name in enumerate(self._names)}
            self.initial = {"number": numbers.international(contact.number), "name": contact.name, **texts}

    def clean_number(self) -> str:
        """Read the number; what is none is refused with its reason."""
        try:
            return numbers.parse(self.cleaned_data["number"], region=self._region).e164
        except InvalidNumber as error:
            raise forms.ValidationError(str(FAULTS[error.reason])) from error

    def details(self) -> Details:
        """What was written; only of a form that is valid."""
        texts = {name: self.cleaned_data[f"field_{place}"] for place, name in enumerate(self._names)}
        filled = {name: text for name, text in texts.items() if text}
        return Details(self.cleaned_data["number"], self.cleaned_data["name"], filled)


def room(full: int) -> str:
    """How many contacts still fit, as a sentence."""
    return _("The list would become too long: it has room for %(room)s more.") % {"room": number(full)}
