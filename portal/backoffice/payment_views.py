"""The desk's pages about payments: what is known of each, the safe next step, and what went back."""

from decimal import Decimal
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_tables2 import RequestConfig

from billing.payments import selectors as payments_selectors
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment, PaymentMethod, Reversal
from billing.recharge import refunds
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.forms import RefundForm
from portal.backoffice.tables import PaymentTable, payment_badge
from portal.templatetags.formats import moment, money

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
    """Payments of all customers; only those of which nobody knows how they ended; or those that went back."""
    show, url = request.GET.get("show", ""), reverse("desk_payments")
    chosen = {"unknown": payments_selectors.unknown_payments, "returned": payments_selectors.reversed_payments}
    found = chosen.get(show, payments_selectors.all_payments)()
    table = PaymentTable(found.select_related("account__parent", "method"))
    RequestConfig(request, paginate={"per_page": ROWS}).configure(table)
    labels = {"": _("All"), "unknown": _("Outcome unknown"), "returned": _("Returned")}
    tabs = [
        {
            "label": label,
            "url": f"{url}?show={name}" if name else url,
            "current": name == (show if show in labels else ""),
        }
        for name, label in labels.items()
    ]
    events = payments_selectors.strange_events()[:ROWS] if show == "unknown" else []
    return render(request, "portal/backoffice/payments.html", {"table": table, "tabs": tabs, "events": events})


@staff_view
@require_safe
def desk_payment(request: PersonRequest, payment: UUID) -> HttpResponse:
    """One payment with each try to get it, what went back of it, and what to do now."""
    found = _payment(payment)
    attempts = list(found.attempts.order_by("pk"))
    recharge = Recharge.objects.filter(payment=found).select_related("invoice", "account").first()
    context = {
        "payment": found,
        "recharge": recharge,
        "badge": payment_badge(found),
        "attempts": [(attempt, ATTEMPT_KINDS[Attempt.State(attempt.state)]) for attempt in attempts],
        "contradiction": attempts[-1].contradiction,
        "open_attempt": next((attempt for attempt in attempts if attempt.finished_at is None), None),
        "next_step": _next_step(attempts[-1]) or _next_step_back(found),
        "may_give_up": payments.is_lost(attempts[-1]),
        "reversals": found.reversals.select_related("take_back").order_by("pk"),
        "refund_form": _refund_form(recharge),
    }
    return render(request, "portal/backoffice/payment.html", context)


@staff_view
@require_POST
def desk_payment_inquiry(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Ask the provider what became of a payment, with the key it was asked with; nothing is charged twice."""
    recharge = recharges.pursue(recharge=_recharge(payment), now=timezone.now(), at_once=True)
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
@require_POST
def desk_payment_abandonment(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Give up an unknown payment that the provider has never heard of."""
    try:
        recharges.give_up(recharge=_recharge(payment), actor_id=request.user.pk, now=timezone.now())
    except recharges.StillPossible:
        messages.error(request, _("This payment may still turn out charged. Ask again first."))
    else:
        messages.success(request, _("The payment was given up. The customer can buy again."))
    return redirect("desk_payment", payment)


@staff_view
@require_POST
def desk_payment_contradiction(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Note that staff have seen to what the provider said and cannot be; an open payment ends, unpaid."""
    recharges.settle_contradiction(recharge=_recharge(payment), actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("The contradiction is settled. It stays in the audit log."))
    return redirect("desk_payment", payment)


@staff_view
@require_POST
def desk_payment_refund(request: PersonRequest, payment: UUID) -> HttpResponse:
    """Give money back, its credits first; what came by bank transfer, staff return by one."""
    recharge, form = _recharge(payment), RefundForm(request.POST)
    is_transfer = recharge.payment.method.kind == PaymentMethod.Kind.BANK_TRANSFER
    give_back = refunds.give_back_by_hand if is_transfer else refunds.refund
    if not form.is_valid():
        messages.error(request, _("Enter an amount above zero, and why it is given back."))
        return redirect("desk_payment", payment)
    try:
        reversal = give_back(recharge=recharge, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
    except refunds.NotRefundable:
        messages.error(request, _("That much was not paid, or has been given back already."))
    except refunds.CreditsSpent:
        most = money(refunds.refundable_cents(recharge), recharge.currency)
        messages.error(request, _("Its credits have been spent. At most %(most)s can be given back.") % {"most": most})
    else:
        _tell(request, reversal)
    return redirect("desk_payment", payment)


def _tell(request: PersonRequest, reversal: Reversal) -> None:
    if reversal.state == Reversal.State.REFUSED:
        messages.error(
            request, _("The provider refused the refund. No money went back, and the credits are there again.")
        )
    elif reversal.kind == Reversal.Kind.BY_HAND:
        messages.success(
            request,
            _("The credits have been taken back, and the credit note is issued. Return the money by bank transfer."),
        )
    else:
        messages.success(request, _("The refund is on its way, and its credits have been taken back."))


def _payment(public_id: UUID) -> Payment:
    return get_object_or_404(payments_selectors.all_payments().select_related("account__parent"), public_id=public_id)


def _recharge(payment: UUID) -> Recharge:
    recharge = Recharge.objects.filter(payment__public_id=payment).select_related("account").first()
    if recharge is None:
        raise Http404
    return recharge


def _next_step(attempt: Attempt) -> str:
    """What a person can safely do about an open try; empty when there is nothing to do."""
    if attempt.contradiction:
        return _(
            "The provider said what cannot be true of this payment. Credits are not given for it. "
            "Compare the amounts in the provider's own pages, give back there what was charged wrongly, then settle it here."
        )
    if payments.is_lost(attempt):
        return _("The provider has no such payment. It is safe to give it up: nothing was charged.")
    return {
        Attempt.State.UNKNOWN: _(
            "Ask again: the same key is used, so nothing is charged twice. We also ask by ourselves."
        ),
        Attempt.State.PENDING: _("Wait: the bank takes days over a direct debit or a transfer. We ask by ourselves."),
        Attempt.State.CONFIRMING: _("Wait: the customer has to confirm the payment with their bank."),
    }.get(Attempt.State(attempt.state), "")


def _next_step_back(payment: Payment) -> str:
    """What a person does about money that came again after a credit note; empty when none did."""
    if not payment.reversals.filter(state=Reversal.State.CAME_AGAIN).exists():
        return ""
    return _(
        "Money that had gone back came to us again, after its credit note. The note stays, and so do the credits. "
        "Agree with the customer: return the money by bank transfer, or let them buy again."
    )


def _refund_form(recharge: Recharge | None) -> RefundForm | None:
    most = refunds.refundable_cents(recharge) if recharge and recharge.state == Recharge.State.PAID else 0
    return RefundForm(initial={"amount_cents": Decimal(most) / 100, "reference": uuid4()}) if most else None
