"""Registrations of a sender in countries, asked for and taken back in the browser."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from messaging.senders import registrations, selectors
from messaging.senders.forms import AliasForm, CountryForm
from messaging.senders.models import SenderName
from messaging.senders.registrations import Alias
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

_FAULTS = (registrations.NotRegistrable, registrations.AlreadyThere, registrations.SenderOver)


@account_view(Capability.MANAGE_SENDERS)
@require_http_methods(["GET", "POST"])
def registration_new(request: AccountRequest, sender: UUID) -> HttpResponse:
    """Choose the country in which the sender is to be registered; Italy asks more and has a page of its own."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    open_to = selectors.open_to(found, timezone.now())
    form = CountryForm(request.POST or None, countries=[each for each in open_to if each != selectors.ALIAS_COUNTRY])
    if request.method == "POST" and form.is_valid():
        return _request(request, found, form.cleaned_data["country"], None)
    context = {"sender": found, "form": form, "asks_italy": selectors.ALIAS_COUNTRY in open_to}
    status = 422 if form.is_bound else 200
    return render(request, "messaging/senders/registration_new.html", context, status=status)


@account_view(Capability.MANAGE_SENDERS)
@require_http_methods(["GET", "POST"])
def alias_new(request: AccountRequest, sender: UUID) -> HttpResponse:
    """Give what the Italian register asks; the billing details have filled in what they know."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    form = AliasForm(
        request.POST or None,
        initial=selectors.alias_proposal(request.account, request.user),
        billing_country=selectors.billing_country(request.account),
    )
    if request.method == "POST" and form.is_valid():
        return _request(request, found, selectors.ALIAS_COUNTRY, form.alias())
    context = {"sender": found, "form": form}
    return render(request, "messaging/senders/alias_new.html", context, status=422 if form.is_bound else 200)


@account_view(Capability.MANAGE_SENDERS)
@require_POST
def registration_withdrawal(request: AccountRequest, sender: UUID, registration: UUID) -> HttpResponse:
    """Take a registration back."""
    found = get_object_or_404(selectors.names(request.account), public_id=sender)
    one = get_object_or_404(found.registrations.all(), public_id=registration)
    try:
        registrations.withdraw(registration=one, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("The registration has been withdrawn."))
    except registrations.NotPossible:
        messages.error(request, _("This registration has ended already. Nothing was changed."))
    return redirect("sender_name", request.account.public_id, found.public_id)


def _request(request: AccountRequest, sender: SenderName, country: str, alias: Alias | None) -> HttpResponse:
    named: dict[str, Any] = {"country": selectors.country_name(country), "name": sender.name}
    try:
        registrations.request(sender=sender, country=country, alias=alias, actor_id=request.user.pk, now=timezone.now())
        messages.success(request, _("The registration of “%(name)s” in %(country)s has been requested.") % named)
    except _FAULTS:
        sentence = _("“%(name)s” cannot be registered in %(country)s now: look below how it stands there.")
        messages.error(request, sentence % named)
    return redirect("sender_name", request.account.public_id, sender.public_id)
