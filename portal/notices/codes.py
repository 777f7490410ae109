"""What people are told by e-mail, and who: one table from notice to role."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_stubs_ext import StrOrPromise

from portal.accounts.capabilities import Role


class Kind(TextChoices):
    """What a notice tells of."""

    RECHARGE_PAID = "recharge_paid", _("Recharge paid")
    RECHARGE_FAILED = "recharge_failed", _("Recharge failed")
    BANK_TRANSFER = "bank_transfer", _("Bank transfer awaited")
    PAYMENT_REVERSED = "payment_reversed", _("Payment returned")
    CARD_EXPIRING = "card_expiring", _("Card about to expire")
    RECHARGE_ASKS = "recharge_asks", _("Automatic recharge asks")
    RECHARGE_OVER_LIMIT = "recharge_over_limit", _("Limit of automatic recharges passed")
    BALANCE_ZERO = "balance_zero", _("No credits left")
    BALANCE_BELOW_ZERO = "balance_below_zero", _("Balance below zero")
    ALERT_UNDELIVERED = "alert_undelivered", _("Balance alert not delivered")
    CREDITS_EXPIRING = "credits_expiring", _("Credits about to expire")
    INVOICE_ISSUED = "invoice_issued", _("Invoice to be paid")
    CREDIT_NOTE_ISSUED = "credit_note_issued", _("Credit note issued")
    SENDER_APPROVED = "sender_approved", _("Sender name approved")
    SENDER_REFUSED = "sender_refused", _("Sender name refused")
    SENDER_WITHDRAWN = "sender_withdrawn", _("Sender name withdrawn")
    SENDER_COUNTRY = "sender_country", _("Registration of a sender name")


@dataclass(frozen=True, slots=True)
class Rule:
    """Who gets a kind of notice unless they opted out, and where its link leads.

    `is_needed` means that somebody always gets it: whoever is the last may not opt out. `url_name` is the page of
    an account; with `of_subject` it takes the subject's public id too.
    """

    roles: frozenset[Role]
    explanation: StrOrPromise
    url_name: str
    is_needed: bool = False
    of_subject: bool = False


_PAYERS: Final = frozenset({Role.OWNER, Role.BILLING})
_SENDERS: Final = frozenset({Role.OWNER, Role.SENDER})

RULES: Final[dict[Kind, Rule]] = {
    Kind.RECHARGE_PAID: Rule(_PAYERS, _("Credits were bought, and the invoice is there."), "recharge", True, True),
    Kind.RECHARGE_FAILED: Rule(_PAYERS, _("A payment did not succeed, and why."), "recharge", True, True),
    Kind.BANK_TRANSFER: Rule(
        _PAYERS, _("What to transfer and to quote, and what is missing or too much of it."), "recharge", True, True
    ),
    Kind.PAYMENT_REVERSED: Rule(_PAYERS, _("Money went back, and its credits with it."), "recharge", True, True),
    Kind.CARD_EXPIRING: Rule(_PAYERS, _("30, 7 and 1 days before a card expires."), "payment_methods", True),
    Kind.RECHARGE_ASKS: Rule(
        _PAYERS,
        _("An automatic purchase looks unusual and waits for your answer."),
        "auto_recharge_question",
        True,
        True,
    ),
    Kind.RECHARGE_OVER_LIMIT: Rule(
        _PAYERS, _("A payment that had been taken for lost turned up and passed your limit."), "recharge", True, True
    ),
    Kind.BALANCE_ZERO: Rule(
        _PAYERS | _SENDERS, _("No message can be sent until credits are bought."), "recharge_new", True
    ),
    Kind.BALANCE_BELOW_ZERO: Rule(_PAYERS, _("More was used than was there."), "recharge_new", True),
    Kind.ALERT_UNDELIVERED: Rule(_PAYERS, _("A balance alert does not reach its address, and why."), "alerts", True),
    Kind.CREDITS_EXPIRING: Rule(_PAYERS, _("30, 7 and 1 days before credits expire."), "statement", True),
    Kind.INVOICE_ISSUED: Rule(_PAYERS, _("An invoice waits for its payment."), "invoices", True),
    Kind.CREDIT_NOTE_ISSUED: Rule(_PAYERS, _("An invoice was corrected, in part or as a whole."), "invoices", True),
    Kind.SENDER_APPROVED: Rule(_SENDERS, _("A sender name can be used."), "sender_name", of_subject=True),
    Kind.SENDER_REFUSED: Rule(_SENDERS, _("A sender name cannot be used, and why."), "sender_name", of_subject=True),
    Kind.SENDER_WITHDRAWN: Rule(
        _SENDERS, _("A sender name cannot be used any more, and why."), "sender_name", of_subject=True
    ),
    Kind.SENDER_COUNTRY: Rule(
        _SENDERS, _("The register of a country has a sender name, or refused it."), "sender_name", of_subject=True
    ),
}


class Stage(StrEnum):
    """How far a bank transfer is that a notice tells of."""

    WAITING = "waiting"
    PARTLY = "partly"
    SURPLUS = "surplus"
    CLOSED_SHORT = "closed_short"
    EXPIRED = "expired"


class State(TextChoices):
    """How far a notice is. `sending` holds a lease: whoever claimed it died if that runs out.

    `sent` means handed to the mail server; a failed one is tried no more; a dropped one had lost its reader, or was no news any more.
    """

    WAITING = "waiting", pgettext_lazy("notice", "Waiting")
    SENDING = "sending", pgettext_lazy("notice", "Being sent")
    SENT = "sent", pgettext_lazy("notice", "Sent")
    FAILED = "failed", pgettext_lazy("notice", "Not sent")
    DROPPED = "dropped", pgettext_lazy("notice", "Not needed any more")
