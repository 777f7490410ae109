"""The shape of a request for a sender name."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.encoding import numbers
from messaging.encoding.numbers import InvalidNumber
from messaging.senders import documents, rules, selectors
from messaging.senders.documents import DocumentFault, DocumentRefused, Paper
from messaging.senders.models import SenderName
from messaging.senders.registrations import Alias
from messaging.senders.rules import NameFault, NameRefused
from portal.accounts import tax_numbers, tax_sentences
from portal.accounts.tax_numbers import InvalidTaxNumber

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
    NameFault.NUMBER: gettext_lazy(
        "This is not a complete telephone number. Write it with its country, for example +39 347 123 4567."
    ),
}


DOCUMENT_FAULTS = {
    DocumentFault.EMPTY: gettext_lazy("“%(name)s” is empty."),
    DocumentFault.TOO_LARGE: gettext_lazy("“%(name)s” is too large: a document has at most 5 MB."),
    DocumentFault.KIND: gettext_lazy(
        "“%(name)s” is not a PDF, PNG or JPEG file. Save it as one of these and add it again."
    ),
    DocumentFault.BROKEN: gettext_lazy("“%(name)s” cannot be read to its end. Save it anew and add it again."),
}


class SeveralFiles(forms.ClearableFileInput):
    """An input that takes more than one file at once."""

    allow_multiple_selected = True


class PapersField(forms.FileField):
    """Documents, each looked into; cleaned into a list of `Paper`."""

    def __init__(self, **options: Any) -> None:
        accepted = {"accept": "application/pdf,image/png,image/jpeg"}
        super().__init__(widget=SeveralFiles(attrs=accepted), max_length=200, **options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Check each file by its content; every one that is not taken has its own sentence."""
        files: Sequence[UploadedFile[bytes]] = [each for each in data if each] if isinstance(data, list | tuple) else []
        if not files:
            if self.required:
                raise forms.ValidationError(self.error_messages["required"], code="required")
            return []
        if len(files) > documents.MAX_DOCUMENTS:
            raise forms.ValidationError(
                _("A sender name has at most %(most)s documents.") % {"most": documents.MAX_DOCUMENTS}
            )
        papers: list[Paper] = []
        faults = []
        for file in files:
            try:
                papers.append(documents.check(file))
            except DocumentRefused as refused:
                name = (file.name or "")[:80]
                faults.append(forms.ValidationError(DOCUMENT_FAULTS[refused.fault], params={"name": name}))
        if faults:
            raise forms.ValidationError(faults)
        return papers


class SenderNameForm(forms.Form):
    """Which name, what for, and papers that show whose it is."""

    name = forms.CharField(
        label=gettext_lazy("Sender name"),
        # Longer input gets the sentence of the rules, not a cut in the browser.
        max_length=200,
        help_text=gettext_lazy(
            "Up to 11 characters with at least one letter. A space, - _ & and . may stand inside. Or a telephone number "
            "of yours, with its country: +39…"
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = forms.CharField(
        label=gettext_lazy("What will you send under it?"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("For the person who reviews the name, for example: reminders of appointments."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    papers = PapersField(
        label=gettext_lazy("Documents"),
        required=False,
        help_text=gettext_lazy(
            "What shows that the name is yours: an extract from the company register, a trade mark. PDF, PNG or JPEG, "
            "at most 5 MB each. Only you and our reviewers can open them."
        ),
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
        self.empty_label = _("%(number)s (the portal's)") % {"number": portal_number}


class DefaultSenderForm(forms.Form):
    """The sender of every message unless told otherwise."""

    sender = SenderField(label=gettext_lazy("Default sender"))

    def __init__(self, *args: Any, senders: QuerySet[SenderName], portal_number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sender"]
        assert isinstance(field, SenderField)
        field.offer(senders, portal_number=portal_number)


class DocumentsForm(forms.Form):
    """More papers for a name."""

    papers = PapersField(
        label=gettext_lazy("More documents"), help_text=gettext_lazy("PDF, PNG or JPEG, at most 5 MB each.")
    )


class CountryForm(forms.Form):
    """In which country a sender is to be registered."""

    country = forms.ChoiceField(label=gettext_lazy("Country"))

    def __init__(self, *args: Any, countries: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(country, selectors.country_name(country)) for country in countries]
        field = self.fields["country"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a country")), *sorted(named, key=lambda pair: pair[1])]


class AliasForm(forms.Form):
    """What the Italian register asks of whoever sends under a name."""

    company = forms.CharField(label=gettext_lazy("Company"), max_length=120)
    vat_number = forms.CharField(label=gettext_lazy("VAT number"), max_length=20)
    pec = forms.EmailField(
        label=gettext_lazy("PEC"),
        max_length=254,
        help_text=gettext_lazy("The certified e-mail address of the company."),
    )
    contact_name = forms.CharField(label=gettext_lazy("Contact person"), max_length=120)
    contact_email = forms.EmailField(label=gettext_lazy("E-mail of the contact"), max_length=254)
    contact_phone = forms.CharField(
        label=gettext_lazy("Telephone of the contact"),
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, billing_country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.billing_country = billing_country

    def clean_vat_number(self) -> str:
        """Check it as the country of the billing details writes its VAT numbers."""
        try:
            return tax_numbers.vat_number(self.billing_country, self.cleaned_data["vat_number"])
        except InvalidTaxNumber as error:
            raise forms.ValidationError(tax_sentences.sentence(error)) from error

    def clean_contact_phone(self) -> str:
        """Give the telephone in E.164; without a country it is one of the billing details' country."""
        try:
            return numbers.parse(self.cleaned_data["contact_phone"], region=self.billing_country).e164
        except InvalidNumber as error:
            raise forms.ValidationError(
                _("This is not a complete telephone number. Write it with its country, for example +39 02 1234567.")
            ) from error

    def alias(self) -> Alias:
        """What was filled in, for the service."""
        return Alias(**self.cleaned_data)
