"""Payment methods in the browser, and the providers' webhooks."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from billing.payments import mandates, selectors, services, webhooks
from billing.payments.forms import SandboxCardForm, SandboxDebitForm
from billing.payments.models import PaymentMethod
from billing.payments.providers.base import BadSignature, BadWebhook
from portal import logs
from portal.accounts.access import AccountRequest, account_view, public_view
from portal.accounts.capabilities import Capability


@account_view(Capability.BUY)
@require_http_methods(["GET", "POST"])
def payment_methods(request: AccountRequest) -> HttpResponse:
    """How the account pays, in its order, and forms for another card or bank account."""
    wants_debit = request.POST.get("kind") == "sepa"
    sent = request.method == "POST" and settings.PAYMENT_PROVIDER == "sandbox"
    card = SandboxCardForm(request.POST if sent and not wants_debit else None)
    debit = SandboxDebitForm(request.POST if sent and wants_debit else None, auto_id="debit_%s")
    if sent and (debit if wants_debit else card).is_valid():
        _add(request, card, debit if wants_debit else None)
        return redirect("payment_methods", request.account.public_id)
    context = {
        "card_form": card,
        "debit_form": debit,
        "mandate_text": mandates.text(),
        "standings": selectors.standings(request.account, timezone.now().date()),
        "has_sandbox": settings.PAYMENT_PROVIDER == "sandbox",
        "has_stripe": settings.PAYMENT_PROVIDER == "stripe",
        "session": request.GET.get("session", "")[:200],
    }
    return render(request, "billing/payments/payment_methods.html", context, status=422 if sent else 200)


def _add(request: AccountRequest, card: SandboxCardForm, debit: SandboxDebitForm | None) -> None:
    """Keep what a valid form says; a mandate is checked at once, and again by the sweep until the bank has answered."""
    now, account, actor_id = timezone.now(), request.account, request.user.pk
    if debit is None:
        given = card.cleaned_data
        services.add_method(
            account=account,
            provider="sandbox",
            token=given["token"],
            label=given["label"],
            expires_on=None,
            actor_id=actor_id,
            now=now,
        )
        messages.success(request, _("The card has been added."))
        return
    given = debit.cleaned_data
    ending = given["iban"][-4:]
    consent = services.Consent(given["holder"], ending, mandates.text(), logs.remote_address.get() or "127.0.0.1")
    method = services.add_debit(
        account=account,
        provider="sandbox",
        token=given["token"],
        label=f"{given['holder'][:40]} · {ending}",
        consent=consent,
        actor_id=actor_id,
        now=now,
    )
    mandates.check(mandate=method.mandate, now=now)
    messages.success(
        request, _("The bank account has been added. Its mandate counts as soon as the bank has validated it.")
    )


@account_view(Capability.BUY)
@require_POST
def payment_method_removal(request: AccountRequest, method: str) -> HttpResponse:
    """Remove a method; removing it again changes nothing."""
    mine = get_object_or_404(PaymentMethod, account=request.account, public_id=method)
    try:
        services.remove_method(method=mine, actor_id=request.user.pk, now=timezone.now())
    except services.MethodNeeded:
        sentence = _(
            "An automatic recharge pays with this method, and no other could take over. "
            "Add another method first, or switch the automatic recharge off."
        )
        messages.error(request, sentence)
    else:
        messages.success(request, _("The payment method has been removed."))
    return redirect("payment_methods", request.account.public_id)


@account_view(Capability.BUY)
@require_POST
def payment_method_first(request: AccountRequest, method: str) -> HttpResponse:
    """Pay with this method first; the one that was first becomes the backup."""
    mine = get_object_or_404(PaymentMethod, account=request.account, public_id=method)
    services.put_first(method=mine, actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("%(name)s now pays first.") % {"name": mine.label})
    return redirect("payment_methods", request.account.public_id)


@public_view
@csrf_exempt
@require_POST
def provider_events(request: HttpRequest, provider: str) -> HttpResponse:
    """Take a webhook over its raw body: kept and answered at once; what it means is found out afterwards."""
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal():
        return HttpResponse(status=400)
    if len(length) > len(str(webhooks.MOST_BYTES)) or int(length) > webhooks.MOST_BYTES:
        return HttpResponse(status=413)
    try:
        webhooks.keep(provider=provider, body=request.body, headers=request.headers, now=timezone.now())
    except webhooks.UnknownProvider:
        return HttpResponse(status=404)
    except BadSignature:
        return HttpResponse(status=403)
    except BadWebhook:
        return HttpResponse(status=400)
    return HttpResponse(status=204)
