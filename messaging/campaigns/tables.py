"""Campaigns as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.campaigns.models import Campaign
from messaging.encoding.numbers import international
from portal.templatetags.formats import credits, moment, number
from portal.templatetags.parts import badge

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class CampaignTable(tables.Table):
    """Newest first; the name leads to the campaign."""

    name = tables.Column(verbose_name=gettext_lazy("Campaign"), attrs={"td": {"class": "text-cell"}})
    state = tables.Column(verbose_name=gettext_lazy("State"))
    sender = tables.Column(verbose_name=gettext_lazy("Sender"), attrs={"td": {"class": "nowrap"}})
    recipient_count = tables.Column(verbose_name=gettext_lazy("Recipients"), attrs=NUMBER)
    cost = tables.Column(
        verbose_name=gettext_lazy("Cost in credits"), accessor="held_units", order_by="held_units", attrs=NUMBER
    )
    created_at = tables.Column(verbose_name=gettext_lazy("Sent"), attrs={"td": {"class": "nowrap"}})

    caption = gettext_lazy("Campaigns")

    class Meta:
        order_by = "-created_at"

    def render_name(self, record: Campaign) -> SafeString:
        url = reverse("campaign", args=[record.account.public_id, record.public_id])
        return format_html('<a href="{}">{}</a>', url, record.name)

    def render_state(self, record: Campaign) -> SafeString:
        return badge(record.kind, record.get_state_display())

    def render_sender(self, value: str) -> str:
        return international(value)

    def render_recipient_count(self, value: int) -> str:
        return number(value)

    def render_cost(self, record: Campaign) -> str:
        if record.charged_units is None:
            return _("%(credits)s held") % {"credits": credits(record.held_units)}
        return credits(record.charged_units)

    def render_created_at(self, record: Campaign) -> str:
        return moment(record.created_at)
