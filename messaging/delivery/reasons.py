"""Why a message did not arrive, in plain words, and what to do about it. Each supplier's codes lead to these."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Reason:
    """`what` happened, and `advice`: one sentence each.

    A permanent one will happen again however often it is tried; one that blames the gateway says nothing of the
    number, and counts when a gateway is judged.
    """

    what: str | Promise
    advice: str | Promise
    is_permanent: bool = False
    blames_gateway: bool = False


_TRY_LATER: Final = _("Try again later; nothing is wrong with the number.")

REASONS: Final[dict[str, Reason]] = {
    "unknown_number": Reason(
        _("This number is not in use."),
        _("Check the number with the person, and take it off your lists."),
        is_permanent=True,
    ),
    "invalid_number": Reason(
        _("The network says that this is not a mobile number."),
        _("Check that the number can receive text messages."),
        is_permanent=True,
    ),
    "landline": Reason(
        _("This is a fixed line: it cannot receive text messages."),
        _("Ask the person for a mobile number, and take this one off your lists."),
        is_permanent=True,
    ),
    "absent": Reason(_("The telephone was off or out of reach for too long."), _TRY_LATER),
    "memory_full": Reason(_("The telephone had no room for another message."), _TRY_LATER),
    "unsupported": Reason(
        _("The telephone could not take this kind of message."),
        _("Send a shorter text without special characters, or ask the person for another number."),
        is_permanent=True,
    ),
    "barred": Reason(
        _("The operator of this number blocks such messages."),
        _("Ask the person to have messages of this kind allowed."),
        is_permanent=True,
    ),
    "stopped": Reason(
        _("The person has stopped messages from this sender at the network."),
        _("Take the number off your lists; the person can allow messages again by writing START."),
        is_permanent=True,
    ),
    "blocked_sender": Reason(
        _("The network does not accept this sender name."),
        _("Send with another sender name, or with our number."),
        is_permanent=True,
    ),
    "unregistered_sender": Reason(
        _("The network of this country takes only sender names that are registered there."),
        _("Have the sender name registered for this country, or send with our number."),
        is_permanent=True,
    ),
    "blocked_text": Reason(
        _("The network took the text for unwanted advertising and stopped it."),
        _("Change the text: name who writes, and avoid shortened links."),
        is_permanent=True,
    ),
    "closed_country": Reason(
        _("No message can be delivered to this country at present."),
        _("Leave the numbers of this country out, or write to us."),
        is_permanent=True,
    ),
    "too_many": Reason(
        _("Too many messages went to this number in a short time."), _("Wait a while before you write to it again.")
    ),
    "network_fault": Reason(_("The network of this number had a fault."), _TRY_LATER),
    "gateway_fault": Reason(
        _("The connection to the network had a fault. We look into it."), _TRY_LATER, blames_gateway=True
    ),
    "too_late": Reason(
        _("It could not be handed over within 72 hours, so it was not sent."), _("Send it again if it still matters.")
    ),
    "unresolved": Reason(
        _("The network did not say within 72 hours whether it took the message, so it costs nothing."),
        _("Send it again if it still matters; it may have arrived."),
    ),
    "opted_out": Reason(
        _("The person asked for no more messages before this one left, so it was not sent."),
        _("Nothing is to be done: no further message reaches this number."),
        is_permanent=True,
    ),
    "withdrawn_sender": Reason(
        _("The sender name was taken back before the message left, so it was not sent."),
        _("Send it again with another sender name, or with our number."),
        is_permanent=True,
    ),
    "other": Reason(_("The network gave no reason."), _("Try again later.")),
}


def reason(code: str) -> Reason | None:
    """The reason with this code; None for no code, the general one for a code that is not in the table."""
    return REASONS.get(code, REASONS["other"]) if code else None
