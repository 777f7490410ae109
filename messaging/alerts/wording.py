"""What an alert's text message says, short enough for one segment; and what the page says became of a notice."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from messaging.alerts import wording_ahead
from messaging.alerts.codes import Fault, Kind, NoticeState
from messaging.alerts.models import LOST, Notice
from messaging.delivery import reasons
from messaging.delivery.codes import State as MessageState
from portal.templatetags import formats

NAME_CHARACTERS: Final = 30
KINDS: Final = {
    NoticeState.WAITING: "info",
    NoticeState.SENDING: "info",
    NoticeState.SENT: "ok",
    NoticeState.FAILED: "bad",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a notice: the badge's kind and label, and a sentence that explains it where one is needed."""

    kind: str
    label: str
    detail: str = ""


def outcome(notice: Notice) -> Outcome:
    """How far a notice is. Of an SMS the network knows more than "sent": then its word is the one that is shown."""
    state = NoticeState(notice.state)
    fault = str(Fault(notice.fault).label) if notice.fault else ""
    if state != NoticeState.SENT or notice.message is None:
        return Outcome(KINDS[state], str(state.label), fault)
    message_state = MessageState(notice.message.state)
    if message_state == MessageState.DELIVERED:
        return Outcome("ok", str(message_state.label))
    reason = reasons.reason(notice.message.error_code)
    kind = "bad" if message_state in LOST else "info"
    return Outcome(kind, str(message_state.label), str(reason.what) if reason else "")


def sms(notice: Notice) -> str:
    """The text of a notice in the active language.

    Some languages group digits with a space that the GSM alphabet lacks; it would double the price of the message.
    """
    words = {"account": _shortened(notice.alert.account.name), "balance": _plain(notice.balance_units)}
    if notice.looks_ahead:
        return wording_ahead.sms(notice, words)
    words["threshold"] = _plain(notice.threshold_units or 0)
    if notice.kind == Kind.FIRED:
        return _("Saldo: %(account)s has %(balance)s credits left (threshold: %(threshold)s).") % words
    if notice.kind == Kind.CLEARED:
        return _("Saldo: all clear. %(account)s has %(balance)s credits (threshold: %(threshold)s).") % words
    return _("Saldo: %(account)s, test of the alert. Credits left: %(balance)s (threshold: %(threshold)s).") % words


def _plain(units: int) -> str:
    return formats.credits(units).replace("\u202f", " ").replace("\xa0", " ").replace("−", "-")


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 3] + "..."


_NEXT_STEPS: Final = {
    Fault.UNREACHABLE: _lazy("Look at the mail server. Then call the customer: this notice is not sent again."),
    Fault.REFUSED: _lazy("Ask the customer for an address that takes mail."),
    Fault.UNDELIVERED: _lazy("Ask the customer for a number that takes text messages."),
    Fault.NO_RATE: _lazy("Add a rate and a route for this number's country, or ask for another number."),
    Fault.TOO_MANY: _lazy("Nothing is wrong with the address. Advise a lower threshold: this one is crossed all day."),
}


def next_step(notice: Notice) -> str:
    """What the operator can safely do about a notice that did not arrive; nothing of it sends a message twice."""
    return str(_NEXT_STEPS[Fault(notice.fault)]) if notice.fault in _NEXT_STEPS else ""
