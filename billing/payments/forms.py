"""The shape of a payment method."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _
from stdnum import iban

from billing.payments.providers import sandbox

# Each stands for a card that behaves in one way, so that every way can be seen and tested.
SANDBOX_CARDS: Final = (
    (sandbox.SUCCEEDS, _("Card that pays")),
    (sandbox.DECLINED, _("Card that is declined")),
    (sandbox.EXPIRED_CARD, _("Card that has expired")),
    (sandbox.NEEDS_CONFIRMATION, _("Card whose payments have to be confirmed")),
    (sandbox.TIMEOUT_BEFORE, _("Card whose request is lost on the way")),
    (sandbox.TIMEOUT_AFTER, _("Card whose answer is lost on the way back")),
)
SANDBOX_DEBITS: Final = (
    (sandbox.SEPA_GOOD, _("Bank account that pays after a while")),
    (sandbox.SEPA_RETURNED, _("Bank account that pays, and then takes it back")),
    (sandbox.SEPA_FAILS, _("Bank account that does not pay")),
    (sandbox.SEPA_UNCHECKED, _("Bank account whose mandate is never validated")),
)


class SandboxCardForm(forms.Form):
    """A test card of the sandbox."""

    kind = forms.CharField(widget=forms.HiddenInput, initial="card", required=False)
    token = forms.ChoiceField(choices=SANDBOX_CARDS, label=_("Test card"))
    label = forms.CharField(max_length=80, label=_("Name"), help_text=_("What the card is called in your lists."))


class SandboxDebitForm(forms.Form):
    """A bank account that the sandbox may debit, and the consent to it. The IBAN itself is not kept."""

    kind = forms.CharField(widget=forms.HiddenInput, initial="sepa", required=False)
    token = forms.ChoiceField(choices=SANDBOX_DEBITS, label=_("Test bank account"))
    holder = forms.CharField(max_length=70, label=_("Account holder"))
    iban = forms.CharField(max_length=42, label=_("IBAN"))
    agreed = forms.BooleanField(label=_("I agree to the mandate"))

    def clean_iban(self) -> str:
        """The IBAN without spaces, its check digits right."""
        number = iban.compact(self.cleaned_data["iban"])
        if not iban.is_valid(number):
            raise forms.ValidationError(_("This is not a valid IBAN. Check it against your bank's papers."))
        return str(number)


class StripePageForm(forms.Form):
    """Which kind of method is to be kept at Stripe; a bank account with the consent to debit it."""

    kind = forms.ChoiceField(choices=(("card", "card"), ("sepa", "sepa")))
    agreed = forms.BooleanField(required=False)

    def clean(self) -> dict[str, object]:
        """A bank account is debited only with consent."""
        given = super().clean() or {}
        if given.get("kind") == "sepa" and not given.get("agreed"):
            raise forms.ValidationError(_("Agree to the mandate first: without it your bank debits nothing."))
        return given
