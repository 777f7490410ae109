"""Forms about who works in an account."""

from typing import Any

from allauth.account.fields import PasswordField
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils.translation import gettext_lazy as _

from portal.accounts.capabilities import Role
from portal.accounts.models import Member, User
from portal.forms import CardLabel, NameField, RadioCards, Switch

ROLE_DETAILS = {
    Role.OWNER: _("Everything: credits, messages, sub-accounts, team and billing."),
    Role.BILLING: _("Buys credits, changes billing details and balance alerts, sees invoices."),
    Role.SENDER: _("Sends messages, keeps contacts and sender names."),
    Role.VIEWER: _("Sees the account, its balance and its messages, and changes nothing."),
}


def role_cards() -> list[tuple[str, CardLabel]]:
    """Return the roles as choices that say what each may do."""
    return [(role.value, CardLabel(str(role.label), detail=str(ROLE_DETAILS[role]))) for role in Role]


class MemberForm(forms.ModelForm[Member]):
    """A member's role, and whether credits may leave by their hand."""

    role = forms.ChoiceField(label=_("Role"), choices=role_cards, widget=RadioCards)

    class Meta:
        model = Member
        fields = ("role", "may_spend")
        labels = {"may_spend": _("May spend credits")}
        help_texts = {"may_spend": _("Without it nobody sends messages, whatever the role.")}
        widgets = {"may_spend": Switch}

    def clean_role(self) -> Role:
        """Return the role as one of the known ones."""
        return Role(self.cleaned_data["role"])


class InvitationForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The invitation goes there, and becomes the login of somebody who has none yet."),
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"), choices=role_cards, widget=RadioCards, initial=Role.SENDER)
    may_spend = forms.BooleanField(
        label=_("May spend credits"),
        required=False,
        widget=Switch,
        help_text=_("Without it nobody sends messages, whatever the role."),
    )

    def clean_email(self) -> str:
        """Return the address as logins are kept."""
        return str(self.cleaned_data["email"]).lower()

    def clean_role(self) -> Role:
        """Return the role as one of the known ones."""
        return Role(self.cleaned_data["role"])


class NewPersonForm(forms.Form):
    """What somebody says who accepts an invitation and has no login yet; `has_password`: a first one was chosen."""

    first_name = NameField(label=_("First name"), max_length=80, widget=forms.TextInput({"autocomplete": "given-name"}))
    last_name = NameField(label=_("Last name"), max_length=80, widget=forms.TextInput({"autocomplete": "family-name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    password = PasswordField(
        label=_("Password"),
        autocomplete="new-password",
        help_text=_("At least 10 characters; a sentence is easy to remember."),
    )

    def __init__(self, *args: Any, email: str, has_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email
        if has_password:
            del self.fields["password"]

    def clean(self) -> dict[str, Any]:
        """Refuse a password that is easy to guess for this person."""
        data = super().clean() or {}
        person = User(email=self._email, first_name=data.get("first_name", ""), last_name=data.get("last_name", ""))
        if password := data.get("password"):
            try:
                password_validation.validate_password(password, person)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data
