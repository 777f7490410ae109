"""What the answers of automatic recharges mean, and what to do about them, in the active language."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from billing.auto_recharge.decide import Answer
from billing.auto_recharge.models import Evaluation


@dataclass(frozen=True, slots=True)
class Words:
    """What was found, how it is coloured, what the condition asks for, and how to meet it and where, if it can be."""

    found: StrOrPromise
    kind: str
    condition: StrOrPromise = ""
    advice: StrOrPromise = ""
    url_name: str = ""
    link: StrOrPromise = ""


WORDS: Final[dict[Answer, Words]] = {
    Answer.OFF: Words(_("Automatic recharge was switched off."), "neutral", _("Automatic recharge is switched on.")),
    Answer.CLOSED: Words(_("The account is deactivated."), "bad", _("The account is in use.")),
    Answer.DRAWS_ON_ANOTHER: Words(
        _("The account spends the credits of another one."),
        "bad",
        _("The account spends its own credits."),
        _("Switch on automatic recharge in the account whose credits it spends."),
    ),
    Answer.ENOUGH: Words(
        _("There were enough credits."),
        "ok",
        _("The credits available and those on their way are at or below the threshold."),
    ),
    Answer.ON_ITS_WAY: Words(
        _("Another recharge was still waiting for its payment."),
        "info",
        _("No other recharge is waiting for its payment."),
        _(
            "A direct debit takes some days; a bank transfer that will not be made can be withdrawn. One recharge at a time is open."
        ),
        "recharges",
        _("Show the recharges"),
    ),
    Answer.TOO_YOUNG: Words(
        _("The account was not old enough."),
        "warn",
        _("The account is old enough."),
        _("Until then, buy credits by hand."),
        "recharge_new",
        _("Buy credits"),
    ),
    Answer.NO_METHOD: Words(
        _("There was no payment method that may be charged automatically."),
        "bad",
        _("There is a SEPA mandate that the bank has validated, or a card where cards are allowed."),
        _("Add a payment method, or wait until the bank has validated the mandate."),
        "payment_methods",
        _("Payment methods"),
    ),
    Answer.RETURNED: Words(
        _("The bank took a payment back, so automatic recharges stopped."),
        "bad",
        _("No payment was taken back, or you said that it is settled."),
        _("Settle it with your bank, then say on the page of the automatic recharge that it may charge again."),
        "auto_recharge",
        _("Automatic recharge"),
    ),
    Answer.NO_DETAILS: Words(
        _("The billing details were not complete."),
        "bad",
        _("The billing details are complete."),
        _("They go on the invoice of every recharge."),
        "billing_details",
        _("Billing details"),
    ),
    Answer.NOT_FOR_SALE: Words(
        _("There was no price for these credits."), "bad", _("The credits are for sale."), _("Please write to us.")
    ),
    Answer.PAUSED: Words(
        _("A payment was declined, so the next try waits."),
        "warn",
        _("The pause after a declined payment is over."),
        _("Add another payment method, or say on the page of the automatic recharge that it may try again now."),
        "auto_recharge",
        _("Automatic recharge"),
    ),
    Answer.DAY_CAP: Words(
        _("The purchase would have passed the limit of the day."),
        "warn",
        _("The purchase stays within the limit of the day."),
        _("Raise your limit, wait until tomorrow, or buy credits by hand."),
        "auto_recharge",
        _("Automatic recharge"),
    ),
    Answer.MONTH_CAP: Words(
        _("The purchase would have passed the limit of the month."),
        "warn",
        _("The purchase stays within the limit of the month."),
        _("Raise your limit, wait until next month, or buy credits by hand."),
        "auto_recharge",
        _("Automatic recharge"),
    ),
    Answer.PROVISIONAL: Words(
        _("Too much of your direct debits can still be returned by the bank."),
        "warn",
        _("What can still be returned of your direct debits stays within our limit."),
        _("It passes as the earlier debits become final. Until then, pay with a card or buy credits by bank transfer."),
        "recharge_new",
        _("Buy credits"),
    ),
    Answer.ASKED: Words(
        _("Something was unusual, so you were asked before money was charged."),
        "warn",
        _("Nothing is unusual, or you approved it."),
        _("Approve or deny the purchase. Until then nothing is charged."),
        "auto_recharge",
        _("Approve or deny"),
    ),
    Answer.REFUSED: Words(
        _("The purchase was refused: something had just changed, for example the payment method had ended."),
        "bad",
        "",
        _("It is tried again automatically. Until then, buy credits with another payment method."),
        "recharge_new",
        _("Buy credits"),
    ),
    Answer.BUY: Words(_("The recharge started."), "ok"),
}


ARRIVING: Final = Words(_("There were enough credits, together with those on their way."), "info")


def words(row: Evaluation) -> Words:
    """The words for a stored answer."""
    return ARRIVING if row.waits_for_arrival else WORDS[Answer(row.answer)]
