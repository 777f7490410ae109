"""What a notice says, in the active language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.notices import recharges, transfers
from portal.notices.addresses import guardian, path
from portal.notices.codes import Kind
from portal.notices.models import Notice
from portal.templatetags.formats import country_name, credits, day, moment, money

__all__ = ["Words", "path", "words"]

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """The subject of the e-mail, what it says, and what its button is called.

    `details` are labels and values for a table after the first sentence.
    """

    subject: str
    sentences: tuple[str, ...]
    button: str
    details: tuple[tuple[str, str], ...] = ()


def words(notice: Notice) -> Words:
    """Put a notice into words; missing facts are a fault of whoever announced it (`KeyError`)."""
    said = _WORDS[Kind(notice.kind)]({**notice.context, "account": notice.account.name})
    if guardian(notice) is None:
        return said
    advice = _("This sub-account is deactivated. Reset it to take its credits back, or reactivate it.")
    return Words(said.subject, (*said.sentences, advice), _("Open the sub-accounts"), said.details)


def _recharge_paid(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    bought = _("%(account)s: %(credits)s credits bought")
    paid = _("%(credits)s credits for %(account)s were paid with %(amount)s and can be spent now.")
    if facts.get("origin") == "automatic":
        bought = _("%(account)s: %(credits)s credits bought automatically")
        paid = _("%(credits)s credits were added to %(account)s automatically. They cost %(amount)s.")
    return Words(
        bought % named,
        (
            paid % named,
            _("The invoice is ready to download."),
        ),
        _("Open the recharge"),
    )


def _recharge_failed(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    failed = _("The payment of %(amount)s for %(credits)s credits did not succeed.")
    if facts.get("origin") == "automatic":
        failed = _("The automatic payment of %(amount)s for %(credits)s credits did not succeed.")
    sentences = [failed % named]
    if facts["reason"]:
        sentences.append(_(facts["reason"]))
    sentences.append(_("Nothing was charged and no credits were added."))
    return Words(_("%(account)s: the recharge failed") % named, tuple(sentences), _("Open the recharge"))


def _bank_transfer(facts: Facts) -> Words:
    subject, sentences, details = transfers.told(facts)
    return Words(subject, sentences, _("Open the recharge"), details)


def _payment_reversed(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "missing": credits(facts["missing_units"]),
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    told = {
        "refund": _("%(account)s: we have given %(amount)s back for a recharge."),
        "dispute": _("A payment of %(amount)s of %(account)s is disputed at the bank, and the money went back."),
        "by_hand": _("%(account)s: we are giving %(amount)s back by bank transfer, for a recharge."),
        "return": _("%(account)s: the bank has returned a direct debit of %(amount)s."),
    }[facts["kind"]]
    sentences = [told % named, _("%(credits)s credits go back with the money.") % named]
    if facts["missing_units"]:
        owed = _("%(missing)s of them had been used already. They are taken from the next credits that come.")
        sentences.append(owed % named)
    return Words(_("%(account)s: a payment went back") % named, tuple(sentences), _("Open the recharge"))


def _card_expiring(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "card": facts["label"],
        "day": day(date.fromisoformat(facts["expires_on"])),
    }
    return Words(
        _("%(account)s: the card %(card)s expires") % named,
        (
            _("The card %(card)s can pay until %(day)s.") % named,
            _("Add the new card before then, so that no recharge fails."),
        ),
        _("Open the payment methods"),
    )


def _recharge_asks(facts: Facts) -> Words:
    return Words(*recharges.asks(facts), _("Approve or deny"))


def _recharge_over_limit(facts: Facts) -> Words:
    return Words(*recharges.over_limit(facts), _("Open the recharge"))


def _balance_zero(facts: Facts) -> Words:
    return Words(
        _("%(account)s: no credits left") % facts,
        (
            _("The credits of %(account)s are used up.") % facts,
            _("No message can be sent until credits are bought."),
        ),
        _("Buy credits"),
    )


def _balance_below_zero(facts: Facts) -> Words:
    named = {"account": facts["account"], "balance": credits(facts["balance_units"])}
    return Words(
        _("%(account)s: the balance is below zero") % named,
        (
            _("The balance of %(account)s is %(balance)s credits.") % named,
            _("What is missing is taken from the next credits you buy."),
        ),
        _("Buy credits"),
    )


def _alert_undelivered(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "address": facts["address"],
        "balance": credits(facts["balance_units"]),
        "moment": moment(datetime.fromisoformat(facts["at"])),
    }
    return Words(
        _("%(account)s: a balance alert does not arrive") % named,
        (
            _("A balance alert of %(account)s fired on %(moment)s: %(balance)s credits could still be spent.") % named,
            _("It did not reach %(address)s.") % named,
            _(facts["reason"]),
            _("Check the address of the alert, or give it another one."),
        ),
        _("Open the alerts"),
    )


def _credits_expiring(facts: Facts) -> Words:
    days = int(facts["days"])
    named = {
        "account": facts["account"],
        "credits": credits(facts["credits_units"]),
        "moment": moment(datetime.fromisoformat(facts["expires_at"])),
        "days": days,
    }
    subject = ngettext(
        "%(account)s: %(credits)s credits expire in %(days)s day",
        "%(account)s: %(credits)s credits expire in %(days)s days",
        days,
    )
    return Words(
        subject % named,
        (
            _("%(credits)s credits of %(account)s expire on %(moment)s.") % named,
            _("Credits that expire first are spent first. After that moment they cannot be spent."),
        ),
        _("Open the statement"),
    )


def _invoice_issued(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "number": facts["number"],
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    return Words(
        _("%(account)s: invoice %(number)s") % named,
        (_("Invoice %(number)s of %(amount)s has been issued and waits for its payment.") % named,),
        _("Open the invoices"),
    )


def _credit_note_issued(facts: Facts) -> Words:
    named = {
        "account": facts["account"],
        "number": facts["number"],
        "invoice": facts["invoice"],
        "amount": money(facts["gross_cents"], facts["currency"]),
    }
    return Words(
        _("%(account)s: credit note %(number)s") % named,
        (
            _("Credit note %(number)s corrects invoice %(invoice)s by %(amount)s.") % named,
            _("You find it as a PDF beside the invoices."),
        ),
        _("Open the invoices"),
    )


def _sender_approved(facts: Facts) -> Words:
    return Words(
        _("%(account)s: the sender name %(name)s is approved") % facts,
        (_("%(account)s can send messages under the name %(name)s from now on.") % facts,),
        _("Open the sender name"),
    )


def _sender_refused(facts: Facts) -> Words:
    return Words(
        _("%(account)s: the sender name %(name)s is refused") % facts,
        (
            _("The name %(name)s cannot be used to send messages. The reason:") % facts,
            str(facts["reason"]),
        ),
        _("Open the sender name"),
    )


def _sender_withdrawn(facts: Facts) -> Words:
    return Words(
        _("%(account)s: the sender name %(name)s is withdrawn") % facts,
        (
            _("From now on no message can be sent under the name %(name)s. The reason:") % facts,
            str(facts["reason"]),
        ),
        _("Open the sender name"),
    )


def _sender_country(facts: Facts) -> Words:
    named = {**facts, "country": country_name(str(facts["country"]))}
    sentences = {
        "forwarded": _("We have forwarded the name %(name)s to the register of %(country)s and wait for its answer."),
        "approved": _("The name %(name)s is registered in %(country)s: telephones there will show it."),
        "refused": _("The name %(name)s is not registered in %(country)s. The reason:"),
    }
    reason = (str(facts["reason"]),) if facts["reason"] else ()
    return Words(
        _("%(account)s: the sender name %(name)s in %(country)s") % named,
        (sentences[str(facts["state"])] % named, *reason),
        _("Open the sender name"),
    )


_WORDS: Final[dict[Kind, Callable[[Facts], Words]]] = {
    Kind.RECHARGE_PAID: _recharge_paid,
    Kind.RECHARGE_FAILED: _recharge_failed,
    Kind.BANK_TRANSFER: _bank_transfer,
    Kind.PAYMENT_REVERSED: _payment_reversed,
    Kind.CARD_EXPIRING: _card_expiring,
    Kind.RECHARGE_ASKS: _recharge_asks,
    Kind.RECHARGE_OVER_LIMIT: _recharge_over_limit,
    Kind.BALANCE_ZERO: _balance_zero,
    Kind.BALANCE_BELOW_ZERO: _balance_below_zero,
    Kind.ALERT_UNDELIVERED: _alert_undelivered,
    Kind.CREDITS_EXPIRING: _credits_expiring,
    Kind.INVOICE_ISSUED: _invoice_issued,
    Kind.CREDIT_NOTE_ISSUED: _credit_note_issued,
    Kind.SENDER_APPROVED: _sender_approved,
    Kind.SENDER_REFUSED: _sender_refused,
    Kind.SENDER_WITHDRAWN: _sender_withdrawn,
    Kind.SENDER_COUNTRY: _sender_country,
}
