"""Recharges as a table."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from billing.recharge.models import Recharge
from portal.templatetags.formats import credits, moment, money
from portal.templatetags.parts import badge

KINDS = {
    Recharge.State.WAITING: "info",
    Recharge.State.PAID: "ok",
    Recharge.State.FAILED: "bad",
    Recharge.State.EXPIRED: "neutral",
    Recharge.State.WITHDRAWN: "neutral",
}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class RechargeTable(tables.Table):
    """Newest first; the date leads to the recharge, the invoice's number to its PDF."""

    created_at = tables.Column(verbose_name=_("Date"))
    credits_units = tables.Column(verbose_name=_("Credits"), attrs=NUMBER)
    gross_cents = tables.Column(verbose_name=_("Amount"), attrs=NUMBER)
    method = tables.Column(verbose_name=_("Payment method"), accessor="payment__method__label", orderable=False)
    state = tables.Column(verbose_name=_("State"))
    invoice = tables.Column(verbose_name=_("Invoice"), orderable=False)

    caption = _("Recharges")

    class Meta:
        order_by = "-created_at"

    def render_created_at(self, record: Recharge) -> str:
        url = reverse("recharge", args=[record.account.public_id, record.public_id])
        return format_html('<a href="{}">{}</a>', url, moment(record.created_at))

    def render_credits_units(self, value: int) -> str:
        return credits(value)

    def render_gross_cents(self, record: Recharge) -> str:
        return money(record.gross_cents, record.currency)

    def render_state(self, record: Recharge) -> str:
        return badge(KINDS[Recharge.State(record.state)], record.get_state_display())

    def render_invoice(self, record: Recharge) -> str:
        if record.invoice is None:
            return "–"
        url = reverse("invoice_pdf", args=[record.account.public_id, record.invoice.public_id])
        return format_html('<a href="{}">{}</a>', url, record.invoice.full_number)
