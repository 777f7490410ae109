"""Whom an invoice is made out to: as its account says now, or as it said when it agreed to the VAT."""

from collections.abc import Mapping

from billing.invoices import selectors, vat
from portal.accounts.models import Account, BillingDetails

Buyer = Mapping[str, str]
"""What an invoice says of its buyer, and the reference the buyer wants on it (`purchase_order`), as text that is kept."""


def copied(details: BillingDetails) -> dict[str, str]:
    """What an invoice would say of a buyer with these details."""
    return {
        "name": details.name,
        "contact": f"{details.first_name} {details.last_name}".strip() if details.company else "",
        "address": details.address,
        "address_complement": details.address_complement,
        "postal_code": details.postal_code,
        "city": details.city,
        "country": details.country,
        "vat_number": vat.as_printed(details.country, details.vat_number),
        "codice_fiscale": details.codice_fiscale,
        "sdi_code": details.sdi_code,
        "pec": details.pec,
        "siret": details.siret,
        "purchase_order": details.purchase_order,
    }


def to_invoice(account: Account, assessment: vat.Assessment, agreed: Buyer) -> dict[str, str]:
    """Whom an invoice with this VAT is made out to.

    A bank transfer takes weeks. An address that was corrected meanwhile is on the invoice; but a buyer who would be taxed
    otherwise by now is not the one this VAT was agreed with, so the invoice names who `agreed`. Without that, nobody waited.
    Raises `BillingDetailsMissing`.
    """
    details = selectors.billing_details(account)
    if agreed and selectors.assessed(details) != assessment:
        return dict(agreed)
    return copied(details)
