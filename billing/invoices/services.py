"""The verbs of the invoices room: issue, record a payment and what went back of it, render the PDF."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from billing.amounts import to_credits
from billing.invoices import buyers, numbering, rendering, selectors, vat
from billing.invoices.models import Invoice, InvoiceLine, PaidBy
from billing.invoices.rendering import RENDER_LEASE
from billing.invoices.selectors import BillingDetailsMissing
from billing.invoices.signals import invoice_issued
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.bells import ring
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

__all__ = [
    "RENDER_LEASE",
    "AlreadyPaid",
    "BillingDetailsMissing",
    "InvoiceReferenceConflict",
    "Line",
    "issue",
    "note_returned",
    "record_payment",
    "render",
]

SERIES = ""
PAYMENT_TERM = timedelta(days=30)
# What the price of one credit is kept to, in cents.
UNIT_PRICE_STEP = Decimal("0.000001")


class InvoiceReferenceConflict(Exception):
    """The reference already belongs to an invoice of another account or amount."""


class AlreadyPaid(Exception):
    """The payment of this invoice has been recorded before."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is sold: `credits_units` credits (in units) for `net_cents` without VAT, and from which price list."""

    credits_units: int
    net_cents: int
    price_list_name: str = ""
    currency: str = "EUR"


@unit_of_work
def issue(
    *,
    account: Account,
    line: Line,
    assessment: vat.Assessment,
    paid_at: datetime | None,
    payment_reference: str,
    reference: str,
    actor_id: int | None,
    now: datetime,
    paid_by: PaidBy | str = "",
    agreed: buyers.Buyer = MappingProxyType({}),
) -> Invoice:
    """Issue an invoice for `line` under the next number of the year, and have its PDF rendered after the commit.

    Call it last in the caller's unit of work: from here to the commit the year's numbers are locked. `assessment` is
    the one the buyer agreed to, and `agreed` who that was, where it is some time ago. `payment_reference` names the
    payment ("Visa 4242") or, while `paid_at` is None, what a bank transfer quotes (due after 30 days). The same
    `reference` returns the first invoice. Raises `BillingDetailsMissing`, `InvoiceReferenceConflict`.
    """
    parties = _parties(account, buyers.to_invoice(account, assessment, agreed))
    issued_on = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    # Whoever issues under the same reference at the same time waits here, and then finds this invoice.
    series = numbering.lock(code=SERIES, year=issued_on.year)
    if known := selectors.find(reference):
        return _same(known, account, line)
    invoice = Invoice.objects.create(
        account=account,
        reference=reference,
        issued_on=issued_on,
        **numbering.take(series),
        **_amounts(line, assessment) | parties,
        due_on=issued_on if paid_at else issued_on + PAYMENT_TERM,
        paid_at=paid_at,
        paid_by=paid_by if paid_at else "",
        payment_reference=payment_reference,
    )
    _add_line(invoice, line)
    _tell(invoice, actor_id, now)
    return invoice


@unit_of_work
def record_payment(
    *, invoice: Invoice, paid_at: datetime, paid_by: PaidBy, payment_reference: str, actor_id: int | None, now: datetime
) -> Invoice:
    """Note that an invoice issued unpaid has been paid, once. Raises `AlreadyPaid`."""
    open_invoice = Invoice.objects.filter(pk=invoice.pk, paid_at=None)
    if not open_invoice.update(paid_at=paid_at, paid_by=paid_by, payment_reference=payment_reference):
        raise AlreadyPaid(invoice.full_number)
    after = {"paid_at": paid_at.isoformat(), "paid_by": paid_by, "payment_reference": payment_reference}
    _record("invoice.paid", invoice, after, actor_id, now)
    invoice.refresh_from_db()
    return invoice


@unit_of_work
def note_returned(*, invoice: Invoice, cents: int) -> None:
    """Note how much of what was paid for an invoice has gone back by now, in all. Repeating changes nothing."""
    Invoice.objects.filter(pk=invoice.pk).exclude(returned_cents=cents).update(returned_cents=cents)


def render(*, invoice_id: int, now: datetime) -> bool:
    """Make and store the PDF of an invoice that has none; see `rendering.render`."""
    return rendering.render(documents=Invoice.objects.prefetch_related("lines"), pk=invoice_id, now=now)


def _tell(invoice: Invoice, actor_id: int | None, now: datetime) -> None:
    """Record that it was issued, have it rendered, and ask for the payment.

    An invoice that is paid already is told of with its recharge.
    """
    _record("invoice.issued", invoice, _summary(invoice), actor_id, now)
    ring(invoice_issued, invoice.pk)
    if invoice.paid_at:
        return
    notices.announce(
        account=invoice.account,
        kind=Kind.INVOICE_ISSUED,
        subject=f"invoice:{invoice.public_id}",
        context={
            "number": invoice.full_number,
            "gross_cents": invoice.gross_cents,
            "currency": invoice.currency,
        },
        reference=f"invoice:{invoice.public_id}",
        now=now,
    )


def _same(known: Invoice, account: Account, line: Line) -> Invoice:
    if known.account_id != account.pk or (known.net_cents, known.currency) != (line.net_cents, line.currency):
        raise InvoiceReferenceConflict(known.reference)
    return known


def _summary(invoice: Invoice) -> dict[str, Any]:
    return {"number": invoice.full_number, "net_cents": invoice.net_cents, "gross_cents": invoice.gross_cents}


def _amounts(line: Line, assessment: vat.Assessment) -> dict[str, Any]:
    vat_cents = vat.vat_cents(line.net_cents, assessment.rate)
    return {
        "currency": line.currency,
        "net_cents": line.net_cents,
        "vat_rate": assessment.rate,
        "vat_cents": vat_cents,
        "gross_cents": line.net_cents + vat_cents,
        "treatment": assessment.treatment.value,
    }


def _parties(account: Account, buyer: dict[str, str]) -> dict[str, Any]:
    return {
        "language": account.language,
        "seller": dict(settings.SELLER),
        "purchase_order": buyer.pop("purchase_order"),
        "buyer": buyer,
    }


def _add_line(invoice: Invoice, line: Line) -> None:
    with translation.override(invoice.language):
        description = _("Prepaid communication credits")
        if line.price_list_name:
            description = _("Prepaid communication credits, price list “%(name)s”") % {"name": line.price_list_name}
    InvoiceLine.objects.create(
        invoice=invoice,
        position=1,
        description=description,
        quantity_units=line.credits_units,
        unit_price_cents=(line.net_cents / to_credits(line.credits_units)).quantize(UNIT_PRICE_STEP),
        net_cents=line.net_cents,
    )


def _record(action: str, invoice: Invoice, after: dict[str, Any], actor_id: int | None, now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=invoice.account_id,
        subject=f"invoice:{invoice.public_id}",
        after=after,
        now=now,
    )
