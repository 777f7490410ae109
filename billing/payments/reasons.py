"""Why a payment failed, in plain words with what to do."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Reason(TextChoices):
    """A provider's refusal, whichever provider it was."""

    NONE = "", ""
    DECLINED = "declined", _("The bank declined the card. Ask your bank, or pay with another card.")
    EXPIRED_CARD = "expired_card", _("The card has expired. Add the new one and try again.")
    INSUFFICIENT_FUNDS = "insufficient_funds", _("There is not enough money on the card. Pay with another one.")
    CONFIRMATION_NEEDED = (
        "confirm_needed",
        _("The bank wants you to confirm payments with this card. Buy the credits by hand and confirm there."),
    )
    CONFIRMATION_REFUSED = (
        "confirm_refused",
        _("The payment was not confirmed with the bank. Try again, or pay with another card."),
    )
    MANDATE_REVOKED = (
        "mandate_revoked",
        _("The mandate has been revoked. Add the bank account again to give a new one."),
    )
    ACCOUNT_CLOSED = "account_closed", _("The bank account is closed. Pay with another one.")
    DEBIT_FAILED = "debit_failed", _("The bank did not carry out the debit. Ask your bank, or pay in another way.")
    METHOD_ENDED = (
        "method_ended",
        _("The payment method was removed or had ended before anything was charged. Choose another one."),
    )
    UNRESOLVED = "unresolved", _("The payment never reached the bank. Nothing was charged; try again.")
    CONTRADICTED = (
        "contradicted",
        _("Another amount than yours was charged, and given back. You have paid nothing; try again."),
    )
    EXPIRED = "expired", _("The bank transfer did not arrive in time.")
    CLOSED_SHORT = "closed_short", _("Only a part of the bank transfer came, and the purchase was closed.")
    WITHDRAWN = "withdrawn", _("The purchase was withdrawn before anything was paid.")
