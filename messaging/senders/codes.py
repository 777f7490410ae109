"""The states of sender names and their registrations, and what a country may do with a sender."""

from typing import Final

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(TextChoices):
    """How far the review of a name is."""

    REQUESTED = "requested", _("In review")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("sender name", "Withdrawn")


class RegistrationState(TextChoices):
    """How far the registration of a name in one country is. Forwarded means: with the register of the country."""

    REQUESTED = "requested", pgettext_lazy("registration", "Requested")
    FORWARDED = "forwarded", pgettext_lazy("registration", "Forwarded to the register")
    APPROVED = "approved", pgettext_lazy("registration", "Registered")
    REFUSED = "refused", pgettext_lazy("registration", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("registration", "Withdrawn")

    @classmethod
    def alive(cls) -> list[str]:
        """The states in which a registration counts or may come to count."""
        return [cls.REQUESTED, cls.FORWARDED, cls.APPROVED]


KINDS: Final[dict[str, str]] = {
    "requested": "info",
    "forwarded": "info",
    "approved": "ok",
    "refused": "bad",
    "withdrawn": "neutral",
}
"""The badge that shows a state of either sort."""


class Reception(TextChoices):
    """What the networks of a country do with a sort of sender."""

    YES = "yes", pgettext_lazy("sender in a country", "Kept")
    REGISTRATION = "registration", pgettext_lazy("sender in a country", "Kept once registered")
    LIMITED = "limited", pgettext_lazy("sender in a country", "Kept by some networks")
    NO = "no", pgettext_lazy("sender in a country", "Replaced")
    UNKNOWN = "unknown", pgettext_lazy("sender in a country", "Unknown")


RECEPTION_KINDS: Final[dict[Reception, str]] = {
    Reception.YES: "ok",
    Reception.REGISTRATION: "info",
    Reception.LIMITED: "warn",
    Reception.NO: "warn",
    Reception.UNKNOWN: "neutral",
}


class Outcome(TextChoices):
    """What will happen to a sender in a country (product 6.4)."""

    KEPT = "kept", pgettext_lazy("sender in a country", "Kept")
    REGISTERED = "registered", pgettext_lazy("sender in a country", "Registered, kept")
    NEEDS_REGISTRATION = "needs_registration", pgettext_lazy("sender in a country", "Registration needed")
    REFUSED = "refused", pgettext_lazy("sender in a country", "Refused")
    REPLACED = "replaced", pgettext_lazy("sender in a country", "Replaced")
    UNKNOWN = "unknown", pgettext_lazy("sender in a country", "Not known")


OUTCOME_KINDS: Final[dict[Outcome, str]] = {
    Outcome.KEPT: "ok",
    Outcome.REGISTERED: "ok",
    Outcome.NEEDS_REGISTRATION: "bad",
    Outcome.REFUSED: "bad",
    Outcome.REPLACED: "warn",
    Outcome.UNKNOWN: "neutral",
}


class MediaType(TextChoices):
    """What a document may be."""

    PDF = "application/pdf", "PDF"
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"
