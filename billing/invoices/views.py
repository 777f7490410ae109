"""Invoices and credit notes in the browser."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django_tables2 import RequestConfig

from billing.invoices import downloads, selectors
from billing.invoices.documents import Document
from billing.invoices.forms import YearForm
from billing.invoices.models import CreditNote, Invoice
from billing.invoices.tables import CreditNoteTable, InvoiceTable
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

ROWS = 25


@account_view(Capability.VIEW_BILLING)
@require_GET
def invoices(request: AccountRequest) -> HttpResponse:
    """The account's invoices, of all years or of one, and the credit notes that correct some of them."""
    years = selectors.years_corrected(request.account)
    form = YearForm(request.GET if "year" in request.GET else None, years=list(years))
    found = selectors.invoices(request.account, year=form.chosen)
    table = InvoiceTable(found, account=request.account, today=timezone.localdate())
    notes = CreditNoteTable(selectors.credit_notes(request.account, year=form.chosen), account=request.account)
    has_notes = any(corrected for year, corrected in years.items() if form.chosen in (None, year))
    for each in (table, notes) if has_notes else (table,):
        RequestConfig(request, paginate={"per_page": ROWS}).configure(each)
    context = {
        "table": table,
        "notes": notes if has_notes else None,
        "form": form,
        "years": years,
        "may_buy": request.member.can(Capability.BUY),
    }
    return render(request, "billing/invoices/invoices.html", context)


@account_view(Capability.VIEW_BILLING)
@require_GET
def invoice_pdf(request: AccountRequest, invoice: UUID) -> HttpResponseBase:
    """The PDF as it was issued; while it is still being rendered, the list says so."""
    mine = get_object_or_404(Invoice, account=request.account, public_id=invoice)
    if not mine.rendered_at:
        say_being_prepared(request, mine)
        return redirect("invoices", request.account.public_id)
    return downloads.one(mine)


@account_view(Capability.VIEW_BILLING)
@require_GET
def credit_note_pdf(request: AccountRequest, credit_note: UUID) -> HttpResponseBase:
    """The PDF of a credit note, as that of an invoice."""
    mine = get_object_or_404(CreditNote, account=request.account, public_id=credit_note)
    if not mine.rendered_at:
        say_being_prepared(request, mine)
        return redirect("invoices", request.account.public_id)
    return downloads.one(mine)


@account_view(Capability.VIEW_BILLING)
@require_GET
def invoice_archive(request: AccountRequest) -> HttpResponseBase:
    """All invoices and credit notes, of all years or of one, in one file: complete, or not yet."""
    form = YearForm(request.GET, years=selectors.years(request.account))
    found: list[Document] = [
        *selectors.invoices(request.account, year=form.chosen)[: downloads.MOST],
        *selectors.credit_notes(request.account, year=form.chosen)[: downloads.MOST],
    ]
    if len(found) > downloads.MOST:
        messages.error(request, _("These are too many for one archive. Choose a year."))
    elif waiting := next((document for document in found if not document.rendered_at), None):
        say_being_prepared(request, waiting)
    elif found:
        return downloads.archive(found, f"saldo-{form.chosen or 'all'}.zip")
    return redirect("invoices", request.account.public_id)


def say_being_prepared(request: HttpRequest, document: Document) -> None:
    """Tell whoever asked for a PDF that it is not there yet."""
    sentence = _("The PDF of invoice %(number)s is being prepared. Try again in a few seconds.")
    if isinstance(document, CreditNote):
        sentence = _("The PDF of credit note %(number)s is being prepared. Try again in a minute.")
    messages.info(request, sentence % {"number": document.full_number})
