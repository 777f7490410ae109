"""The words of campaigns: how far one is, and what kind of message it sends."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """How far a campaign is. It is finished once every message is and the hold has been resolved.

    While it is prepared its messages are written; they leave only while it is being sent. `refused` is one that could
    not be prepared as it was quoted: nothing of it left.
    """

    PREPARING = "preparing", _("Being prepared")
    SENDING = "sending", _("Sending")
    PAUSED = "paused", pgettext_lazy("campaign", "Paused")
    CANCELLING = "cancelling", _("Being cancelled")
    SETTLED = "settled", pgettext_lazy("campaign", "Sent")
    CANCELLED = "cancelled", _("Cancelled")
    REFUSED = "refused", pgettext_lazy("campaign", "Not sent")


FINISHED = (State.SETTLED, State.CANCELLED, State.REFUSED)
KINDS: dict[str, str] = {
    State.PREPARING: "info",
    State.SENDING: "info",
    State.PAUSED: "warn",
    State.CANCELLING: "warn",
    State.SETTLED: "ok",
    State.CANCELLED: "neutral",
    State.REFUSED: "bad",
}


class Traffic(models.TextChoices):
    """Why somebody gets it. Marketing keeps quiet hours and says how to opt out; a service message does neither."""

    SERVICE = "service", _("Service message")
    MARKETING = "marketing", _("Marketing")


class Refusal(models.TextChoices):
    """Why a campaign could not be prepared."""

    GREW = "grew", _("The list had grown or become dearer since the quote.")
    NOBODY = "nobody", _("Nobody of the list was left to write to.")
