"""The desk's pages about invoices of all customers."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from billing.invoices import selectors as invoices_selectors
from billing.invoices.models import Invoice
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.forms import NumberForm
from portal.backoffice.tables import DeskInvoiceTable

ROWS = 25


@staff_view
@require_safe
def desk_invoices(request: PersonRequest) -> HttpResponse:
    """Invoices of all customers."""
    form = NumberForm(request.GET)
    query = form.cleaned_data["q"] if form.is_valid() else ""
    found = invoices_selectors.all_invoices().select_related("account__parent")
    if query:
        found = found.filter(
            Q(full_number__icontains=query) | Q(account__name__icontains=query) | Q(buyer__name__icontains=query)
        )
    table = DeskInvoiceTable(found, today=timezone.localdate())
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    return render(request, "portal/backoffice/invoices.html", {"form": form, "table": table, "query": query})


@staff_view
@require_safe
def desk_invoice_pdf(request: PersonRequest, invoice: UUID) -> HttpResponseBase:
    """The PDF as the customer gets it."""
    found = get_object_or_404(Invoice, public_id=invoice)
    if not found.rendered_at:
        sentence = _("The PDF of invoice %(number)s is being prepared. Try again in a few seconds.")
        messages.info(request, sentence % {"number": found.full_number})
        return redirect("desk_invoices")
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private"}
    return FileResponse(found.pdf.open("rb"), as_attachment=True, filename=found.file_name, headers=headers)
