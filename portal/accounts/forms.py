"""Forms about people and accounts."""

import zoneinfo
from collections.abc import Callable
from typing import Any

import phonenumbers
from allauth.account.forms import AddEmailForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from babel import Locale
from django import forms
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts import invitations, services, tax_numbers, tax_sentences
from portal.accounts.models import BillingDetails, User
from portal.forms import NameField

# Codes that Babel names but that are no country an invoice could go to.
NO_COUNTRY = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"})

# What only one country asks for.
COUNTRY_FIELDS = {"IT": ("codice_fiscale", "sdi_code", "pec"), "FR": ("siret",)}

# What an invoice prints as it was typed.
SEEN_FIELDS = (
    "company",
    "first_name",
    "last_name",
    "address",
    "address_complement",
    "postal_code",
    "city",
    "purchase_order",
)


def countries() -> list[tuple[str, str]]:
    """Return every country as (ISO code, name), named and sorted in the active language."""
    names = Locale.parse(translation.to_locale(translation.get_language() or "en-gb")).territories
    return sorted(
        ((code, name) for code, name in names.items() if len(code) == 2 and code.isalpha() and code not in NO_COUNTRY),
        key=lambda pair: pair[1],
    )


def time_zones() -> list[tuple[str, str]]:
    """Return the time zones that bear a place's name, "Europe/Rome"."""
    places = (
        name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))
    )
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in sorted(places))]


