"""Keeping a card or a bank account at Stripe, in the browser. Stripe's own page asks for the details."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.payments import mandates, setups
from billing.payments.forms import StripePageForm
from billing.payments.providers.stripe_setup import NotReached, NotSetUp
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
        url = setups.begin(
            account=account,
            text=mandates.text() if is_debit else "",
            return_url=request.build_absolute_uri(back),
            address=logs.remote_address.get() or "127.0.0.1",
            actor_id=request.user.pk,
            now=timezone.now(),
        )
    except NotSetUp:
        messages.error(request, _("The payment provider cannot be reached. Try again in a minute."))
        return redirect(back)
    return render(request, "billing/payments/stripe_page.html", {"url": url, "is_debit": is_debit})


@account_view(Capability.BUY)
@require_POST
def stripe_method(request: AccountRequest) -> HttpResponse:
    """Keep what Stripe's page has brought; keeping it again changes nothing, and another account's is not kept."""
    session = request.POST.get("session", "")[:120]
    try:
        method = setups.finish(session=session, account=request.account, now=timezone.now())
    except NotReached:
        messages.info(request, _("Stripe does not answer. What you entered there is kept as soon as it does."))
    except NotSetUp:
        messages.error(request, _("The payment method was not set up. Nothing has been kept; try again."))
    else:
        messages.success(request, _("%(name)s has been added.") % {"name": method.label})
    return redirect("payment_methods", request.account.public_id)
