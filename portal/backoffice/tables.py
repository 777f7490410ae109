"""The tables of the desk."""

from datetime import date, datetime
from typing import Any

import django_tables2 as tables
from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from billing.invoices.models import Invoice
from billing.invoices.tables import KINDS as INVOICE_KINDS
from billing.payments.models import Attempt, Payment
from messaging.delivery.models import Route
from messaging.delivery.overview import ROUTE_STATES, route_state
from messaging.senders.codes import State as SenderState
from messaging.senders.models import Registration, SenderName
from portal.accounts.models import Account
from portal.templatetags.formats import country_name, credits, day, moment, money, number
from portal.templatetags.parts import badge, icon

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}
NOWRAP = {"td": {"class": "nowrap"}}
PAYMENT_KINDS = {Payment.State.OPEN: "info", Payment.State.SUCCEEDED: "ok", Payment.State.FAILED: "bad"}


def customer_link(account: Account) -> SafeString:
    """Lead to the page of the account's customer; a sub-account is named after it."""
    customer = account.parent or account
    link = format_html('<a href="{}">{}</a>', reverse("desk_customer", args=[customer.public_id]), customer.name)
    return format_html("{} / {}", link, account.name) if account.parent else link


def payment_badge(payment: Payment) -> SafeString:
    """Show how a payment stands; open without a known outcome is a thing of its own."""
    if any(attempt.state == Attempt.State.UNKNOWN for attempt in payment.attempts.all()):
        return badge("warn", _("Outcome unknown"))
    return badge(PAYMENT_KINDS[Payment.State(payment.state)], payment.get_state_display())


class CustomerTable(tables.Table):
    """Customers by name."""

    name = tables.Column(verbose_name=gettext_lazy("Customer"))
    available_units = tables.Column(verbose_name=gettext_lazy("Credits, sub-accounts included"), attrs=NUMBER)
    subaccount_count = tables.Column(verbose_name=gettext_lazy("Sub-accounts"), attrs=NUMBER)
    created_at = tables.Column(verbose_name=gettext_lazy("Since"), attrs=NOWRAP)

    caption = gettext_lazy("Customers")
    empty_text = gettext_lazy("Nobody was found. Try less of the name, or another thing you know.")

    def render_name(self, record: Account) -> SafeString:
        if record.deactivated_at:
            return format_html("{} {}", customer_link(record), badge("neutral", _("Deactivated")))
        return customer_link(record)

    def render_available_units(self, value: int) -> str:
        return credits(value)

    def render_subaccount_count(self, value: int) -> str:
        return number(value)

    def render_created_at(self, record: Account) -> str:
        return day(record.created_at)


class _OfAnAccount(tables.Table):
    """A table with a column that names whose the row is."""

    account = tables.Column(verbose_name=gettext_lazy("Customer"), orderable=False)

    def render_account(self, record: Model) -> SafeString:
        return customer_link(record.account)  # type: ignore[attr-defined]


class PaymentTable(_OfAnAccount):
    """Payments, newest first."""

    created_at = tables.Column(verbose_name=gettext_lazy("Date"), attrs=NOWRAP)
    amount_cents = tables.Column(verbose_name=gettext_lazy("Amount"), attrs=NUMBER)
    method = tables.Column(verbose_name=gettext_lazy("Payment method"), orderable=False)
    state = tables.Column(verbose_name=gettext_lazy("State"))

    caption = gettext_lazy("Payments")
    empty_text = gettext_lazy("No payments here.")

    class Meta:
        sequence = ("created_at", "account", "amount_cents", "method", "state")

    def render_created_at(self, record: Payment) -> SafeString:
        url = reverse("desk_payment", args=[record.public_id])
        return format_html('<a href="{}">{}</a>', url, moment(record.created_at))

    def render_amount_cents(self, record: Payment) -> str:
        return money(record.amount_cents, record.currency)

    def render_state(self, record: Payment) -> SafeString:
        return payment_badge(record)


class DeskInvoiceTable(_OfAnAccount):
    """Invoices of all customers, newest first."""

    issued_on = tables.Column(verbose_name=gettext_lazy("Date of issue"), attrs=NOWRAP)
    full_number = tables.Column(verbose_name=gettext_lazy("Number"), attrs=NOWRAP)
    net_cents = tables.Column(verbose_name=gettext_lazy("Net amount"), attrs=NUMBER)
    vat_cents = tables.Column(verbose_name=gettext_lazy("VAT"), attrs=NUMBER)
    gross_cents = tables.Column(verbose_name=gettext_lazy("Total"), attrs=NUMBER)
    state = tables.Column(verbose_name=gettext_lazy("State"), empty_values=(), orderable=False)
    pdf = tables.Column(
        verbose_name=gettext_lazy("PDF"), empty_values=(), orderable=False, attrs={"td": {"class": "actions"}}
    )

    caption = gettext_lazy("Invoices")
    empty_text = gettext_lazy("No invoices here.")

    class Meta:
        sequence = ("issued_on", "full_number", "account", "net_cents", "vat_cents", "gross_cents", "state", "pdf")

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def render_issued_on(self, value: date) -> str:
        return day(value)

    def render_full_number(self, record: Invoice) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("desk_invoice", args=[record.public_id]), record.full_number)

    def render_net_cents(self, value: int, record: Invoice) -> str:
        return money(value, record.currency)

    def render_vat_cents(self, value: int, record: Invoice) -> str:
        return money(value, record.currency)

    def render_gross_cents(self, value: int, record: Invoice) -> str:
        return money(value, record.currency)

    def render_state(self, record: Invoice) -> SafeString:
        state = record.state(self.today)
        return badge(INVOICE_KINDS[state], str(state.label))

    def render_pdf(self, record: Invoice) -> SafeString:
        if not record.rendered_at:
            return format_html('<span class="soft">{}</span>', _("Being prepared"))
        return format_html(
            '<a class="button small" href="{}">{}PDF<span class="visually-hidden"> {}</span></a>',
            reverse("desk_invoice_pdf", args=[record.public_id]),
            icon("download"),
            _("of invoice %(number)s") % {"number": record.full_number},
        )


