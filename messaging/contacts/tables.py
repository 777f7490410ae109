"""Contacts, lists and opt-outs as tables."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from messaging.contacts.models import Contact, ContactList
from messaging.encoding.numbers import international
from portal.templatetags.formats import day, number

NUMBER = {"th": {"class": "num"}, "td": {"class": "num"}}
PLAIN = {"td": {"class": "nowrap"}}


class ContactListTable(tables.Table):
    """By name; the name leads to the contacts."""

    name = tables.Column(verbose_name=gettext_lazy("Name"))
    contact_count = tables.Column(verbose_name=gettext_lazy("Contacts"), attrs=NUMBER)
    created_at = tables.Column(verbose_name=gettext_lazy("Created"))

    caption = gettext_lazy("Contact lists")

    class Meta:
        order_by = "name"

    def render_name(self, record: ContactList) -> SafeString:
        url = reverse("contact_list", args=[record.account.public_id, record.public_id])
        return format_html('<a href="{}">{}</a>', url, record.name)

    def render_contact_count(self, value: int) -> str:
        return number(value)

    def render_created_at(self, record: ContactList) -> str:
        return day(record.created_at)


class ContactTable(tables.Table):
    """The contacts of a list; the first column chooses those to remove."""

    choose = tables.Column(
        verbose_name=gettext_lazy("Select"),
        empty_values=(),
        orderable=False,
        accessor="public_id",
        attrs={"td": {"class": "pick"}},
    )
    name = tables.Column(verbose_name=gettext_lazy("Name"))
    number = tables.Column(verbose_name=gettext_lazy("Number"), attrs=PLAIN)
    created_at = tables.Column(verbose_name=gettext_lazy("Added"))

    caption = gettext_lazy("Contacts")

    class Meta:
        empty_text = gettext_lazy("No contact matches.")

    def render_choose(self, record: Contact) -> SafeString:
        label = _("Select %(contact)s") % {"contact": record}
        return format_html(
            '<label><input type="checkbox" name="contact" value="{}" aria-label="{}"></label>', record.public_id, label
        )

    def render_number(self, value: str) -> str:
        return international(value)

    def render_created_at(self, record: Contact) -> str:
        return day(record.created_at)
