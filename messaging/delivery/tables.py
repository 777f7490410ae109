"""Messages as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.delivery import reasons
from messaging.delivery.history import KINDS
from messaging.delivery.models import Message
from messaging.encoding import numbers
from portal.templatetags.formats import credits, moment, number
from portal.templatetags.parts import badge

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class MessageTable(tables.Table):
    """A page of the history: rows come sorted; only what has an index can be sorted by."""

    created_at = tables.Column(verbose_name=gettext_lazy("Date"), attrs={"td": {"class": "nowrap"}})
    recipient = tables.Column(verbose_name=gettext_lazy("Recipient"), attrs={"td": {"class": "nowrap"}})
    text = tables.Column(verbose_name=gettext_lazy("Message"), orderable=False, attrs={"td": {"class": "text-cell"}})
    sender = tables.Column(verbose_name=gettext_lazy("Sender"), orderable=False, attrs={"td": {"class": "nowrap"}})
    segment_count = tables.Column(verbose_name=gettext_lazy("Segments"), orderable=False, attrs=NUMBER)
    price_units = tables.Column(verbose_name=gettext_lazy("Credits"), orderable=False, attrs=NUMBER)
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False)

    caption = gettext_lazy("Messages")

    class Meta:
        empty_text = gettext_lazy("No message passes these filters.")

    def render_created_at(self, record: Message) -> SafeString:
        url = reverse("message", args=[record.account.public_id, record.public_id])
        return format_html('<a href="{}">{}</a>', url, moment(record.created_at))

    def render_recipient(self, value: str) -> str:
        return numbers.international(value)

    def render_text(self, record: Message) -> SafeString:
        about = record.campaign.name if record.campaign else record.get_purpose_display()
        return format_html(
            '{}<br><span class="soft small">{}</span>', Truncator(record.text).chars(36), Truncator(about).chars(30)
        )

    def render_sender(self, value: str) -> str:
        return numbers.international(value)

    def render_segment_count(self, value: int) -> str:
        return number(value)

    def render_price_units(self, record: Message) -> str | SafeString:
        if record.is_returned:
            return format_html('{}<br><span class="soft small">{}</span>', credits(0), _("returned"))
        return credits(record.price_units)

    def render_state(self, record: Message) -> SafeString:
        shown = badge(KINDS[record.state], record.get_state_display())
        why = reasons.reason(record.error_code)
        return format_html('{}<br><span class="soft small">{}</span>', shown, why.what) if why else shown
