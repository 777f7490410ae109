"""The words of the ledger: kinds of account, reasons of a transfer, phases of a transfer."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class AccountCode(TextChoices):
    """What an account of the ledger is for. Every owner has one of each, so that no two wallets share a row."""

    WALLET = "wallet", _("Wallet")
    ISSUE = "issue", _("Credits issued")
    USAGE = "usage", _("Credits used")
    EXPIRY = "expiry", _("Credits expired")


class TransferCode(TextChoices):
    """Why credits moved."""

    PURCHASE = "purchase", _("Purchase")
    PROMOTION = "promotion", _("Promotional credits")
    CORRECTION = "correction", _("Correction")
    CAMPAIGN = "campaign", _("Messages")
    ALERT = "alert", _("Alert message")
    CALL = "call", _("Call")
    MOVE = "move", _("Transfer between wallets")
    RESET = "reset", _("Reset of a sub-account")
    LOAN = "loan", _("Loan")
    LOAN_RETURN = "loan_return", _("Loan returned")
    EXPIRY = "expiry", _("Expired credits")
    REFUND = "refund", _("Refund")
    REVERSAL = "reversal", _("Reversal")


class Phase(TextChoices):
    """How far a transfer goes. `single` moves at once; a `hold` waits and is resolved once, by a `post` or a `void`."""

    SINGLE = "single", _("Transfer")
    HOLD = "hold", _("Hold")
    POST = "post", _("Spent from a hold")
    VOID = "void", _("Hold given back")
