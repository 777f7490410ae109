"""Questions about imports; the account comes first."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet

from messaging.imports.models import COUNTING, ContactImport, ImportRow, Outcome
from portal.accounts.models import Account


def imports(account: Account) -> QuerySet[ContactImport]:
    """The account's imports, newest first."""
    return ContactImport.objects.filter(account=account).select_related("created_by").order_by("-pk")


def imports_due(now: datetime) -> list[int]:
    """The primary keys of the imports to be worked on, oldest first."""
    return list(ContactImport.objects.due(now).order_by("pk").values_list("pk", flat=True))


def refused(contact_import: ContactImport) -> QuerySet[ImportRow]:
    """The rows of which nothing is saved, in the order of the file: invalid numbers, and numbers that come again."""
    return ImportRow.objects.filter(
        contact_import=contact_import, outcome__in=[Outcome.INVALID, Outcome.REPEATED]
    ).order_by("row_number")


def invalid(contact_import: ContactImport) -> QuerySet[ImportRow]:
    """The rows without a telephone number, in the order of the file."""
    return ImportRow.objects.filter(contact_import=contact_import, outcome=Outcome.INVALID).order_by("row_number")


def examples(contact_import: ContactImport) -> Iterator[ImportRow]:
    """A few of the rows that would be saved."""
    counting = ImportRow.objects.filter(contact_import=contact_import, outcome__in=COUNTING)
    return counting.order_by("row_number")[:5].iterator()
