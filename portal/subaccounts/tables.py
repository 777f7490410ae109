"""Sub-accounts as a table."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import Account
from portal.subaccounts.selectors import Loan
from portal.templatetags.formats import credits, day, number
from portal.templatetags.parts import badge

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}
SMALL = '<span class="soft small">{}</span>'


class SubaccountTable(tables.Table):
    """By name; the name opens the sub-account, and below it stand its history and its reports."""

    name = tables.Column(verbose_name=gettext_lazy("Name"))
    owners = tables.Column(verbose_name=gettext_lazy("Person in charge"), orderable=False, empty_values=())
    sent_count = tables.Column(verbose_name=gettext_lazy("Messages sent"), attrs=NUMBER)
    available_units = tables.Column(verbose_name=gettext_lazy("Credits left"), attrs=NUMBER)
    actions = tables.Column(
        verbose_name=gettext_lazy("Actions"),
        orderable=False,
        empty_values=(),
        attrs={"th": {"class": "num"}, "td": {"class": "actions"}},
    )

    caption = gettext_lazy("Sub-accounts")
    empty_text = gettext_lazy("No sub-accounts yet.")

    class Meta:
        order_by = "name"

    def __init__(self, *args: Any, customer: Account, loans: list[Loan], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer = customer
        self.loans = loans

    def render_name(self, record: Account) -> SafeString:
        if record.deactivated_at:
            return format_html("<strong>{}</strong><br>{}", record.name, badge("neutral", _("Deactivated")))
        pages = format_html_join(
            " · ",
            '<a href="{}" aria-label="{}">{}</a>',
            (
                (reverse(name, args=[record.public_id]), label % {"account": record.name}, text)
                for name, text, label in (
                    ("messages", _("History"), _("History of %(account)s")),
                    ("reports", _("Reports"), _("Reports of %(account)s")),
                )
            ),
        )
        name = format_html('<a href="{}">{}</a>', reverse("dashboard", args=[record.public_id]), record.name)
        return format_html('<span class="links">{}<br><span class="soft small">{}</span></span>', name, pages)

    def render_owners(self, value: list[Any], record: Any) -> str | SafeString:
        if value:
            return ", ".join(str(member.user) for member in value)
        named = getattr(record, "person_in_charge", None)
        if named is None:
            return _("Your own people")
        return format_html(
            "{}<br>{}", named, format_html(SMALL, _("Invited") if record.is_awaited else _("Invitation ended"))
        )

    def render_sent_count(self, value: int) -> str:
        return number(value)

    def render_available_units(self, value: int, record: Any) -> str | SafeString:
        lines = [_("Unlimited") if record.is_unlimited else credits(value)]
        if record.is_unlimited:
            lines.append(format_html(SMALL, _("%(credits)s used") % {"credits": credits(record.used_units)}))
            if value:
                lines.append(format_html(SMALL, _("%(credits)s of its own") % {"credits": credits(value)}))
        if record.held_units:
            lines.append(format_html(SMALL, _("%(credits)s held") % {"credits": credits(record.held_units)}))
        for loan in self.loans:
            if loan.borrower == record:
                told = {"credits": credits(loan.units), "day": day(loan.last_day)}
                lines.append(format_html(SMALL, _("%(credits)s lent until %(day)s") % told))
        return format_html_join(mark_safe("<br>"), "{}", ((line,) for line in lines))

    def render_actions(self, record: Any) -> SafeString:
        closed = record.deactivated_at is not None
        buttons = [
            ("subaccount_credit", _("Credit"), _("Credit %(account)s"), not closed and not record.is_unlimited),
            ("subaccount_reset", _("Reset"), _("Reset %(account)s"), record.available_units > 0),
            ("subaccount", _("Edit"), _("Edit %(account)s"), not closed),
            ("subaccount_activity", _("Deactivate"), _("Deactivate %(account)s"), not closed),
            ("subaccount_activity", _("Reactivate"), _("Reactivate %(account)s"), closed),
        ]
        return format_html_join(
            " ",
            '<a class="button small" href="{}" aria-label="{}">{}</a>',
            (
                (
                    reverse(name, args=[self.customer.public_id, record.public_id]),
                    label % {"account": record.name},
                    text,
                )
                for name, text, label, is_shown in buttons
                if is_shown
            ),
        )
