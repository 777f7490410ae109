"""The desk's page of policies, and the automatic recharges that wait for their owner's answer."""

from datetime import datetime
from decimal import Decimal

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.auto_recharge import policies as recharge_policies
from billing.auto_recharge import selectors as auto_recharges
from billing.payments import policies as payment_policies
from billing.payments import selectors as payments_selectors
from billing.recharge import provisional
from portal.accounts.access import PersonRequest, staff_view
from portal.backoffice.policy_forms import PaymentPolicyForm, RechargePolicyForm

ROWS = 25


@staff_view
@require_safe
def desk_policies(request: PersonRequest) -> HttpResponse:
    """Every policy with its periods, and a form that lays another one over them."""
    now = timezone.now()
    return _show(request, _recharge_form(None, now), _payment_form(None, now), now)


@staff_view
@require_POST
def desk_recharge_policies(request: PersonRequest) -> HttpResponse:
    """Change the rules of automatic recharges from a day on."""
    now = timezone.now()
    form = _recharge_form(request, now)
    if not form.is_valid():
        return _show(request, form, _payment_form(None, now), now)
    changed = recharge_policies.change(terms=form.terms, valid_from=form.begins_at, actor_id=request.user.pk, now=now)
    return _done(request, changed)


@staff_view
@require_POST
def desk_payment_policies(request: PersonRequest) -> HttpResponse:
    """Change the rules of payments from a day on."""
    now = timezone.now()
    form = _payment_form(request, now)
    if not form.is_valid():
        return _show(request, _recharge_form(None, now), form, now)
    changed = payment_policies.change(terms=form.terms, valid_from=form.begins_at, actor_id=request.user.pk, now=now)
    return _done(request, changed)


@staff_view
@require_safe
def desk_questions(request: PersonRequest) -> HttpResponse:
    """The automatic recharges whose owner was asked and has not answered, the longest waiting first."""
    page = Paginator(auto_recharges.waiting_questions(), ROWS).get_page(request.GET.get("page"))
    known = auto_recharges.last_answers([question.auto_recharge_id for question in page])
    now = timezone.now()
    rows = [
        (question, known.get(question.auto_recharge_id), (now - question.asked_at).days, _hours(question.asked_at, now))
        for question in page
    ]
    return render(request, "portal/backoffice/questions.html", {"rows": rows, "page": page})


def _hours(since: datetime, now: datetime) -> int:
    return int((now - since).total_seconds() // 3600)


def _recharge_form(request: PersonRequest | None, now: datetime) -> RechargePolicyForm:
    terms = recharge_policies.terms_of(auto_recharges.policy(now))
    return RechargePolicyForm(request.POST if request else None, terms=terms, now=now)


def _payment_form(request: PersonRequest | None, now: datetime) -> PaymentPolicyForm:
    initial = {"limit": Decimal(provisional.limit_cents(now)) / 100, "part_days": payments_selectors.part_days(now)}
    return PaymentPolicyForm(request.POST if request else None, now=now, initial=initial, auto_id="id_payments_%s")


def _done(request: PersonRequest, changed: bool) -> HttpResponse:
    if changed:
        messages.success(request, _("The policy is changed."))
    else:
        messages.info(request, _("The policy says so already."))
    return redirect("desk_policies")


def _show(
    request: PersonRequest, recharge_form: RechargePolicyForm, payment_form: PaymentPolicyForm, now: datetime
) -> HttpResponse:
    context = {
        "recharge_form": recharge_form,
        "payment_form": payment_form,
        "recharge_periods": recharge_policies.periods(),
        "payment_periods": payment_policies.periods(),
        "now": now,
    }
    status = 422 if recharge_form.errors or payment_form.errors else 200
    return render(request, "portal/backoffice/policies.html", context, status=status)
