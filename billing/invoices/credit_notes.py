"""Correcting an invoice: a credit note takes back a part of it or the whole, with the VAT that the invoice had."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from billing.invoices import numbering, rendering, vat
from billing.invoices.models import CreditNote, Invoice, InvoiceLine
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

SERIES: Final = "NC"
"""Credit notes are counted apart from invoices ("nota di credito")."""


class MoreThanIsLeft(Exception):
    """The invoice does not come to that much, or earlier credit notes have corrected too much of it."""


@unit_of_work
def issue(
    *,
    invoice: Invoice,
    gross_cents: int,
    quantity_units: int,
    reason: str,
    reference: str,
    actor_id: int | None,
    now: datetime,
) -> CreditNote:
    """Take back `gross_cents` of an invoice, VAT included, for the `quantity_units` credits that came back.

    Call it in the transaction that takes the credits and notes the money, and last: from here to the commit the
    year's credit notes are counted. Its VAT is such that all notes of the invoice together carry what is within their
    total by the invoice's rate (`vat.vat_within`). The same `reference` returns the first note. `reason` is printed.
    Raises `MoreThanIsLeft`.
    """
    # Whoever corrects the same invoice at the same time waits here, and then finds what was corrected.
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("account").get(pk=invoice.pk)
    known = CreditNote.objects.filter(invoice=invoice, reference=reference).first()
    if known is not None:
        return known
    if not 0 < gross_cents <= invoice.left_cents:
        raise MoreThanIsLeft(invoice.full_number)
    Invoice.objects.filter(pk=invoice.pk).update(credited_cents=F("credited_cents") + gross_cents)
    issued_on = now.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    series = numbering.lock(code=SERIES, year=issued_on.year)
    note = CreditNote.objects.create(
        invoice=invoice,
        account=invoice.account,
        issued_on=issued_on,
        reference=reference,
        reason=reason,
        **_copied(invoice),
        **_amounts(invoice, gross_cents),
        **_line(invoice, quantity_units),
        **numbering.take(series),
    )
    _tell(note, actor_id, now)
    return note


def render(*, note_id: int, now: datetime) -> bool:
    """Make and store the PDF of a credit note that has none; see `rendering.render`."""
    return rendering.render(documents=CreditNote.objects.select_related("invoice"), pk=note_id, now=now)


def _amounts(invoice: Invoice, gross_cents: int) -> dict[str, int]:
    """The sums of a note that corrects `gross_cents` after what `invoice` says that earlier ones corrected."""
    before, rate = invoice.credited_cents, invoice.vat_rate
    vat_cents = vat.vat_within(before + gross_cents, rate) - vat.vat_within(before, rate)
    return {"gross_cents": gross_cents, "vat_cents": vat_cents, "net_cents": gross_cents - vat_cents}


def _copied(invoice: Invoice) -> dict[str, Any]:
    names = ("currency", "vat_rate", "treatment", "language", "seller", "buyer", "purchase_order")
    return {name: getattr(invoice, name) for name in names}


def _line(invoice: Invoice, quantity_units: int) -> dict[str, Any]:
    line = InvoiceLine.objects.filter(invoice=invoice).earliest("position")
    with translation.override(invoice.language):
        description = _("Prepaid communication credits, taken back")
    return {
        "description": description,
        "quantity_units": quantity_units,
        "unit_price_cents": line.unit_price_cents,
    }


def _tell(note: CreditNote, actor_id: int | None, now: datetime) -> None:
    """Record that it was issued, and tell those who pay. The sweep has it rendered: nobody waits for it at a screen."""
    audit.record(
        action="credit_note.issued",
        actor_id=actor_id,
        account_id=note.account_id,
        subject=f"invoice:{note.invoice.public_id}",
        after={"number": note.full_number, "gross_cents": note.gross_cents, "reason": note.reason},
        now=now,
    )
    notices.announce(
        account=note.account,
        kind=Kind.CREDIT_NOTE_ISSUED,
        subject=f"credit_note:{note.public_id}",
        context={
            "number": note.full_number,
            "invoice": note.invoice.full_number,
            "gross_cents": note.gross_cents,
            "currency": note.currency,
        },
        reference=f"credit_note:{note.public_id}",
        now=now,
    )
