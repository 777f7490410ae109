"""The codes of the bank room, and what they are called."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class StatementKind(TextChoices):
    """How a statement is written."""

    CAMT = "camt", "CAMT.053"
    CSV = "csv", "CSV"


class LineState(TextChoices):
    """How far a line is: not looked at yet, waiting for a person, or decided to the last cent."""

    NEW = "new", pgettext_lazy("statement line", "New")
    OPEN = "open", pgettext_lazy("statement line", "To decide")
    BOOKED = "booked", pgettext_lazy("statement line", "Booked")


class Finding(TextChoices):
    """Why a line is not booked by itself, or not whole."""

    NONE = "", ""
    NO_REFERENCE = "no_reference", _("It holds none of our references.")
    UNKNOWN_REFERENCE = "unknown_reference", _("We gave out no such reference.")
    SEVERAL_REFERENCES = "several_references", _("It quotes several references.")
    ALREADY_PAID = "already_paid", _("The purchase with this reference is paid already.")
    CLOSED = "closed", _("The purchase with this reference has expired or was withdrawn.")
    SURPLUS = "surplus", _("More came than was asked for.")
    RETURNED = "returned", _("The bank says that it is money we had sent ourselves.")
    SEEN_BEFORE = "seen_before", _("It looks like a line that another file has brought already.")
    REOPENED = "reopened", _("What was decided about it has been undone.")


class BookingKind(TextChoices):
    """What money that came was for."""

    PURCHASE = "purchase", _("For a purchase")
    CONFIRMED = "confirmed", _("Confirmed by hand before")
    RETURNED = "returned", _("Sent back")
    NOT_OURS = "not_ours", _("Not for credits")
