"""Sub-accounts in the browser: their list, a new one, changes, deactivation."""

import logging
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from billing.credits import selectors as credits_selectors
from portal.accounts import invitations
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.accounts.invitations import Issued
from portal.accounts.models import Account
from portal.subaccounts import forms, selectors, services
from portal.subaccounts.tables import SubaccountTable
from portal.templatetags.formats import credits, number

logger = logging.getLogger(__name__)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_safe
def subaccounts(request: AccountRequest) -> HttpResponse:
    """The customer's sub-accounts with their credits."""
    customer = customer_of(request)
    found, loans = selectors.listed(customer), selectors.loans(customer)
    table = SubaccountTable(found, customer=customer, loans=loans, request=request)
    return render(request, "portal/subaccounts/subaccounts.html", {"table": table})


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount_new(request: AccountRequest) -> HttpResponse:
    """Open a sub-account and put somebody in charge."""
    form, customer = forms.SubaccountForm(request.POST or None), customer_of(request)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            opened, issued = services.entrust(
                parent=customer,
                plan=form.plan,
                reference=form.cleaned_data["reference"],
                actor_id=request.user.pk,
                now=now,
            )
        except services.NameTaken:
            form.add_error("name", _say_name_taken())
        except services.EmailTaken:
            form.add_error("email", _say_email_taken())
        except services.TooManyInvitations:
            form.add_error(None, _say_too_many())
        except services.InsufficientCredits:
            form.add_error("credits_units", say_too_much(customer))
        else:
            messages.success(request, _("The sub-account “%(name)s” is open.") % {"name": opened.name})
            _send(request, issued)
            return redirect("subaccounts", customer.public_id)
    context = {"form": form, "balance": credits_selectors.balance(customer)}
    return render(request, "portal/subaccounts/subaccount_new.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Change a sub-account's name, or what it may spend."""
    mine = subaccount_of(request, subaccount)
    spending = forms.UNLIMITED if mine.is_unlimited else forms.LIMITED
    form = forms.ChangeForm(request.POST or None, initial={"name": mine.name, "spending": spending})
    if request.method == "POST" and form.is_valid():
        try:
            services.change(
                subaccount=mine,
                name=form.cleaned_data["name"],
                is_unlimited=form.cleaned_data["spending"] == forms.UNLIMITED,
                actor_id=request.user.pk,
                now=timezone.now(),
            )
        except services.NameTaken:
            form.add_error("name", _say_name_taken())
        else:
            messages.success(request, _("“%(name)s” is saved.") % {"name": form.cleaned_data["name"]})
            return redirect("subaccounts", request.account.public_id)
    context = {"form": form, "subaccount": mine}
    return render(request, "portal/subaccounts/subaccount.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount_person(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Name who is to be in charge, as long as nobody is."""
    mine = subaccount_of(request, subaccount)
    if mine.deactivated_at:  # nobody could accept
        raise Http404
    if mine.owners:
        return redirect("team", mine.public_id)
    named = getattr(mine, "person_in_charge", None)
    begun = {field: getattr(named, field, "") for field in ("first_name", "last_name", "email")}
    form = forms.PersonForm(request.POST or None, initial=begun)
    if request.method == "POST" and form.is_valid():
        try:
            issued = services.put_in_charge(
                subaccount=mine, person=form.person, password=None, actor_id=request.user.pk, now=timezone.now()
            )
        except services.EmailTaken:
            form.add_error("email", _say_email_taken())
        except services.TooManyInvitations:
            form.add_error(None, _say_too_many())
        except services.SomebodyIsInCharge:
            return redirect("team", mine.public_id)
        else:
            messages.success(request, _("%(name)s is saved as the person in charge.") % {"name": form.person.name})
            _send(request, issued)
            return redirect("subaccount", request.account.public_id, mine.public_id)
    context = {"form": form, "subaccount": mine}
    return render(request, "portal/subaccounts/subaccount_person.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SUBACCOUNTS)
@require_http_methods(["GET", "HEAD", "POST"])
def subaccount_activity(request: AccountRequest, subaccount: UUID) -> HttpResponse:
    """Deactivate a sub-account, or reactivate it. What is asked for is said, so that two tabs do not undo each other."""
    mine = subaccount_of(request, subaccount)
    form = forms.StateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["active"]:
            services.reactivate(subaccount=mine, actor_id=request.user.pk, now=timezone.now())
            messages.success(request, _("%(account)s is active again.") % {"account": mine.name})
        else:
            count = services.deactivate(subaccount=mine, actor_id=request.user.pk, now=timezone.now())
            messages.success(request, _say_deactivated(mine, count))
        return redirect("subaccounts", request.account.public_id)
    context = {"subaccount": mine, "is_active": mine.deactivated_at is None, "running": selectors.running(mine)}
    status = 422 if form.is_bound else 200
    return render(request, "portal/subaccounts/subaccount_activity.html", context, status=status)


def customer_of(request: AccountRequest) -> Account:
    """Return the account if it can have sub-accounts; of others such a page does not exist."""
    if request.account.is_subaccount or request.account.is_operator:
        raise Http404
    return request.account


def subaccount_of(request: AccountRequest, public_id: UUID) -> Any:
    """Return the customer's sub-account with this id and what `selectors.subaccounts` says of it, or 404."""
    return get_object_or_404(selectors.subaccounts(customer_of(request)), public_id=public_id)


def say_too_much(source: Account) -> str:
    """Say how many credits there are to be moved."""
    available = credits(selectors.own_available(source))
    return _("%(credits)s credits are available. Move no more than that.") % {"credits": available}


def _send(request: AccountRequest, issued: Issued | None) -> None:
    """Send the invitation, now that it is written down; say what became of it."""
    if issued is None:
        return
    told = {"email": issued.invitation.email}
    try:
        invitations.send(issued=issued, language=request.user.language, now=timezone.now())
    except OSError:
        logger.exception("An invitation could not be handed to the mail server.")
        messages.warning(
            request,
            _("The invitation to %(email)s could not be sent just now. Send it again from the team page.") % told,
        )
    else:
        messages.success(request, _("An invitation is on its way to %(email)s. It is valid for 7 days.") % told)


def _say_name_taken() -> str:
    return _("You have a sub-account of this name already.")


def _say_email_taken() -> str:
    return _("Somebody with this e-mail address manages another account already. Enter another address.")


def _say_too_many() -> str:
    return _("As many invitations as a day allows have been sent. Try again tomorrow.")


def _say_deactivated(account: Account, count: int) -> str:
    done = _("%(account)s is deactivated.") % {"account": account.name}
    if not count:
        return done
    stopped = ngettext(
        "%(account)s is deactivated. %(count)s message that waited was cancelled.",
        "%(account)s is deactivated. %(count)s messages that waited were cancelled.",
        count,
    )
    return stopped % {"account": account.name, "count": number(count)}
