"""Payment methods in the browser."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.payments import selectors, services
from billing.payments.forms import SandboxCardForm
from billing.payments.models import PaymentMethod
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability


@account_view(Capability.BUY)
@require_http_methods(["GET", "POST"])
def payment_methods(request: AccountRequest) -> HttpResponse:
    """The cards of the account, and a form for another one."""
    now = timezone.now()
    form = SandboxCardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.add_method(
            account=request.account,
            provider="sandbox",
            expires_on=None,
            actor_id=request.user.pk,
            now=now,
            **form.cleaned_data,
        )
        messages.success(request, _("The card has been added."))
        return redirect("payment_methods", request.account.public_id)
    methods = selectors.methods(request.account, now.date())
    context = {"form": form, "methods": methods}
    return render(request, "billing/payments/payment_methods.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.BUY)
@require_POST
def payment_method_removal(request: AccountRequest, method: str) -> HttpResponse:
    """Remove a card; removing it again changes nothing."""
    mine = get_object_or_404(PaymentMethod, account=request.account, public_id=method)
    services.remove_method(method=mine, actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("The card has been removed."))
    return redirect("payment_methods", request.account.public_id)
