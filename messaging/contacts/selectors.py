"""Questions about contacts; the account comes first."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Count, QuerySet

from messaging.contacts.models import Contact, ContactList, OptOut
from portal.accounts.models import Account, BillingDetails


def region(account: Account) -> str:
    """The country (ISO 3166) of numbers that the account writes without an international prefix: its customer's own."""
    details = BillingDetails.objects.filter(account__in=[account.pk, account.customer_id])
    countries = dict(details.values_list("account_id", "country"))
    return countries.get(account.pk) or countries.get(account.customer_id) or str(settings.SELLER["country"])


def lists(account: Account) -> QuerySet[ContactList]:
    """The account's lists by name, each with its `contact_count`."""
    return ContactList.objects.filter(account=account).annotate(contact_count=Count("contacts")).order_by("name", "pk")


def contacts(contact_list: ContactList) -> QuerySet[Contact]:
    """The contacts of a list, in the order they were added."""
    return Contact.objects.filter(contact_list=contact_list).order_by("pk")


def numbers(contact_list: ContactList) -> list[str]:
    """The numbers of a list in E.164, in the order they were added."""
    return list(contacts(contact_list).values_list("number", flat=True))


def opt_outs(account: Account) -> QuerySet[OptOut]:
    """The numbers that want nothing from the account, the latest first."""
    return OptOut.objects.filter(account=account).order_by("-created_at", "-pk")


def opted_out(account: Account, among: Iterable[str]) -> frozenset[str]:
    """Which of the numbers want nothing from the account."""
    return frozenset(opt_outs(account).filter(number__in=list(among)).order_by().values_list("number", flat=True))
