"""Rendering PDFs, woken by the bell or found by the sweep."""

from celery import shared_task
from django.utils import timezone

from billing.invoices import credit_notes, services
from billing.invoices.models import CreditNote, Invoice

# One sweep queues no more; the next one follows within a minute.
SWEEP = 500


@shared_task
def render(invoice_id: int) -> None:
    """Render the PDF of one invoice, unless it has one or is being rendered."""
    services.render(invoice_id=invoice_id, now=timezone.now())


@shared_task
def render_note(note_id: int) -> None:
    """Render the PDF of one credit note, unless it has one or is being rendered."""
    credit_notes.render(note_id=note_id, now=timezone.now())


@shared_task
def render_waiting() -> None:
    """Queue every invoice and credit note whose PDF is missing and on which nobody works."""
    for invoice_id in Invoice.objects.to_render(timezone.now()).values_list("pk", flat=True)[:SWEEP]:
        render.delay(invoice_id)
    for note_id in CreditNote.objects.to_render(timezone.now()).values_list("pk", flat=True)[:SWEEP]:
        render_note.delay(note_id)
