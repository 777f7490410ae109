"""Credits that move between the wallets of a customer, in the browser."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.credits import selectors as credits_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.accounts.models import Account
from portal.subaccounts import forms, selectors, services
from portal.subaccounts import transfers as transfer_pages
from portal.subaccounts.views import customer_of, say_too_much, subaccount_of
from portal.templatetags.formats import credits


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount_credit(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Move credits from the customer into a sub-account, for good or until a day."""
    customer, now = customer_of(request), timezone.now()
    mine = get_object_or_404(
        selectors.subaccounts(customer), public_id=subaccount, deactivated_at=None, is_unlimited=False
    )
    form = forms.CreditForm(request.POST or None, customer=customer, now=now)
    if request.method == "POST" and form.is_valid():
        page = _move(request, form, customer, mine, now, then=reverse("subaccounts", args=[customer.public_id]))
        if page:
            return redirect(page)
    context = {
        "form": form,
        "subaccount": mine,
        "balance": credits_selectors.balance(customer),
        "target_balance": credits_selectors.balance(mine),
    }
    return render(request, "portal/subaccounts/subaccount_credit.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def transfer_new(request: AccountRequest) -> HttpResponse:
    """Move credits between any two wallets of the customer."""
    customer = customer_of(request)
    form = forms.TransferForm(request.POST or None, customer=customer)
    if request.method == "POST" and form.is_valid():
        source, target = form.cleaned_data["source"], form.cleaned_data["target"]
        then = reverse("transfers", args=[customer.public_id])
        page = _move(request, form, source, target, timezone.now(), then=then)
        if page:
            return redirect(page)
    context = {"form": form, "wallets": selectors.wallets(customer)}
    return render(request, "portal/subaccounts/transfer_new.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount_reset(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Take everything that is available in a sub-account back; first say how much that is."""
    mine = subaccount_of(request, subaccount)
    form = forms.ReferenceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        units = services.reset(
            subaccount=mine, reference=form.cleaned_data["reference"], actor_id=request.user.pk, now=timezone.now()
        )
        if units:
            messages.success(request, _say_moved(units, request.account))
        else:
            messages.info(request, _("%(account)s had nothing available to take back.") % {"account": mine.name})
        return redirect("subaccounts", request.account.public_id)
    context = {"form": form, "subaccount": mine}
    return render(request, "portal/subaccounts/subaccount_reset.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.VIEW)
@require_safe
def transfers(request: AccountRequest) -> HttpResponse:
    """What moved between the wallets of the customer, and what is lent."""
    context = {
        "page": transfer_pages.page(request.account, position=request.GET.get("page", "")),
        "loans": selectors.loans(request.account),
        "may_transfer": request.member.can(Capability.MANAGE_SUBACCOUNTS) and not request.account.is_subaccount,
    }
    return render(request, "portal/subaccounts/transfers.html", context)


def _move(
    request: AccountRequest, form: forms.MoveForm, source: Account, target: Account, now: datetime, *, then: str
) -> str:
    """Move what the form says and return where to go; or put the reason why not into the form and return nothing.

    `now` is the moment by which the form was checked: a loan until today that is asked for in the day's last second ends after it.
    """
    try:
        services.transfer(
            customer=request.account,
            source=source,
            target=target,
            credits_units=form.cleaned_data["credits_units"],
            reference=form.cleaned_data["reference"],
            actor_id=request.user.pk,
            now=now,
            returns_at=form.returns_at,
        )
    except services.InsufficientCredits:
        form.add_error("credits_units", say_too_much(source))
    except (services.Deactivated, services.DrawsOnParent):
        form.add_error(None, _("%(account)s takes no credits any more.") % {"account": target.name})
    except services.ReferenceConflict:
        messages.error(request, _("This form has already moved something else. Look at the balances and start anew."))
        return request.path
    else:
        messages.success(request, _say_moved(form.cleaned_data["credits_units"], target))
        return then
    return ""


def _say_moved(units: int, target: Account) -> str:
    # Exactly one credit is singular; decimals take the plural.
    sentence = ngettext(
        "Moved to %(account)s: %(credits)s credit.",
        "Moved to %(account)s: %(credits)s credits.",
        1 if units == 10_000 else 2,
    )
    return sentence % {"credits": credits(units), "account": target.name}
