"""Invoices in the browser."""

from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_tables2 import RequestConfig

from billing.invoices import selectors
from billing.invoices.forms import YearForm
from billing.invoices.models import Invoice
from billing.invoices.tables import InvoiceTable
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

ROWS = 25


@account_view(Capability.VIEW_BILLING)
@require_GET
def invoices(request: AccountRequest) -> HttpResponse:
    """The account's invoices, of all years or of one."""
    years = selectors.years(request.account)
    form = YearForm(request.GET if "year" in request.GET else None, years=years)
    found = selectors.invoices(request.account, year=form.chosen)
    table = InvoiceTable(found, account=request.account, today=timezone.localdate())
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    may_buy = request.member.can(Capability.BUY)
    return render(
        request, "billing/invoices/invoices.html", {"table": table, "form": form, "years": years, "may_buy": may_buy}
    )


@account_view(Capability.VIEW_BILLING)
@require_GET
def invoice_pdf(request: AccountRequest, invoice: UUID) -> HttpResponseBase:
    """The PDF as it was issued; while it is still being rendered, the list says so."""
    mine = get_object_or_404(Invoice, account=request.account, public_id=invoice)
    if not mine.rendered_at:
        sentence = _("The PDF of invoice %(number)s is being prepared. Try again in a few seconds.")
        messages.info(request, sentence % {"number": mine.full_number})
        return redirect("invoices", request.account.public_id)
    headers = {"Content-Type": "application/pdf", "Cache-Control": "private"}
    return FileResponse(mine.pdf.open("rb"), as_attachment=True, filename=mine.file_name, headers=headers)