class SenderTable(_OfAnAccount):
    """Sender names of all customers, newest first."""

    requested_at = tables.Column(verbose_name=gettext_lazy("Requested"), attrs=NOWRAP)
    name = tables.Column(verbose_name=gettext_lazy("Sender name"))
    state = tables.Column(verbose_name=gettext_lazy("State"))
    reviewed_by = tables.Column(verbose_name=gettext_lazy("Reviewed by"), orderable=False, default="–")
    actions = tables.Column(
        verbose_name=gettext_lazy("Actions"),
        empty_values=(),
        orderable=False,
        attrs={"th": {"class": "num"}, "td": {"class": "actions"}},
    )

    caption = gettext_lazy("Sender names")
    empty_text = gettext_lazy("No sender name has been reviewed yet.")

    class Meta:
        sequence = ("requested_at", "name", "account", "state", "reviewed_by", "actions")

    def render_requested_at(self, record: SenderName) -> str:
        return moment(record.requested_at)

    def render_name(self, record: SenderName) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("desk_sender_review", args=[record.public_id]), record.name)

    def render_state(self, record: SenderName) -> SafeString:
        return badge(record.kind, record.get_state_display())

    def render_actions(self, record: SenderName) -> SafeString:
        waits = record.state == SenderState.REQUESTED
        return format_html(
            '<a class="button small" href="{}" aria-label="{}">{}</a>',
            reverse("desk_sender_review", args=[record.public_id]),
            _("Review “%(name)s”") % {"name": record.name} if waits else _("Show “%(name)s”") % {"name": record.name},
            _("Review") if waits else _("Show"),
        )


class RegistrationTable(tables.Table):
    """Registrations that wait, oldest first."""

    requested_at = tables.Column(verbose_name=gettext_lazy("Requested"), attrs=NOWRAP)
    name = tables.Column(verbose_name=gettext_lazy("Sender name"), accessor="sender__name")
    customer = tables.Column(verbose_name=gettext_lazy("Customer"), accessor="sender__account")
    country = tables.Column(verbose_name=gettext_lazy("Country"))
    state = tables.Column(verbose_name=gettext_lazy("State"))

    caption = gettext_lazy("Registrations that wait")

    def render_requested_at(self, record: Registration) -> str:
        return moment(record.requested_at)

    def render_name(self, record: Registration) -> SafeString:
        url = reverse("desk_sender_review", args=[record.sender.public_id])
        return format_html('<a href="{}">{}</a>', url, record.sender.name)

    def render_customer(self, record: Registration) -> SafeString:
        return customer_link(record.sender.account)

    def render_country(self, value: str) -> str:
        return country_name(value)

    def render_state(self, record: Registration) -> SafeString:
        return badge(record.kind, record.get_state_display())


class RouteTable(tables.Table):
    """Routes by prefix and priority."""

    prefix = tables.Column(verbose_name=gettext_lazy("Prefix"), orderable=False, empty_values=(), attrs=NOWRAP)
    gateway = tables.Column(verbose_name=gettext_lazy("Gateway"), orderable=False)
    priority = tables.Column(verbose_name=gettext_lazy("Priority"), orderable=False, attrs=NUMBER)
    per_second = tables.Column(
        verbose_name=gettext_lazy("Segments a second"), orderable=False, default="–", attrs=NUMBER
    )
    valid_from = tables.Column(verbose_name=gettext_lazy("Valid from"), orderable=False, attrs=NOWRAP)
    valid_until = tables.Column(
        verbose_name=pgettext_lazy("route", "Valid until"), orderable=False, default="–", attrs=NOWRAP
    )
    state = tables.Column(verbose_name=gettext_lazy("State"), orderable=False, empty_values=())

    caption = gettext_lazy("Routes")

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now

    def render_prefix(self, record: Route) -> SafeString:
        shown = f"+{record.prefix}" if record.prefix else _("All numbers")
        return format_html('<a href="{}">{}</a>', reverse("desk_route", args=[record.public_id]), shown)

    def render_priority(self, value: int) -> str:
        return number(value)

    def render_per_second(self, value: int) -> str:
        return number(value)

    def render_valid_from(self, value: datetime) -> str:
        return moment(value)

    def render_valid_until(self, value: datetime) -> str:
        return moment(value)

    def render_state(self, record: Route) -> SafeString:
        kind, label = ROUTE_STATES[route_state(record, self.now)]
        return badge(kind, str(label))
