"""The shape of a sub-account, and of credits that move between wallets."""

import re
import uuid
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.amounts import MAX_UNITS
from portal.accounts.models import Account, User
from portal.fields import CreditsField
from portal.forms import CardLabel, DayInput, NameField, RadioCards
from portal.subaccounts import selectors
from portal.subaccounts.services import Person, Plan

_ZERO: Final = re.compile(r"0+([.,]0*)?")
LONGEST_LOAN: Final = timedelta(days=366)
INVITED, WITH_PASSWORD = "invitation", "password"
LIMITED, UNLIMITED = "limited", "unlimited"


class PerhapsCreditsField(CreditsField):
    """A number of credits that may be none: empty and "0" are both zero units."""

    def to_python(self, value: Any) -> int | None:
        """Return the units; a `ValidationError` says what is wrong."""
        if _ZERO.fullmatch(str(value or "").strip()):
            return 0
        return super().to_python(value) or 0


def _reference() -> forms.UUIDField:
    return forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


def _spending_cards() -> list[tuple[str, CardLabel]]:
    return [
        (LIMITED, CardLabel(_("A number of credits"), detail=_("It spends what you move into it, and no more."))),
        (
            UNLIMITED,
            CardLabel(
                _("Unlimited"),
                detail=_("It spends from your balance. What it uses is counted apart."),
            ),
        ),
    ]


def _login_cards() -> list[tuple[str, CardLabel]]:
    return [
        (INVITED, CardLabel(_("Invitation"), detail=_("We send a link; they choose their own password."))),
        (WITH_PASSWORD, CardLabel(_("First password"), detail=_("You choose it now and tell them."))),
    ]


def _spending() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=gettext_lazy("What it may spend"), choices=_spending_cards, widget=RadioCards, initial=LIMITED
    )


class ReferenceForm(forms.Form):
    """A confirmation. `reference` makes one that is sent twice happen once."""

    reference = _reference()


class StateForm(forms.Form):
    """Whether a sub-account shall be active. Said twice, it is the same."""

    active = forms.TypedChoiceField(choices=[("yes", ""), ("no", "")], coerce=lambda value: value == "yes")


class MoveForm(ReferenceForm):
    """How many credits move."""

    credits_units = CreditsField(label=gettext_lazy("Credits"), most=MAX_UNITS)

    @property
    def returns_at(self) -> datetime | None:
        """When what is unused goes back; None when the credits are to stay."""
        return None


class CreditForm(MoveForm):
    """How many credits move into a sub-account, for good or until a day."""

    until = forms.DateField(
        label=gettext_lazy("Lend them until"),
        required=False,
        widget=DayInput(),
        help_text=gettext_lazy("At the end of this day what is unused comes back by itself. Empty: they stay."),
    )

    def __init__(self, *args: Any, customer: Account, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = ZoneInfo(customer.time_zone)
        self._today = now.astimezone(self._zone).date()
        self.fields["until"].widget.attrs["min"] = self._today.isoformat()

    def clean_until(self) -> date | None:
        """Refuse a day that is over, or further away than a loan may last."""
        day: date | None = self.cleaned_data["until"]
        if day and day < self._today:
            raise ValidationError(_("Choose today or a later day."))
        if day and day > self._today + LONGEST_LOAN:
            raise ValidationError(_("Credits can be lent for a year at most. Choose an earlier day."))
        return day

    @property
    def returns_at(self) -> datetime | None:
        """The first moment after the chosen day in the customer's zone; None when the credits are to stay."""
        day: date | None = self.cleaned_data["until"]
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=self._zone) if day else None


class TransferForm(MoveForm):
    """Credits from one wallet of the customer into another."""

    source = forms.ModelChoiceField(
        Account.objects.none(),
        label=pgettext_lazy("of a transfer", "From"),
        to_field_name="public_id",
        empty_label=None,
    )
    target = forms.ModelChoiceField(
        Account.objects.none(),
        label=pgettext_lazy("of a transfer", "To"),
        to_field_name="public_id",
        empty_label=gettext_lazy("Choose"),
    )
    field_order = ("reference", "source", "target", "credits_units")

    def __init__(self, *args: Any, customer: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limited = selectors.family(customer).filter(wallet__draws_on=None)
        for name, accounts in (("source", limited), ("target", limited.filter(deactivated_at=None))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = accounts

    def clean(self) -> dict[str, Any]:
        """Refuse to move credits from a wallet into itself."""
        source, target = self.cleaned_data.get("source"), self.cleaned_data.get("target")
        if source and source == target:
            self.add_error("target", _("Choose another wallet than the one the credits come from."))
        return self.cleaned_data


class PersonForm(forms.Form):
    """The person in charge of a sub-account."""

    first_name = NameField(label=gettext_lazy("First name"), max_length=80)
    last_name = NameField(label=gettext_lazy("Last name"), max_length=80)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        max_length=254,
        help_text=gettext_lazy("It is the login of the person in charge."),
        widget=forms.EmailInput({"autocomplete": "off"}),
    )

    def clean_email(self) -> str:
        """Return the address as logins are kept."""
        return str(self.cleaned_data["email"]).lower()

    @property
    def person(self) -> Person:
        """The person that a clean form names."""
        return Person(*(self.cleaned_data[name] for name in ("first_name", "last_name", "email")))


class SubaccountForm(ReferenceForm, PersonForm):
    """A new sub-account: its name, who is in charge and how they come in, what it may spend."""

    name = NameField(
        label=gettext_lazy("Name of the sub-account"),
        max_length=120,
        help_text=gettext_lazy("The branch or department, for example: Milan office."),
    )
    login = forms.ChoiceField(
        label=gettext_lazy("How the person comes in"),
        choices=_login_cards,
        widget=RadioCards,
        initial=INVITED,
    )
    password = forms.CharField(
        label=gettext_lazy("First password"),
        strip=False,
        error_messages={"required": gettext_lazy("Choose a first password, or send an invitation.")},
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "We send them a link to make sure that the address is theirs. From then on they sign in with this password."
        ),
    )
    spending = _spending()
    credits_units = PerhapsCreditsField(
        label=gettext_lazy("Credits to move now"),
        most=MAX_UNITS,
        required=False,
        help_text=gettext_lazy("They leave your balance at once. Leave this empty to move none."),
    )
    field_order = ("reference", "name", "first_name", "last_name", "email", "login", "password", "spending")

    def clean(self) -> dict[str, Any]:
        """Check a first password as if the person had chosen it; what is not asked for is not looked at."""
        given = self.cleaned_data
        if given.get("login") == INVITED:
            self.errors.pop("password", None)
        elif given.get("password"):
            about = User(**{name: given.get(name, "") for name in ("first_name", "last_name", "email")})
            try:
                password_validation.validate_password(given["password"], about)
            except ValidationError as error:
                self.add_error("password", error)
        if given.get("spending") == UNLIMITED:
            self.errors.pop("credits_units", None)
        return given

    @property
    def plan(self) -> Plan:
        """What a clean form asks for."""
        given = self.cleaned_data
        return Plan(
            name=given["name"],
            person=self.person,
            password=given["password"] if given["login"] == WITH_PASSWORD else None,
            credits_units=given.get("credits_units") or 0,
            is_unlimited=given["spending"] == UNLIMITED,
        )


class ChangeForm(forms.Form):
    """A sub-account's name, and what it may spend. Said twice, it is the same."""

    name = NameField(label=gettext_lazy("Name of the sub-account"), max_length=120)
    spending = _spending()
