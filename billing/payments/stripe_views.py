"""Keeping a card or a bank account at Stripe, in the browser. Stripe's own page asks for the details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.payments import mandates, services
from billing.payments.forms import StripePageForm
from billing.payments.models import PaymentMethod
from billing.payments.providers.stripe_setup import Kept, NotSetUp, open_page, read_page
from portal import logs
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability


@account_view(Capability.BUY)
@require_POST
def stripe_page(request: AccountRequest) -> HttpResponse:
    """Open Stripe's page, and lead there by a link: our own pages send forms to nobody else."""
    form, account = StripePageForm(request.POST), request.account
    back = reverse("payment_methods", args=[account.public_id])
    if not form.is_valid():
        messages.error(request, " ".join(map(str, form.non_field_errors())) or _("Choose a card or a bank account."))
        return redirect(back)
    is_debit = form.cleaned_data["kind"] == "sepa"
    try:
        url = open_page(
            account=account.public_id,
            name=account.name,
            is_debit=is_debit,
            return_url=request.build_absolute_uri(back),
        )
    except NotSetUp:
        messages.error(request, _("The payment provider cannot be reached. Try again in a minute."))
        return redirect(back)
    return render(request, "billing/payments/stripe_page.html", {"url": url, "is_debit": is_debit})


@account_view(Capability.BUY)
@require_POST
def stripe_method(request: AccountRequest) -> HttpResponse:
    """Keep what Stripe's page has brought; keeping it again changes nothing, and another account's is not kept."""
    try:
        kept = read_page(account=request.account.public_id, session=request.POST.get("session", "")[:200])
    except NotSetUp:
        messages.error(request, _("The payment method was not set up. Nothing has been kept; try again."))
    else:
        _keep(request, kept)
        messages.success(request, _("%(name)s has been added.") % {"name": kept.label})
    return redirect("payment_methods", request.account.public_id)


def _keep(request: AccountRequest, kept: Kept) -> None:
    now, account = timezone.now(), request.account
    if PaymentMethod.objects.filter(account=account, provider="stripe", token=kept.token).exists():
        return
    actor_id, address = request.user.pk, logs.remote_address.get() or "127.0.0.1"
    if not kept.is_debit:
        services.add_method(
            account=account,
            provider="stripe",
            token=kept.token,
            label=kept.label,
            expires_on=kept.expires_on,
            actor_id=actor_id,
            now=now,
        )
        return
    method = services.add_debit(
        account=account,
        provider="stripe",
        token=kept.token,
        label=kept.label,
        consent=services.Consent(kept.holder[:70], kept.ending, mandates.text(), address),
        actor_id=actor_id,
        now=now,
    )
    mandates.check(mandate=method.mandate, now=now)
