"""The pages of balance alerts."""

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.credits import selectors as credits_selectors
from messaging.alerts import forecast, selectors, services, wording
from messaging.alerts.forms import AlertForm, ChannelsForm, RunwayForm
from messaging.alerts.models import BalanceAlert
from messaging.contacts import selectors as contacts_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

NOTICES_SHOWN: Final = 20
REFUSALS: Final = (services.TooManyAlerts, services.AlertExists)


@account_view(Capability.VIEW)
@require_safe
def alerts(request: AccountRequest) -> HttpResponse:
    """The account's alerts, how long its credits last, and what became of the latest notices."""
    found = forecast.forecast(request.account, timezone.now())
    context = {
        "alerts": selectors.alerts(request.account),
        "runway": found,
        "points": forecast.points(found) if found else [],
        "notices": [(notice, wording.outcome(notice)) for notice in selectors.notices(request.account)[:NOTICES_SHOWN]],
        "balance": credits_selectors.balance(request.account),
        "may_change": request.member.can(Capability.MANAGE_ALERTS),
    }
    return render(request, "messaging/alerts/alerts.html", context)


@account_view(Capability.MANAGE_ALERTS)
@require_http_methods(["GET", "HEAD", "POST"])
def alert_new(request: AccountRequest) -> HttpResponse:
    """Set up an alert on the credits that are left."""
    return _set_up(request, _form(request, AlertForm, None))


@account_view(Capability.MANAGE_ALERTS)
@require_http_methods(["GET", "HEAD", "POST"])
def runway_alert_new(request: AccountRequest) -> HttpResponse:
    """Set up an alert on how long the credits last."""
    return _set_up(request, _form(request, RunwayForm, None))


def _set_up(request: AccountRequest, form: ChannelsForm) -> HttpResponse:
    if form.is_valid():
        try:
            services.create(account=request.account, terms=form.terms(), actor_id=request.user.pk, now=timezone.now())
        except REFUSALS as refusal:
            form.add_error(None, _refusal(refusal))
        else:
            messages.success(request, _("The alert is set up."))
            return redirect("alerts", request.account.public_id)
    return _show(request, form, None)


@account_view(Capability.MANAGE_ALERTS)
@require_http_methods(["GET", "HEAD", "POST"])
def alert(request: AccountRequest, alert: UUID) -> HttpResponse:
    """Change an alert, or switch its channels on and off."""
    kept = _kept(request, alert)
    form = _form(request, RunwayForm if kept.looks_ahead else AlertForm, kept)
    if form.is_valid():
        try:
            services.change(alert=kept, terms=form.terms(), actor_id=request.user.pk, now=timezone.now())
        except REFUSALS as refusal:
            form.add_error(None, _refusal(refusal))
        else:
            messages.success(request, _("The alert is saved."))
            return redirect("alerts", request.account.public_id)
    return _show(request, form, kept)


@account_view(Capability.MANAGE_ALERTS)
@require_POST
def alert_removal(request: AccountRequest, alert: UUID) -> HttpResponse:
    """Delete an alert."""
    services.remove(alert=_kept(request, alert), actor_id=request.user.pk, now=timezone.now())
    messages.success(request, _("The alert is deleted."))
    return redirect("alerts", request.account.public_id)


@account_view(Capability.MANAGE_ALERTS)
@require_POST
def alert_test(request: AccountRequest, alert: UUID) -> HttpResponse:
    """Send a test by every channel of the alert that is on."""
    try:
        services.test(alert=_kept(request, alert), actor_id=request.user.pk, now=timezone.now())
    except services.AlertOff:
        messages.error(request, _("Nothing was sent: e-mail and SMS are both switched off."))
    except services.JustTested:
        messages.warning(request, _("This alert was tested a moment ago. Wait a minute before the next test."))
    else:
        messages.success(request, _("The test is on its way. What becomes of it is shown below."))
    return redirect("alerts", request.account.public_id)


def _kept(request: AccountRequest, alert: UUID) -> BalanceAlert:
    return get_object_or_404(selectors.alerts(request.account), public_id=alert)


def _form(request: AccountRequest, kind: type[ChannelsForm], alert: BalanceAlert | None) -> ChannelsForm:
    return kind(
        request.POST if request.method == "POST" else None,
        region=contacts_selectors.region(request.account),
        now=timezone.now(),
        alert=alert,
        suggestion={"email_on": True, "email": request.user.email, "number": request.user.phone},
    )


def _show(request: AccountRequest, form: ChannelsForm, alert: BalanceAlert | None) -> HttpResponse:
    looks_ahead = isinstance(form, RunwayForm)
    context = {
        "form": form,
        "alert": alert,
        "looks_ahead": looks_ahead,
        "balance": credits_selectors.balance(request.account),
        "runway": forecast.forecast(request.account, timezone.now()) if looks_ahead else None,
    }
    return render(request, "messaging/alerts/alert.html", context, status=422 if form.errors else 200)


def _refusal(refusal: Exception) -> str:
    if isinstance(refusal, services.TooManyAlerts):
        return _("This account has %(count)s alerts, and cannot have more. Delete one first.") % {
            "count": services.MAX_ALERTS
        }
    return _("You have an alert with this threshold and these addresses already.")
