"""Sender names as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.encoding import numbers
from messaging.senders.models import SenderName
from portal.templatetags.formats import country_name, day
from portal.templatetags.parts import badge


class SenderNameTable(tables.Table):
    """Newest first."""

    name = tables.Column(verbose_name=gettext_lazy("Sender name"), attrs={"td": {"class": "text-cell"}})
    state = tables.Column(verbose_name=gettext_lazy("State"))
    countries = tables.Column(
        verbose_name=gettext_lazy("Registrations"),
        orderable=False,
        empty_values=(),
        attrs={"td": {"class": "text-cell"}},
    )
    requested_at = tables.Column(verbose_name=gettext_lazy("Requested"), attrs={"td": {"class": "nowrap"}})

    caption = gettext_lazy("Sender names")

    class Meta:
        order_by = "-requested_at"

    def render_name(self, record: SenderName) -> SafeString:
        url = reverse("sender_name", args=[record.account.public_id, record.public_id])
        name = format_html('<a href="{}"><strong>{}</strong></a>', url, numbers.international(record.name))
        default = badge("neutral", _("Default")) if record.is_default else ""
        note = record.reason or record.purpose
        below = format_html('<br><span class="soft small">{}</span>', note) if note else ""
        return format_html("{} {}{}", name, default, below)

    def render_countries(self, record: SenderName) -> str | SafeString:
        newest = {each.country: each for each in record.registrations.all()}
        named = sorted((country_name(country), each) for country, each in newest.items())
        lines = ((name, badge(each.kind, each.get_state_display())) for name, each in named)
        return format_html_join(mark_safe("<br>"), "{} {}", lines) or "–"

    def render_state(self, record: SenderName) -> SafeString:
        return badge(record.kind, record.get_state_display())

    def render_requested_at(self, record: SenderName) -> str:
        return day(record.requested_at)
