"""Buying credits in the browser."""

from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.credits import selectors as credits_selectors
from billing.invoices import services as invoices
from billing.payments import selectors as payments_selectors
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.payments.providers import sandbox
from billing.pricing import selectors as pricing_selectors
from billing.recharge import bank_transfers, selectors, services, telling
from billing.recharge.forms import RechargeForm
from billing.recharge.models import Recharge
from billing.recharge.tables import RechargeTable
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.templatetags.formats import money


@account_view(Capability.VIEW_BILLING)
@require_GET
def recharges(request: AccountRequest) -> HttpResponse:
    """The account's purchases."""
    table = RechargeTable(selectors.recharges(request.account), request=request)
    return render(request, "billing/recharge/recharges.html", {"table": table})


@account_view(Capability.BUY)
@require_http_methods(["GET", "POST"])
def recharge_new(request: AccountRequest) -> HttpResponse:
    """Choose a pack and pay."""
    now = timezone.now()
    form = RechargeForm(
        request.POST or None,
        packs=pricing_selectors.packs(request.account, now),
        methods=payments_selectors.methods(request.account, now.date()),
        assessment=selectors.vat_assessment(request.account),
    )
    if request.method == "POST" and form.is_valid():
        try:
            recharge = _buy(request, form, now)
        except services.RechargeAlreadyOpen:
            form.add_error(None, _("Another recharge is still waiting for its payment. Open it to see how it stands."))
        except services.DrawsOnAnother:
            form.add_error(None, _("This account spends the credits of another one. Buy them there."))
        except services.ProvisionalLimitReached as reached:
            form.add_error("method", _limit_sentence(reached))
        except payments.MethodNotUsable:
            form.add_error("method", _("This payment method can no longer be used. Choose another one."))
        except invoices.BillingDetailsMissing:
            messages.warning(request, _("Complete the billing details first: they go on the invoice."))
            form_url = reverse("billing_details", args=[request.account.public_id])
            return redirect(f"{form_url}?for=purchase")
        else:
            return redirect("recharge", request.account.public_id, recharge.public_id)
    status = 422 if form.is_bound else 200
    return render(request, "billing/recharge/recharge_new.html", _offer(request, form), status=status)


@account_view(Capability.VIEW_BILLING)
@require_GET
def recharge(request: AccountRequest, recharge: str) -> HttpResponse:
    """One purchase: paid, failed with the reason, or still being confirmed."""
    mine = get_object_or_404(selectors.recharges(request.account), public_id=recharge)
    name = "_state.html" if request.htmx else "recharge.html"
    take_backs = list(mine.take_backs.filter(undone_at=None).select_related("reversal"))
    context = {
        "recharge": mine,
        "attempt": selectors.progress(mine),
        "State": Recharge.State,
        "take_backs": take_backs,
        "is_undone": sum(each.units for each in take_backs) == mine.credits_units,
        "credit_notes": mine.invoice.credit_notes.order_by("pk") if mine.invoice else [],
        "payee": telling.payee(),
        "is_provisional": mine.provisional_until is not None and mine.provisional_until > timezone.now(),
        "may_send": request.member.can(Capability.SEND),
        "may_buy": request.member.can(Capability.BUY),
    }
    return render(request, f"billing/recharge/{name}", context)


@account_view(Capability.BUY)
@require_POST
def recharge_confirmation(request: AccountRequest, recharge: str) -> HttpResponse:
    """Confirm a payment with the sandbox's bank, or refuse to; a real bank asks on its own page."""
    mine = get_object_or_404(selectors.recharges(request.account), public_id=recharge)
    attempt = selectors.progress(mine)
    if attempt.provider == "sandbox" and attempt.state == attempt.State.CONFIRMING and not settings.PRODUCTION:
        sandbox.confirm(key=str(attempt.key), agreed=request.POST.get("decision") == "agreed")
        services.pursue(recharge=mine, now=timezone.now(), at_once=True)
    return redirect("recharge", request.account.public_id, mine.public_id)


@account_view(Capability.BUY)
@require_POST
def recharge_withdrawal(request: AccountRequest, recharge: str) -> HttpResponse:
    """Take a purchase back that was to be paid by bank transfer; taking it back again changes nothing."""
    mine = get_object_or_404(selectors.recharges(request.account), public_id=recharge)
    try:
        bank_transfers.withdraw(recharge=mine, actor_id=request.user.pk, now=timezone.now())
    except bank_transfers.NotWithdrawable:
        messages.error(request, _("This purchase cannot be withdrawn any more: it is closed, or some money has come."))
    else:
        messages.success(request, _("The purchase has been withdrawn. You can buy again."))
    return redirect("recharge", request.account.public_id, mine.public_id)


def _buy(request: AccountRequest, form: RechargeForm, now: datetime) -> Recharge:
    """Buy what a valid form says; who chose a bank transfer for the first time has it among the methods from now on."""
    given, account, actor_id = form.cleaned_data, request.account, request.user.pk
    label = str(PaymentMethod.Kind.BANK_TRANSFER.label)
    method = given["method"] or payments.bank_transfer(account=account, label=label, actor_id=actor_id, now=now)
    return services.buy(**{**given, "method": method}, account=account, actor_id=actor_id, now=now)


def _limit_sentence(reached: services.ProvisionalLimitReached) -> str:
    sentence = _(
        "Direct debits of %(open)s can still be returned, and %(limit)s is the limit. "
        "Buy less, or pay with a card or by bank transfer."
    )
    return sentence % {"open": money(reached.open_cents, "EUR"), "limit": money(reached.limit_cents, "EUR")}


def _offer(request: AccountRequest, form: RechargeForm) -> dict[str, object]:
    """What the page of packs shows beside the form."""
    return {
        "form": form,
        "payer": credits_selectors.draws_on(request.account),
        "open_recharge": selectors.recharges(request.account).waiting().first(),
        "assessment": form.assessment,
        "expire_after_months": form.expire_after_months,
    }
