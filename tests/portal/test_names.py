"""What people and companies call themselves: seen as it is, by everybody who reads it."""

import pytest
from django.core.exceptions import ValidationError
from django.forms import Form

from portal.accounts.forms import BillingDetailsForm, PersonForm, SignupForm
from portal.accounts.team_forms import NewPersonForm
from portal.forms import NameField
from portal.subaccounts import forms as subaccounts


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Acme\u202eslr", "Acmeslr"),
        ("\u2066Acme\u2069 Milano\u200b", "Acme Milano"),
        ("Ac\u00adme\x1b[31m", "Acme[31m"),
        ("  Acme \t\n Milano ", "Acme Milano"),
        ("نامه\u200cای", "نامه\u200cای"),
        ("👩\u200d🚀 Sàrl", "👩\u200d🚀 Sàrl"),
        ("O'Hara & Çelik", "O'Hara & Çelik"),
    ],
    ids=ascii,
)
def test_a_name_keeps_what_is_seen_of_it(typed: str, kept: str) -> None:
    assert NameField().clean(typed) == kept


@pytest.mark.parametrize("typed", ["\u200b", "\u202e \u202c", "\u200d", " \u200c ", "\x07"], ids=ascii)
def test_a_name_of_which_nothing_is_seen_is_none(typed: str) -> None:
    with pytest.raises(ValidationError, match="required"):
        NameField().clean(typed)
    assert NameField(required=False).clean(typed) == ""


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (SignupForm, ("company", "first_name", "last_name")),
        (PersonForm, ("first_name", "last_name")),
        (NewPersonForm, ("first_name", "last_name")),
        (BillingDetailsForm, ("company", "first_name", "last_name", "address", "city", "purchase_order")),
        (subaccounts.SubaccountForm, ("name", "first_name", "last_name")),
        (subaccounts.ChangeForm, ("name",)),
    ],
)
def test_every_form_takes_names_so(form: type[Form], names: tuple[str, ...]) -> None:
    assert {name: type(form.base_fields[name]) for name in names} == dict.fromkeys(names, NameField)
