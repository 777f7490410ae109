"""Choosing a file, and saying what its columns mean."""

import uuid
from pathlib import PurePath
from typing import Any, Final

import phonenumbers
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.contacts.fields import field_name
from messaging.contacts.models import MAX_FIELD_NAME, MAX_FIELDS, ContactList
from messaging.contacts.selectors import NAME
from messaging.imports import columns, files
from messaging.imports.columns import Column, Plan
from messaging.imports.faults import SENTENCES, FileFault, Unreadable
from messaging.imports.files import Look, Row
from portal.templatetags.formats import country_name, number

MACRO_SUFFIXES: Final = (".xlsm", ".xltm", ".xlam", ".xlsb")
NUMBER, FIELD, SKIP = "number", "field", ""


class UploadForm(forms.Form):
    """A file, and the list it goes into; `look` is what the file shows at first sight."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("A spreadsheet (.xlsx) or a text table (.csv), at most 50 MB and 1,000,000 rows."),
        allow_empty_file=True,
        widget=forms.FileInput(
            attrs={
                "accept": ".xlsx,.csv,.txt,.tsv",
                "data-most": files.MAX_BYTES,
                "data-too-large": SENTENCES[FileFault.TOO_LARGE],
            }
        ),
    )
    contact_list = forms.ModelChoiceField(
        label=gettext_lazy("List"),
        queryset=ContactList.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=gettext_lazy("A new list"),
    )
    list_name = forms.CharField(
        label=gettext_lazy("Name of the new list"),
        help_text=gettext_lazy("Without one, it is called like the file."),
        max_length=80,
        required=False,
    )
    reference = forms.UUIDField(widget=forms.HiddenInput)
    look: Look

    def __init__(self, *args: Any, lists: QuerySet[ContactList] | None, **kwargs: Any) -> None:
        """`lists` are the account's; None where the file is one of opt-outs."""
        kwargs["initial"] = {"reference": uuid.uuid4(), **kwargs.get("initial", {})}
        super().__init__(*args, **kwargs)
        self._lists = lists
        if lists is None:
            del self.fields["contact_list"], self.fields["list_name"]
        else:
            field = self.fields["contact_list"]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = lists

    def clean_file(self) -> "UploadedFile[bytes]":
        """Look at the file; what cannot be read is refused with what to do."""
        chosen: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            if PurePath(str(chosen.name)).suffix.lower() in MACRO_SUFFIXES:
                raise Unreadable(FileFault.MACROS)
            assert chosen.file is not None
            self.look = files.look(chosen.file, size=chosen.size or 0)
        except Unreadable as unreadable:
            raise forms.ValidationError(str(SENTENCES[unreadable.fault])) from unreadable
        chosen.seek(0)
        return chosen

    def clean(self) -> None:
        """A new list has a name that no other has: the file's, if none is given."""
        super().clean()
        if self._lists is None or self.cleaned_data.get("contact_list") or "file" not in self.cleaned_data:
            return
        name = self.cleaned_data.get("list_name") or PurePath(str(self.cleaned_data["file"].name)).stem[:80].strip()
        name = name or _("Imported contacts")
        if self._lists.filter(name__iexact=name).exists():
            self.add_error("list_name", _("You already have a list called “%(name)s”.") % {"name": name})
        self.cleaned_data["list_name"] = name


