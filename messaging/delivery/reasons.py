"""Why a message did not arrive, in plain words, and what to do about it. Each supplier's codes lead to these."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Reason:
    """`what` happened, and `advice`: one sentence each."""

    what: str | Promise
    advice: str | Promise


REASONS: dict[str, Reason] = {
    "unknown_number": Reason(
        _("This number is not in use."), _("Check the number with the person, and take it off your lists.")
    ),
    "absent": Reason(
        _("The telephone was off or out of reach for too long."),
        _("Try again later; nothing is wrong with the number."),
    ),
    "barred": Reason(
        _("The operator of this number blocks such messages."),
        _("Ask the person to have messages of this kind allowed."),
    ),
    "memory_full": Reason(
        _("The telephone had no room for another message."), _("Try again later; nothing is wrong with the number.")
    ),
    "network_fault": Reason(
        _("The network of this number had a fault."), _("Try again later; nothing is wrong with the number.")
    ),
    "blocked_sender": Reason(
        _("The network does not accept this sender name."), _("Send with another sender name, or with our number.")
    ),
    "invalid_number": Reason(
        _("The network says that this is no mobile number."), _("Check that the number can receive text messages.")
    ),
    "too_late": Reason(
        _("It could not be handed over within 72 hours, so it was not sent."), _("Send it again if it still matters.")
    ),
    "unresolved": Reason(
        _("The network did not say within 72 hours whether it took the message, so it costs nothing."),
        _("Send it again if it still matters; it may have arrived."),
    ),
    "other": Reason(_("The network gave no reason."), _("Try again later.")),
}


def reason(code: str) -> Reason | None:
    """The reason with this code; None for no code, the general one for a code that is not in the table."""
    return REASONS.get(code, REASONS["other"]) if code else None
