"""The words of delivery: what becomes of a message, and what that means for its price."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(TextChoices):
    """How far a message is.

    `unknown` is not failed: the gateway may have it and was not heard. It is not sent again before the gateway has
    been asked by our own key. `unconfirmed` was handed over, and no receipt came within 72 hours.
    """

    WAITING = "waiting", pgettext_lazy("message", "Waiting")
    SUBMITTING = "submitting", pgettext_lazy("message", "Being handed over")
    UNKNOWN = "unknown", pgettext_lazy("message", "Being checked")
    ACCEPTED = "accepted", pgettext_lazy("message", "On its way")
    DELIVERED = "delivered", pgettext_lazy("message", "Delivered")
    UNDELIVERED = "undelivered", pgettext_lazy("message", "Not delivered")
    EXPIRED = "expired", pgettext_lazy("message", "Expired")
    UNCONFIRMED = "unconfirmed", pgettext_lazy("message", "No receipt")
    REFUSED = "refused", pgettext_lazy("message", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("message", "Cancelled")


class Purpose(TextChoices):
    """Why a message is sent: a customer's campaign, or an alert on the operator's own account."""

    CAMPAIGN = "campaign", _("Campaign")
    ALERT = "alert", _("Balance alert")


# The business rule (product 7.6): free until handed to the network, charged after.
OPEN = frozenset({State.WAITING, State.SUBMITTING, State.UNKNOWN})
CHARGED = frozenset({State.ACCEPTED, State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.UNCONFIRMED})
RETURNED = frozenset({State.REFUSED, State.CANCELLED})

# Nothing leads out of these.
FINAL = frozenset(State) - OPEN - {State.ACCEPTED}
