"""Rendering PDFs, woken by the bell or found by the sweep."""

from celery import shared_task
from django.utils import timezone

from billing.invoices import services
from billing.invoices.models import Invoice

# One sweep queues no more; the next one follows within a minute.
SWEEP = 500


@shared_task
def render(invoice_id: int) -> None:
    """Render the PDF of one invoice, unless it has one or is being rendered."""
    services.render(invoice_id=invoice_id, now=timezone.now())


@shared_task
def render_waiting() -> None:
    """Queue every invoice whose PDF is missing and on which nobody works."""
    for invoice_id in Invoice.objects.to_render(timezone.now()).values_list("pk", flat=True)[:SWEEP]:
        render.delay(invoice_id)
