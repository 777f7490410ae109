"""What is priced."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Service(TextChoices):
    """What a rate is the price of one unit of."""

    SMS_SEGMENT = "sms_segment", _("SMS segment")
    VOICE_MINUTE = "voice_minute", _("Voice minute")
