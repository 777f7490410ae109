"""Questions about invoices; the account comes first."""

from typing import TypedDict

from django.conf import settings
from django.db.models import QuerySet, Sum, Value
from django_stubs_ext import WithAnnotations

from billing.invoices import vat
from billing.invoices.models import CreditNote, Invoice
from portal.accounts.models import Account, BillingDetails


class Sold(TypedDict):
    """What a listed invoice has beyond its fields: how many credits it sold, in units."""

    credits_units: int


class BillingDetailsMissing(Exception):
    """Nobody has said yet whom the account's invoices are made out to."""


def billing_details(account: Account) -> BillingDetails:
    """Whom the account's invoices are made out to: its own details, or its parent's where a branch has none.

    Raises `BillingDetailsMissing`.
    """
    found = BillingDetails.objects.filter(account_id__in=[account.pk, account.parent_id])
    details = min(found, key=lambda each: each.account_id != account.pk, default=None)
    if details is None:
        raise BillingDetailsMissing(account.name)
    return details


def assessment(account: Account) -> vat.Assessment:
    """How a sale to this account is taxed now. Raises `BillingDetailsMissing`."""
    return assessed(billing_details(account))


def assessed(details: BillingDetails) -> vat.Assessment:
    """How a sale to a buyer with these details is taxed.

    A person who shows a VAT number buys as a business, with a company's name or without.
    """
    return vat.assess(
        seller_country=settings.SELLER["country"],
        buyer_country=details.country,
        vat_number=details.vat_number,
        is_company=bool(details.company or details.vat_number),
    )


def invoices(account: Account, *, year: int | None = None) -> "QuerySet[WithAnnotations[Invoice, Sold]]":
    """The account's invoices (of one year), newest first, each with `credits_units`, the credits it sold."""
    found = Invoice.objects.filter(account=account)
    return _listed(found.filter(year=year) if year else found)


def credit_notes(account: Account, *, year: int | None = None) -> QuerySet[CreditNote]:
    """The credit notes of the account (of one year), newest first, each with the invoice that it corrects."""
    found = CreditNote.objects.filter(account=account).select_related("invoice").order_by("-issued_on", "-pk")
    return found.filter(year=year) if year else found


def years(account: Account) -> list[int]:
    """The years in which something was issued to the account, latest first."""
    return list(years_corrected(account))


def years_corrected(account: Account) -> dict[int, bool]:
    """The years in which something was issued to the account, latest first, and whether there are credit notes of it."""
    issued = Invoice.objects.filter(account=account).order_by().values_list("year", Value(0))
    corrected = CreditNote.objects.filter(account=account).order_by().values_list("year", Value(1))
    found: dict[int, bool] = {}
    for year, is_note in sorted(issued.union(corrected), reverse=True):
        found[year] = bool(is_note) or found.get(year, False)
    return found


def find(reference: str) -> Invoice | None:
    """The invoice issued under the caller's reference, if it has been."""
    return Invoice.objects.filter(reference=reference).first()


def all_invoices() -> "QuerySet[WithAnnotations[Invoice, Sold]]":
    """For the operator: everybody's invoices, newest first, each with `credits_units` and its account."""
    return _listed(Invoice.objects.select_related("account"))


def _listed(found: QuerySet[Invoice]) -> "QuerySet[WithAnnotations[Invoice, Sold]]":
    return found.annotate(credits_units=Sum("lines__quantity_units")).order_by("-issued_on", "-pk")
