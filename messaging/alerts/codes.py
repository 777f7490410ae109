"""The words of alerts: what a notice says, which way it goes, how far it is, why it did not arrive."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Kind(TextChoices):
    """What a notice says."""

    FIRED = "fired", _("Balance low")
    CLEARED = "cleared", _("All clear")
    TEST = "test", _("Test")


class Channel(TextChoices):
    """Which way a notice goes."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class NoticeState(TextChoices):
    """How far a notice is. `sending` holds a lease: whoever claimed it died if that runs out.

    `sent` means handed to the mail server, or to the queue of messages. A failed one is tried no more.
    """

    WAITING = "waiting", pgettext_lazy("notice", "Waiting")
    SENDING = "sending", pgettext_lazy("notice", "Being sent")
    SENT = "sent", pgettext_lazy("notice", "Sent")
    FAILED = "failed", pgettext_lazy("notice", "Not sent")


class Fault(TextChoices):
    """Why a try did not succeed, in the words of the page."""

    UNREACHABLE = "unreachable", _("The mail server did not answer.")
    REFUSED = "refused", _("The mail server refused the message or the address.")
    UNDELIVERED = "undelivered", _("The telephone network did not deliver the message.")
    NO_RATE = "no_rate", _("Text messages cannot be sent to this number.")
    TOO_MANY = "too_many", _("Too many notices in one day; this one was not sent.")
    REMOVED = "removed", _("The alert was deleted before the notice left.")
