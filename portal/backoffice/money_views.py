"""The desk's pages about invoices and credit notes of all customers."""

from decimal import Decimal
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_tables2 import RequestConfig

from billing.invoices import downloads
from billing.invoices import selectors as invoices_selectors
from billing.invoices.documents import Document
from billing.invoices.models import CreditNote, Invoice
from billing.invoices.tables import KINDS
from billing.invoices.views import say_being_prepared
from billing.recharge import refunds
from billing.recharge.models import Recharge
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.forms import NumberForm, RefundForm
from portal.backoffice.tables import DeskInvoiceTable
from portal.templatetags.formats import money
from portal.templatetags.parts import badge

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
def desk_invoice(request: PersonRequest, invoice: UUID) -> HttpResponse:
    """One invoice: how it stands, what corrects it, and a form that corrects more."""
    found = _invoice(invoice)
    recharge = Recharge.objects.filter(invoice=found).select_related("account", "payment").first()
    state = found.state(timezone.localdate())
    context = {
        "invoice": found,
        "customer": found.account.parent or found.account,
        "badge": badge(KINDS[state], str(state.label)),
        "notes": found.credit_notes.order_by("pk"),
        "recharge": recharge,
        "form": _credit_note_form(recharge),
    }
    return render(request, "portal/backoffice/invoice.html", context)


@staff_view
@require_POST
def desk_credit_notes(request: PersonRequest, invoice: UUID) -> HttpResponse:
    """Issue a credit note by hand, and take its credits back."""
    recharge, form = get_object_or_404(Recharge, invoice__public_id=invoice), RefundForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter an amount above zero, and why it is given back."))
        return redirect("desk_invoice", invoice)
    try:
        refunds.give_back_by_hand(recharge=recharge, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
    except refunds.NotRefundable:
        messages.error(request, _("That much was not invoiced, or has been corrected already."))
    except refunds.CreditsSpent:
        most = money(refunds.refundable_cents(recharge), recharge.currency)
        messages.error(request, _("Its credits have been spent. At most %(most)s can be given back.") % {"most": most})
    else:
        messages.success(request, _("The credit note is issued, and its credits have been taken back."))
    return redirect("desk_invoice", invoice)


@staff_view
@require_safe
def desk_invoice_pdf(request: PersonRequest, invoice: UUID) -> HttpResponseBase:
    """The PDF as the customer gets it."""
    return _pdf(request, _invoice(invoice), "desk_invoices")


@staff_view
@require_safe
def desk_credit_note_pdf(request: PersonRequest, credit_note: UUID) -> HttpResponseBase:
    """The PDF as the customer gets it."""
    found = get_object_or_404(CreditNote.objects.select_related("invoice"), public_id=credit_note)
    return _pdf(request, found, "desk_invoice", found.invoice.public_id)


def _pdf(request: PersonRequest, document: Document, *page: str | UUID) -> HttpResponseBase:
    if document.rendered_at:
        return downloads.one(document)
    say_being_prepared(request, document)
    name, *arguments = page
    return redirect(str(name), *arguments)


def _invoice(public_id: UUID) -> Invoice:
    return get_object_or_404(Invoice.objects.select_related("account__parent"), public_id=public_id)


def _credit_note_form(recharge: Recharge | None) -> RefundForm | None:
    most = refunds.refundable_cents(recharge) if recharge else 0
    return RefundForm(initial={"amount_cents": Decimal(most) / 100, "reference": uuid4()}) if most else None
