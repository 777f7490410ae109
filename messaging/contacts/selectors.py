"""Questions about contacts; the account comes first."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from messaging.contacts.models import Contact, ContactList, OptOut
from portal.accounts.models import Account, BillingDetails

NAME: Final = "name"
"""The merge field that every list has: the name of the contact. No list has another field of this name."""

CHUNK: Final = 5_000
"""Rows that are fetched at once where a whole list is read."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A contact as a message sees it: the number in E.164, and a text for each merge field that is filled in."""

    number: str
    fields: Mapping[str, str]


def region(account: Account) -> str:
    """The country (ISO 3166) of numbers that the account writes without an international prefix: its customer's own."""
    details = BillingDetails.objects.filter(account__in=[account.pk, account.customer_id])
    countries = dict(details.values_list("account_id", "country"))
    return countries.get(account.pk) or countries.get(account.customer_id) or str(settings.SELLER["country"])


def lists(account: Account) -> QuerySet[ContactList]:
    """The account's lists by name, each with its `contact_count`."""
    mine = Contact.objects.filter(contact_list=OuterRef("pk")).order_by().values("contact_list")
    counted = Subquery(mine.annotate(count=Count("pk")).values("count"))
    found = ContactList.objects.filter(account=account).select_related("account")
    return found.annotate(contact_count=Coalesce(counted, 0)).order_by("name", "pk")


def contacts(contact_list: ContactList) -> QuerySet[Contact]:
    """The contacts of a list, in the order they were added."""
    return Contact.objects.filter(contact_list=contact_list).order_by("pk")


def known(contact_list: ContactList, among: Iterable[str]) -> frozenset[str]:
    """Which of the numbers are in the list."""
    found = Contact.objects.filter(contact_list=contact_list, number__in=list(among))
    return frozenset(found.values_list("number", flat=True))


def numbers(contact_list: ContactList) -> list[str]:
    """The numbers of a list in E.164, in the order they were added."""
    return list(contacts(contact_list).values_list("number", flat=True))


def merge_fields(contact_list: ContactList) -> list[str]:
    """What a text may name of the contacts of a list: their name first, then the list's own fields."""
    return [NAME, *contact_list.field_names]


def recipients(contact_list: ContactList) -> Iterator[Recipient]:
    """Everybody in a list in the order they were added, with opted-out numbers; read in chunks, never all at once.

    What is not filled in is missing from `fields`, be it the name or another field.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT number, name, fields FROM contacts_contact WHERE contact_list_id = %s ORDER BY id",
            [contact_list.pk],
        )
        while rows := cursor.fetchmany(CHUNK):
            for number, name, written in rows:
                fields = {} if written == "{}" else json.loads(written)
                yield Recipient(number, {NAME: name, **fields} if name else fields)


def opt_outs(account: Account) -> QuerySet[OptOut]:
    """The numbers that want nothing from the account, the latest first."""
    return OptOut.objects.filter(account=account).select_related("created_by").order_by("-created_at", "-pk")


def opted_out(account: Account, among: Iterable[str]) -> frozenset[str]:
    """Which of the numbers want nothing from the account; a million of them is one question."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT number FROM contacts_optout WHERE account_id = %s AND number = ANY(%s)", [account.pk, list(among)]
        )
        return frozenset(number for (number,) in cursor.fetchall())
