"""The desk's pages about money: payments and invoices of all customers."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_tables2 import RequestConfig

from billing.invoices import selectors as invoices_selectors
from billing.invoices.models import Invoice
from billing.payments import selectors as payments_selectors
from billing.payments.models import Attempt
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.forms import NumberForm
from portal.backoffice.tables import DeskInvoiceTable, PaymentTable, payment_badge
from portal.templatetags.formats import moment

ROWS = 25
ATTEMPT_KINDS = {
    Attempt.State.SUBMITTING: "info",
    Attempt.State.UNKNOWN: "warn",
    Attempt.State.PENDING: "info",
    Attempt.State.CONFIRMING: "info",
    Attempt.State.SUCCEEDED: "ok",
    Attempt.State.DECLINED: "bad",
}


@staff_view
@require_safe
def desk_payments(request: PersonRequest) -> HttpResponse:
    """Payments of all customers, or only those of which nobody knows how they ended."""
    only_unknown = request.GET.get("show") == "unknown"
    unknown = payments_selectors.unknown_payments()
    found = unknown if only_unknown else payments_selectors.all_payments()
    table = PaymentTable(found.select_related("account__parent", "method"))
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    url = reverse("desk_payments")
    tabs = [
        {"label": _("All"), "url": url, "current": not only_unknown},
        {"label": _("Outcome unknown"), "url": f"{url}?show=unknown", "current": only_unknown},
    ]
    return render(request, "portal/backoffice/payments.html", {"table": table, "tabs": tabs})


@staff_view
@require_safe
def desk_payment(request: PersonRequest, payment: UUID) -> HttpResponse:
    """One payment with each try to get it."""
    found = get_object_or_404(payments_selectors.all_payments().select_related("account__parent"), public_id=payment)
    attempts = list(found.attempts.order_by("pk"))
    context = {
        "payment": found,
        "recharge": Recharge.objects.filter(payment=found).select_related("invoice").first(),
        "badge": payment_badge(found),
        "attempts": [(attempt, ATTEMPT_KINDS[Attempt.State(attempt.state)]) for attempt in attempts],
        "open_attempt": next((attempt for attempt in attempts if attempt.finished_at is None), None),
    }
    return render(request, "portal/backoffice/payment.html", context)


@staff_view
@require_POST
def desk_payment_inquiry(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Ask the provider what became of a payment, with the key it was asked with; nothing is charged twice."""
    recharge = Recharge.objects.filter(payment__public_id=payment).first()
    if recharge is None:
        raise Http404
    recharge = recharges.pursue(recharge=recharge, now=timezone.now())
    attempt = Attempt.objects.unresolved().filter(payment_id=recharge.payment_id).first()
    if attempt:
        sentence = _("The outcome is still unknown. We ask again at %(moment)s by ourselves.")
        messages.info(request, sentence % {"moment": moment(attempt.ask_again_at)})
    elif recharge.state == Recharge.State.PAID:
        messages.success(request, _("The payment succeeded: credits and invoice are there."))
    else:
        messages.warning(request, _("The payment failed. Nothing was charged."))
    return redirect("desk_payment", payment)


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
