"""From an invoice or a credit note to its PDF: A4, tagged for screen readers, the same bytes each time.

The page speaks the document's language and says only what was copied into it; nothing is fetched, from the
network or from the disk.
"""

from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from billing.invoices.documents import Document
from billing.invoices.models import CreditNote, Invoice, PaidBy
from billing.invoices.vat import Treatment
from portal import pdf
from portal.templatetags import formats

SHEETS = ("paper.css", "invoice.css")
# There the town comes before the postal code, on a line of its own.
TOWN_FIRST = frozenset({"GB", "IE", "XI"})

# D.P.R. 633/1972, article 21, paragraph 6-bis: an invoice without VAT says in so many words why.
WORDING: dict[str, str | Promise] = {
    # Translators: in Italian the law wants the words "inversione contabile", in French "autoliquidation".
    Treatment.EU_REVERSE_CHARGE: _(
        "Reverse charge: VAT is to be accounted for by the recipient (Directive 2006/112/EC, articles 44 and 196; "
        "D.P.R. 633/1972, article 7-ter)."
    ),
    # Translators: in Italian the law wants the words "operazione non soggetta".
    Treatment.OUTSIDE_EU: _(
        "Transaction not subject to Italian VAT: the recipient is established outside the European Union "
        "(D.P.R. 633/1972, articles 7-ter and 7-septies)."
    ),
}

PAID: dict[str, str | Promise] = {
    PaidBy.CARD: _("Paid by card on %(day)s"),
    PaidBy.SEPA_DEBIT: _("Paid by SEPA direct debit on %(day)s"),
    PaidBy.BANK_TRANSFER: _("Paid by bank transfer on %(day)s"),
    "": _("Paid on %(day)s"),
}


def render(document: Document) -> bytes:
    """Return it as a PDF/UA-1 document. Fetch an invoice's `lines`, and what a credit note corrects, along with it."""
    with translation.override(document.language), timezone.override(settings.TIME_ZONE):
        special = _of_note(document) if isinstance(document, CreditNote) else _of_invoice(document)
        return pdf.render("billing/invoices/pdf.html", {**_common(document), **special}, sheets=SHEETS)


def _common(document: Document) -> dict[str, Any]:
    return {
        "invoice": document,
        "seller": document.seller,
        "seller_address": _address(document.seller),
        "buyer": document.buyer,
        "buyer_address": _address(document.buyer),
        # The number of an article (7-ter) is not broken over two lines.
        "wording": str(WORDING.get(document.treatment, "")).replace("7-", "7\N{NON-BREAKING HYPHEN}"),
    }


def _of_note(note: CreditNote) -> dict[str, Any]:
    """A credit note is its own only line."""
    return {"lines": [note], "corrects": note.invoice}


def _of_invoice(invoice: Document) -> dict[str, Any]:
    assert isinstance(invoice, Invoice)
    iban = invoice.seller["iban"]
    return {
        "lines": list(invoice.lines.all()),
        "paid": PAID[invoice.paid_by] % {"day": formats.day(invoice.paid_at)} if invoice.paid_at else "",
        "iban": " ".join(iban[start : start + 4] for start in range(0, len(iban), 4)),
    }


def _address(party: dict[str, str]) -> list[str]:
    """Return the lines of an address as its country writes them; the country's name in the invoice's language."""
    country, town = party["country"], party["city"]
    if party.get("province"):
        town = f"{town} ({party['province']})"
    towns = [town, party["postal_code"]] if country in TOWN_FIRST else [f"{party['postal_code']} {town}"]
    name = formats.locale().territories.get(country, country)
    return [line for line in (party["address"], party.get("address_complement", ""), *towns, name) if line]
