"""Sub-accounts as a table."""

from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import Account
from portal.templatetags.formats import credits, number
from portal.templatetags.parts import badge

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}


class SubaccountTable(tables.Table):
    """By name; the name opens the sub-account."""

    name = tables.Column(verbose_name=gettext_lazy("Name"))
    owners = tables.Column(verbose_name=gettext_lazy("Person in charge"), orderable=False, empty_values=())
    available_units = tables.Column(verbose_name=gettext_lazy("Credits left"), attrs=NUMBER)
    sent_count = tables.Column(verbose_name=gettext_lazy("Messages sent"), attrs=NUMBER)
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

    def __init__(self, *args: Any, customer: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer = customer

    def render_name(self, record: Account) -> SafeString:
        if record.deactivated_at:
            return format_html("<strong>{}</strong> {}", record.name, badge("neutral", _("Deactivated")))
        return format_html('<a href="{}">{}</a>', reverse("dashboard", args=[record.public_id]), record.name)

    def render_owners(self, value: list[Any]) -> str:
        return ", ".join(str(member.user) for member in value) or _("Your own people")

    def render_available_units(self, value: int) -> str:
        return credits(value)

    def render_sent_count(self, value: int) -> str:
        return number(value)

    def render_actions(self, record: Account) -> str | SafeString:
        if record.deactivated_at:
            return ""
        url = reverse("subaccount_credit", args=[self.customer.public_id, record.public_id])
        label = _("Move credits to %(account)s") % {"account": record.name}
        return format_html('<a class="button small" href="{}" aria-label="{}">{}</a>', url, label, _("Move credits"))
