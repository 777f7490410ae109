"""Sender names as a table."""

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.senders.models import SenderName
from portal.templatetags.formats import day
from portal.templatetags.parts import badge


class SenderNameTable(tables.Table):
    """Newest first."""

    name = tables.Column(verbose_name=gettext_lazy("Sender name"))
    state = tables.Column(verbose_name=gettext_lazy("State"))
    reason = tables.Column(
        verbose_name=gettext_lazy("Note"), orderable=False, empty_values=(), attrs={"td": {"class": "text-cell"}}
    )
    requested_at = tables.Column(verbose_name=gettext_lazy("Requested"), attrs={"td": {"class": "nowrap"}})
    reviewed_at = tables.Column(verbose_name=gettext_lazy("Reviewed"), attrs={"td": {"class": "nowrap"}})

    caption = gettext_lazy("Sender names")

    class Meta:
        order_by = "-requested_at"

    def render_name(self, record: SenderName) -> str | SafeString:
        if not record.is_default:
            return format_html("<strong>{}</strong>", record.name)
        return format_html("<strong>{}</strong> {}", record.name, badge("neutral", _("Default")))

    def render_state(self, record: SenderName) -> SafeString:
        return badge(record.kind, record.get_state_display())

    def render_reason(self, record: SenderName) -> str:
        return record.reason or record.purpose

    def render_requested_at(self, record: SenderName) -> str:
        return day(record.requested_at)

    def render_reviewed_at(self, record: SenderName) -> str:
        return day(record.reviewed_at)
