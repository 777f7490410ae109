"""The desk's pages about bank transfers that are waited for, and confirming by hand that one has come."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.bank import closing, selectors, services
from billing.payments.models import Attempt
from billing.recharge import bank_transfers
from billing.recharge.models import Recharge
from billing.recharge.tables import KINDS as RECHARGE_KINDS
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.bank_forms import ClosureForm, ConfirmationForm
from portal.backoffice.bank_views import REFUSED, paged, sentence, tabs

BY_HAND: Final = "bank.confirm_by_hand"


@staff_view
@require_safe
def desk_bank_transfers(request: PersonRequest) -> HttpResponse:
    """Bank transfers that are waited for, the oldest first."""
    awaited = bank_transfers.awaited().select_related("payment__recharge__account__parent")
    stuck = set(bank_transfers.stuck(timezone.now()).values_list("pk", flat=True))
    context = {"tabs": tabs("desk_bank_transfers"), "stuck": stuck, **paged(request, awaited)}
    return render(request, "portal/backoffice/bank_transfers.html", context)


@staff_view
@require_safe
def desk_bank_transfer(request: PersonRequest, payment: UUID) -> HttpResponse:
    """One bank transfer: what was asked, what has come, and a form to confirm more by hand."""
    return _transfer_page(request, _awaited(payment))


@staff_view
@require_POST
def desk_bank_confirmation(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Confirm by hand that money has come; not everybody on the staff may."""
    if not request.user.has_perm(BY_HAND):
        raise PermissionDenied
    attempt, form = _awaited(payment), ConfirmationForm(request.POST)
    if not form.is_valid():
        return _transfer_page(request, attempt, form)
    try:
        services.confirm_by_hand(
            recharge=attempt.payment.recharge, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data
        )
    except REFUSED as refusal:
        messages.error(request, sentence(refusal))
    else:
        messages.success(request, _("The money has been confirmed."))
    return redirect("desk_bank_transfer", payment)


@staff_view
@require_POST
def desk_bank_closure(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Stop waiting for the rest of a bank transfer; what came of it is to be decided on its lines."""
    attempt, form = _awaited(payment), ClosureForm(request.POST)
    if not form.is_valid():
        return _transfer_page(request, attempt, closure=form)
    recharge, now = attempt.payment.recharge, timezone.now()
    try:
        lines = closing.close_short(recharge=recharge, actor_id=request.user.pk, now=now, **form.cleaned_data)
    except REFUSED as refusal:
        messages.error(request, sentence(refusal))
        return redirect("desk_bank_transfer", payment)
    messages.success(request, _("The purchase is closed. Decide now what becomes of the money that came."))
    return redirect("desk_bank_line", lines[0].public_id) if len(lines) == 1 else redirect("desk_bank")


def _transfer_page(
    request: PersonRequest,
    attempt: Attempt,
    form: ConfirmationForm | None = None,
    closure: ClosureForm | None = None,
) -> HttpResponse:
    recharge = attempt.payment.recharge
    is_part = recharge.state == Recharge.State.WAITING and attempt.received_cents > 0
    blank = ConfirmationForm.blank(attempt.missing_cents) if recharge.state != Recharge.State.PAID else None
    context = {
        "attempt": attempt,
        "recharge": recharge,
        "kind": RECHARGE_KINDS[Recharge.State(recharge.state)],
        "bookings": selectors.active_bookings().filter(attempt=attempt).select_related("line", "created_by"),
        "form": (form or blank) if request.user.has_perm(BY_HAND) else None,
        "closure": (closure or ClosureForm(initial={"received_cents": attempt.received_cents})) if is_part else None,
    }
    return render(request, "portal/backoffice/bank_transfer.html", context, status=422 if form or closure else 200)


def _awaited(payment: UUID) -> Attempt:
    tries = Attempt.objects.filter(provider="bank", payment__public_id=payment)
    attempt = tries.select_related("payment__recharge__account__parent", "payment__recharge__invoice").first()
    if attempt is None:
        raise Http404
    return attempt
