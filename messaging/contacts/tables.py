"""Contacts, lists and opt-outs as tables."""

from typing import Any

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
FIELDS = 2
"""Merge fields that are shown beside a contact; all of them stand on its own page."""

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
    """The contacts of a list; the first column chooses those to remove, the number leads to the contact."""

    choose = tables.Column(
        verbose_name=gettext_lazy("Select"),
        empty_values=(),
        orderable=False,
        accessor="public_id",
        attrs={"td": {"class": "pick"}},
    )
    name = tables.Column(verbose_name=gettext_lazy("Name"))
    number = tables.Column(verbose_name=gettext_lazy("Number"), attrs=PLAIN)
    created_at = tables.Column(verbose_name=gettext_lazy("Added"), attrs=PLAIN)

    caption = gettext_lazy("Contacts")

    class Meta:
        empty_text = gettext_lazy("No contact matches.")

    def __init__(self, *args: Any, contact_list: ContactList, may_change: bool, **kwargs: Any) -> None:
        """Beside the name stand the first fields of the list; whoever may change nothing gets no links."""
        self._list, self._may_change = contact_list, may_change
        extra = [(f"field_{place}", FieldColumn(name)) for place, name in enumerate(contact_list.field_names[:FIELDS])]
        sequence = ["choose", "name", "number", *(key for key, _column in extra), "created_at"]
        exclude = () if may_change else ("choose",)
        super().__init__(*args, extra_columns=extra, sequence=sequence, exclude=exclude, **kwargs)

    def render_choose(self, record: Contact) -> SafeString:
        label = _("Select %(contact)s") % {"contact": record}
        return format_html(
            '<label><input type="checkbox" name="contact" value="{}" aria-label="{}"></label>', record.public_id, label
        )

    def render_number(self, record: Contact) -> str | SafeString:
        written = international(record.number)
        if not self._may_change:
            return written
        url = reverse("contact", args=[self._list.account.public_id, self._list.public_id, record.public_id])
        return format_html('<a href="{}">{}</a>', url, written)

    def render_created_at(self, record: Contact) -> str:
        return day(record.created_at)


class FieldColumn(tables.Column):
    """The text that contacts have for one merge field."""

    def __init__(self, field: str) -> None:
        super().__init__(verbose_name=field, accessor="fields", orderable=False)
        self._field = field

    def render(self, value: dict[str, str]) -> str:
        """The text, or a dash where there is none."""
        return value.get(self._field) or "–"
