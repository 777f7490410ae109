"""The shape of a payment method."""

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.payments.providers import sandbox

# Each stands for a card that behaves in one way, so that every way can be seen and tested.
SANDBOX_CARDS: Final = (
    (sandbox.SUCCEEDS, _("Card that pays")),
    (sandbox.DECLINED, _("Card that is declined")),
    (sandbox.EXPIRED_CARD, _("Card that has expired")),
    (sandbox.TIMEOUT_BEFORE, _("Card whose request is lost on the way")),
    (sandbox.TIMEOUT_AFTER, _("Card whose answer is lost on the way back")),
)


class SandboxCardForm(forms.Form):
    """A test card of the sandbox."""

    token = forms.ChoiceField(choices=SANDBOX_CARDS, label=_("Test card"))
    label = forms.CharField(max_length=80, label=_("Name"), help_text=_("How the card is called in your lists."))
