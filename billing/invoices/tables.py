"""Invoices as a table."""

from datetime import date
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.invoices.documents import Document
from billing.invoices.models import CreditNote, Invoice, State
from portal.accounts.models import Account
from portal.templatetags.formats import credits, day, money
from portal.templatetags.parts import badge

KINDS = {
    State.PAID: "ok",
    State.TO_BE_PAID: "info",
    State.OVERDUE: "bad",
    State.PARTLY_CREDITED: "neutral",
    State.CREDITED: "neutral",
}
NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class InvoiceTable(tables.Table):
    """Newest first; each row ends with its PDF."""

    issued_on = tables.Column(verbose_name=gettext_lazy("Date of issue"), attrs={"td": {"class": "nowrap"}})
    full_number = tables.Column(verbose_name=gettext_lazy("Number"), attrs={"td": {"class": "nowrap"}})
    credits_units = tables.Column(verbose_name=gettext_lazy("Credits"), attrs=NUMBER)
    net_cents = tables.Column(verbose_name=gettext_lazy("Net amount"), attrs=NUMBER)
    state = tables.Column(verbose_name=gettext_lazy("State"), empty_values=(), orderable=False)
    pdf = tables.Column(
        verbose_name=gettext_lazy("PDF"),
        empty_values=(),
        orderable=False,
        attrs={"th": {"class": "num"}, "td": {"class": "actions"}},
    )

    caption = gettext_lazy("Invoices")
    empty_text = gettext_lazy("No invoices in this year.")

    def __init__(self, *args: Any, account: Account, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account, self.today = account, today

    def order_issued_on(self, found: Any, is_descending: bool) -> tuple[Any, bool]:
        """By date, and within a day by number."""
        return found.order_by(*(("-issued_on", "-pk") if is_descending else ("issued_on", "pk"))), True

    def render_issued_on(self, value: date) -> str:
        return day(value)

    def render_credits_units(self, value: int) -> str:
        return credits(value)

    def render_net_cents(self, value: int, record: Invoice) -> str:
        return money(value, record.currency)

    def render_state(self, record: Invoice) -> SafeString:
        state = record.state(self.today)
        return badge(KINDS[state], str(state.label))

    def render_pdf(self, record: Invoice) -> SafeString:
        label = _("Download invoice %(number)s") % {"number": record.full_number}
        return _download(record, reverse("invoice_pdf", args=[self.account.public_id, record.public_id]), label)


class CreditNoteTable(tables.Table):
    """What corrects invoices, newest first."""

    issued_on = tables.Column(verbose_name=gettext_lazy("Date of issue"), attrs={"td": {"class": "nowrap"}})
    full_number = tables.Column(verbose_name=gettext_lazy("Number"), attrs={"td": {"class": "nowrap"}})
    invoice = tables.Column(
        verbose_name=gettext_lazy("Corrects invoice"), orderable=False, attrs={"td": {"class": "nowrap"}}
    )
    reason = tables.Column(verbose_name=gettext_lazy("Reason"), orderable=False, attrs={"td": {"class": "text-cell"}})
    quantity_units = tables.Column(verbose_name=gettext_lazy("Credits"), attrs=NUMBER)
    net_cents = tables.Column(verbose_name=gettext_lazy("Net amount"), attrs=NUMBER)
    pdf = tables.Column(
        verbose_name=gettext_lazy("PDF"),
        empty_values=(),
        orderable=False,
        attrs={"th": {"class": "num"}, "td": {"class": "actions"}},
    )

    caption = gettext_lazy("Credit notes")
    empty_text = gettext_lazy("No credit notes in this year.")
    prefix = "notes-"

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, prefix=self.prefix, **kwargs)
        self.account = account

    def render_issued_on(self, value: date) -> str:
        return day(value)

    def render_invoice(self, value: Invoice) -> str:
        return value.full_number

    def render_quantity_units(self, value: int) -> str:
        return credits(value)

    def render_net_cents(self, value: int, record: CreditNote) -> str:
        return money(value, record.currency)

    def render_pdf(self, record: CreditNote) -> SafeString:
        label = _("Download credit note %(number)s") % {"number": record.full_number}
        return _download(record, reverse("credit_note_pdf", args=[self.account.public_id, record.public_id]), label)


def _download(document: Document, url: str, label: str) -> SafeString:
    if not document.rendered_at:
        return format_html('<span class="soft">{}</span>', _("Being prepared"))
    return format_html('<a href="{}" aria-label="{}">{}</a>', url, label, _("Download"))