class PlanForm(forms.Form):
    """What each column becomes: the number, the name, a field of one's own, or nothing."""

    region = forms.ChoiceField(
        label=gettext_lazy("Numbers without an international prefix"),
        required=False,
        help_text=gettext_lazy("A number that begins with + or 00 belongs to its own country, whatever you choose."),
    )
    has_headings = forms.BooleanField(label=gettext_lazy("The first row holds the headings"), required=False)

    def __init__(
        self, *args: Any, head: list[Row], plan: Plan, field_names: list[str], only_numbers: bool, **kwargs: Any
    ) -> None:
        """`head` are the first rows, `plan` the proposal, `field_names` those that the list has already."""
        super().__init__(*args, **kwargs)
        self._known = field_names
        self.columns: list[Column] = columns.columns(head, has_headings=plan.has_headings)
        region = self.fields["region"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = _regions()
        self.initial = {"region": plan.region, "has_headings": plan.has_headings}
        roles = [(NUMBER, _("Telephone number"))]
        if not only_numbers:
            roles += [(NAME, _("Name")), (FIELD, _("Field for messages"))]
        roles.append((SKIP, _("Leave out")))
        names = {} if only_numbers else {place: name for name, place in plan.fields.items()}
        name = None if only_numbers else plan.name
        for place, column in enumerate(self.columns):
            role = NUMBER if place == plan.number else NAME if place == name else FIELD if place in names else SKIP
            self.fields[f"role_{place}"] = forms.ChoiceField(label=_("Becomes"), choices=roles, required=False)
            self.initial[f"role_{place}"] = role
            if not only_numbers:
                self.fields[f"field_{place}"] = forms.CharField(
                    label=_("Name of the field"), max_length=MAX_FIELD_NAME, required=False
                )
                self.initial[f"field_{place}"] = names.get(place) or field_name(column.heading)

    def rows(self) -> list[dict[str, Any]]:
        """Each column with its heading, its first texts and its inputs."""
        return [
            {
                "heading": column.heading or _("Column %(number)s") % {"number": number(place + 1)},
                "examples": column.examples,
                "role": self[f"role_{place}"],
                "field": self[f"field_{place}"] if f"field_{place}" in self.fields else None,
            }
            for place, column in enumerate(self.columns)
        ]

    def clean(self) -> None:
        """One column is the number, at most one the name, and the fields have names of their own."""
        super().clean()
        roles = [self.cleaned_data.get(f"role_{place}", SKIP) for place in range(len(self.columns))]
        if roles.count(NUMBER) != 1:
            self.add_error(None, _("Say of one column, and only of one, that it holds the telephone numbers."))
        if roles.count(NAME) > 1:
            self.add_error(None, _("Only one column can be the name. Make the other one a field."))
        names: list[str] = []
        for place, role in enumerate(roles):
            if role == FIELD:
                self._check_field(f"field_{place}", names)
        if len({*names, *self._known}) > MAX_FIELDS:
            message = _("A list has at most %(most)s fields. Leave some columns out.")
            self.add_error(None, message % {"most": number(MAX_FIELDS)})

    def _check_field(self, field: str, names: list[str]) -> None:
        name = field_name(self.cleaned_data.get(field, ""))
        name = next((known for known in self._known if known.casefold() == name.casefold()), name)
        if not name:
            self.add_error(field, _("Give this field a name."))
        elif name.casefold() in {NAME, *(other.casefold() for other in names)}:
            self.add_error(field, _("Another column has this name already."))
        self.cleaned_data[field] = name
        names.append(name)

    def plan(self) -> Plan:
        """The plan that was chosen; only of a form that is valid."""
        cleaned = self.cleaned_data
        roles = [cleaned[f"role_{place}"] for place in range(len(self.columns))]
        return Plan(
            number=roles.index(NUMBER),
            name=roles.index(NAME) if NAME in roles else None,
            fields={cleaned[f"field_{place}"]: place for place, role in enumerate(roles) if role == FIELD},
            has_headings=cleaned["has_headings"],
            region=cleaned["region"],
        )


class ConfirmationForm(forms.Form):
    """Whether contacts that are in the list already take over what the file says of them."""

    renew = forms.BooleanField(
        label=gettext_lazy("Renew the contacts that are there already"),
        help_text=gettext_lazy("Their name and fields become those of the file, where the file has any."),
        required=False,
    )


def _regions() -> list[tuple[str, str]]:
    named = sorted(((code, country_name(code)) for code in phonenumbers.SUPPORTED_REGIONS), key=lambda pair: pair[1])
    return [
        ("", _("begin with their country’s prefix, without the +")),
        *((code, _("belong to %(country)s") % {"country": name}) for code, name in named),
    ]