def initial_language() -> str:
    """Return the language the page is shown in, if Saldo speaks it."""
    active = translation.get_language() or ""
    return active if active in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class SignupForm(AllauthSignupForm):
    """Signing up: the person, and the company whose account they open."""

    company = NameField(label=_("Company"), max_length=120, widget=forms.TextInput({"autocomplete": "organization"}))
    first_name = NameField(label=_("First name"), max_length=80, widget=forms.TextInput({"autocomplete": "given-name"}))
    last_name = NameField(label=_("Last name"), max_length=80, widget=forms.TextInput({"autocomplete": "family-name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, initial=initial_language)
    field_order = ("company", "first_name", "last_name", "language", "email", "password1")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Give the new person their language and their account."""
        user.language = self.cleaned_data["language"]
        user.save(update_fields=["language"])
        services.open_account(name=self.cleaned_data["company"], owner=user, now=timezone.now())

    @transaction.atomic
    def save(self, request: HttpRequest) -> AbstractBaseUser:
        """Save person, address and account together or not at all."""
        user: AbstractBaseUser = super().save(request)
        return user


class LoginForm(AllauthLoginForm):
    """Signing in. Whoever was told a first password and has not opened its link yet is told where it is."""

    def clean(self) -> Any:
        """Refuse as allauth does; only who knows a first password that waits for its link learns that it waits."""
        try:
            return super().clean()
        except ValidationError:
            given = {"email": self.cleaned_data["login"], "password": self.cleaned_data["password"]}
            if invitations.waits_for_its_link(now=timezone.now(), **given):
                raise ValidationError(_("Open the link in the invitation that we sent you by e-mail first.")) from None
            raise


class NewAddressForm(AddEmailForm):
    """Another e-mail address, in place of the one held."""

    email = forms.EmailField(
        label=_("New e-mail address"), max_length=254, widget=forms.EmailInput({"autocomplete": "email"})
    )


class PersonForm(forms.ModelForm[User]):
    """What a person says of themselves."""

    phone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        help_text=_("With the country code, for example +39 02 1234567."),
        widget=forms.TextInput({"autocomplete": "tel", "type": "tel"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zones)

    class Meta:
        model = User
        fields = services.PERSON_FIELDS
        field_classes = dict.fromkeys(("first_name", "last_name"), NameField)
        labels = {
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "language": _("Language"),
        }
        widgets = {
            "first_name": forms.TextInput({"autocomplete": "given-name"}),
            "last_name": forms.TextInput({"autocomplete": "family-name"}),
        }

    def clean_phone(self) -> str:
        """Return the number in E.164, or nothing."""
        text = self.cleaned_data["phone"].strip()
        if not text:
            return ""
        try:
            number = phonenumbers.parse(text)
        except phonenumbers.NumberParseException as error:
            raise ValidationError(
                gettext("Enter the number with its country code, for example +39 02 1234567.")
            ) from error
        if not phonenumbers.is_valid_number(number):
            raise ValidationError(gettext("There is no such telephone number."))
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class BillingDetailsForm(forms.ModelForm[BillingDetails]):
    """Whom invoices are made out to; Italy and France ask for more (product 1.3)."""

    country = forms.ChoiceField(label=_("Country"), choices=countries, widget=forms.Select({"autocomplete": "country"}))
    # Typed with spaces and dots, kept without them: longer here than in the table.
    vat_number = forms.CharField(
        label=_("VAT number"),
        max_length=40,
        required=False,
        help_text=_("Companies in the European Union with a valid number are invoiced without VAT outside Italy."),
    )
    codice_fiscale = forms.CharField(
        label=_("Codice fiscale"),
        max_length=40,
        required=False,
        help_text=_("Private persons need it; companies give it or the VAT number."),
    )
    sdi_code = forms.CharField(
        label=_("SdI recipient code"),
        max_length=20,
        required=False,
        help_text=_("7 characters; leave it empty or 0000000 if you have none."),
    )
    siret = forms.CharField(
        label=_("SIRET"),
        max_length=40,
        required=False,
        help_text=_("The 14 digits of your establishment; companies need it."),
    )

    class Meta:
        model = BillingDetails
        fields = services.BILLING_FIELDS
        field_classes = dict.fromkeys(SEEN_FIELDS, NameField)
        labels = {
            "company": _("Company"),
            "first_name": _("First name"),
            "last_name": _("Last name"),
            "address": _("Address"),
            "address_complement": _("Address, second line"),
            "postal_code": _("Postal code"),
            "city": _("City"),
            "pec": _("PEC address"),
            "purchase_order": _("Purchase order reference"),
        }
        error_messages = {
            "pec": {
                "invalid": _("A PEC address has a name, one @ and a domain, for example acme@pec.example.it."),
            },
        }
        help_texts = {
            "company": _("Leave it empty if you buy as a private person."),
            "pec": _("Where electronic invoices go if you have no SdI code."),
            "purchase_order": _("Printed on your invoices."),
        }
        widgets = {
            "company": forms.TextInput({"autocomplete": "organization"}),
            "first_name": forms.TextInput({"autocomplete": "given-name"}),
            "last_name": forms.TextInput({"autocomplete": "family-name"}),
            "address": forms.TextInput({"autocomplete": "address-line1"}),
            "address_complement": forms.TextInput({"autocomplete": "address-line2"}),
            "postal_code": forms.TextInput({"autocomplete": "postal-code"}),
            "city": forms.TextInput({"autocomplete": "address-level2"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_company = bool(self["company"].value())
        # On a fresh page Italy's and France's fields show what those countries ask; once sent, only the chosen asks.
        country = self["country"].value() if self.is_bound else None
        self.fields["codice_fiscale"].required = country in {None, "IT"} and not is_company
        self.fields["siret"].required = country in {None, "FR"} and is_company

    def clean(self) -> dict[str, Any]:
        """Check what only makes sense together: who, and the numbers their country gives."""
        data = {field: self.cleaned_data.get(field, "") for field in self.fields}
        if not data["company"] and not (data["first_name"] and data["last_name"]):
            self.add_error("company", gettext("Enter a company, or a first and a last name."))
        self._check_number("vat_number", lambda text: tax_numbers.vat_number(data["country"], text))
        if data["country"] == "IT":
            self._check_number("codice_fiscale", tax_numbers.codice_fiscale)
            self.cleaned_data["sdi_code"] = data["sdi_code"] or tax_numbers.NO_SDI_CODE
            self._check_number("sdi_code", tax_numbers.sdi_code)
            if data["company"] and not data["vat_number"] and not data["codice_fiscale"]:
                self.add_error("vat_number", gettext("Enter the VAT number or the codice fiscale."))
        if data["country"] == "FR":
            self._check_number("siret", tax_numbers.siret_number)
        self._check_postal_code(data["country"])
        self._forget_other_countries(data["country"])
        return self.cleaned_data

    def _check_number(self, field: str, check: Callable[[str], str]) -> None:
        text = self.cleaned_data.get(field, "")
        if not text:
            return
        try:
            self.cleaned_data[field] = check(text)
        except tax_numbers.InvalidTaxNumber as error:
            self.add_error(field, tax_sentences.sentence(error))

    def _check_postal_code(self, country: str) -> None:
        code = self.cleaned_data.get("postal_code", "")
        if country in {"IT", "FR"} and code and not (len(code) == 5 and code.isascii() and code.isdecimal()):
            self.add_error("postal_code", gettext("A postal code of this country has 5 digits."))

    def _forget_other_countries(self, country: str) -> None:
        for asking, fields in COUNTRY_FIELDS.items():
            for field in fields if asking != country else ():
                self.cleaned_data[field] = ""
                self.errors.pop(field, None)
