"""Why a payment failed, in plain words with what to do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """A provider's refusal, whichever provider it was."""

    NONE = "", ""
    DECLINED = "declined", _("The bank declined the card. Ask your bank, or pay with another card.")
    EXPIRED_CARD = "expired_card", _("The card has expired. Add the new one and try again.")
    INSUFFICIENT_FUNDS = "insufficient_funds", _("There is not enough money on the card. Pay with another one.")
    UNRESOLVED = "unresolved", _("The payment never reached the bank. Nothing was charged; try again.")
