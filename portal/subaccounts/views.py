"""Sub-accounts in the browser."""

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.credits import selectors as credits_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.accounts.models import Account
from portal.subaccounts import selectors, services
from portal.subaccounts.forms import MoveForm, SubaccountForm
from portal.subaccounts.tables import SubaccountTable
from portal.templatetags.formats import credits


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_safe
def subaccounts(request: AccountRequest) -> HttpResponse:
    """The customer's sub-accounts with their credits."""
    found = selectors.subaccounts(_customer(request))
    table = SubaccountTable(found, customer=request.account, request=request)
    return render(request, "portal/subaccounts/subaccounts.html", {"table": table})


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "POST"])
def subaccount_new(request: AccountRequest) -> HttpResponse:
    """Open a sub-account."""
    form = SubaccountForm(request.POST or None)
    customer = _customer(request)
    if request.method == "POST" and form.is_valid():
        try:
            opened = services.open_subaccount(
                parent=customer, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data
            )
        except services.NameTaken:
            form.add_error("name", _("You have a sub-account of this name already."))
        except services.InsufficientCredits:
            _say_too_much(form, customer)
        else:
            messages.success(request, _("The sub-account “%(name)s” is open.") % {"name": opened.name})
            return redirect("subaccounts", customer.public_id)
    context = {"form": form, "balance": credits_selectors.balance(customer)}
    return render(request, "portal/subaccounts/subaccount_new.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "POST"])
def subaccount_credit(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Move credits from the customer into a sub-account."""
    form = MoveForm(request.POST or None)
    customer = _customer(request)
    target = get_object_or_404(Account, parent=customer, public_id=subaccount, deactivated_at=None)
    if request.method == "POST" and form.is_valid():
        try:
            services.credit(subaccount=target, actor_id=request.user.pk, now=timezone.now(), **form.cleaned_data)
        except services.InsufficientCredits:
            _say_too_much(form, customer)
        except services.ReferenceConflict:
            messages.error(
                request, _("This form has already moved another amount. Look at the balances and start anew.")
            )
            return redirect("subaccount_credit", customer.public_id, target.public_id)
        else:
            messages.success(request, _moved(form.cleaned_data["credits_units"], target))
            return redirect("subaccounts", customer.public_id)
    context = {
        "form": form,
        "subaccount": target,
        "balance": credits_selectors.balance(customer),
        "target_balance": credits_selectors.balance(target),
    }
    return render(request, "portal/subaccounts/subaccount_credit.html", context, status=422 if form.is_bound else 200)


def _customer(request: AccountRequest) -> Account:
    """Return the account if it can have sub-accounts; of others such a page does not exist."""
    if request.account.is_subaccount or request.account.is_operator:
        raise Http404
    return request.account


def _say_too_much(form: Form, customer: Account) -> None:
    available = credits(credits_selectors.balance(customer).available)
    form.add_error(
        "credits_units", _("You have %(credits)s credits available. Move no more than that.") % {"credits": available}
    )


def _moved(units: int, target: Account) -> str:
    sentence = ngettext(
        "%(credits)s credit moved to %(account)s.", "%(credits)s credits moved to %(account)s.", _plural(units)
    )
    return sentence % {"credits": credits(units), "account": target.name}


def _plural(units: int) -> int:
    """Return 1 for exactly one credit; decimals take the plural."""
    return 1 if units == 10_000 else 2
