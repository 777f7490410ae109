"""The first page of an account."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.auto_recharge import selectors as auto_recharge_selectors
from billing.auto_recharge.models import Question
from billing.credits import selectors as credits_selectors
from billing.recharge import selectors as recharge_selectors
from billing.recharge.models import Recharge
from billing.recharge.tables import KINDS
from messaging.alerts import selectors as alerts_selectors
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability
from portal.dashboard import selectors
from portal.dashboard.selectors import Steps, Traffic
from portal.templatetags.charts import Point
from portal.templatetags.formats import day, number


@account_view(Capability.VIEW)
@require_safe
def dashboard(request: AccountRequest) -> HttpResponse:
    """What there is, what is under way, what to do next."""
    now, account = timezone.now(), request.account
    balance = credits_selectors.balance(account)
    traffic = selectors.traffic(account, now)
    recharges = _recharges(request)
    steps = selectors.steps(account, recharges=recharges, sent=traffic.sent)
    context: dict[str, Any] = {
        "balance": balance,
        "reach": selectors.reach(account, balance.available, now) if balance.available > 0 else [],
        "expiry": credits_selectors.next_expiry(account, now),
        "traffic": traffic,
        "points": _points(traffic),
        "running": selectors.running(account),
        "question": _question(request),
        "recharges": [(recharge, KINDS[Recharge.State(recharge.state)]) for recharge in recharges],
        "alerts": list(alerts_selectors.alerts(account)[:5]),
        "steps": _steps(request, steps) if steps else [],
        "done_count": steps.done_count if steps else 0,
        "may": {capability.value: request.member.can(capability) for capability in Capability},
    }
    return render(request, "portal/dashboard/dashboard.html", context)


def _recharges(request: AccountRequest) -> list[Recharge]:
    if not request.member.can(Capability.VIEW_BILLING):
        return []
    return list(recharge_selectors.recharges(request.account)[:5])


def _question(request: AccountRequest) -> Question | None:
    """The purchase that waits for whoever looks; others need not be told of it."""
    if not request.member.can(Capability.BUY):
        return None
    return auto_recharge_selectors.questions(request.account).filter(state=Question.State.WAITING).first()


def _points(traffic: Traffic) -> list[Point]:
    return [Point(day(each.on), each.sent, number(each.sent)) for each in traffic.days]


@dataclass(frozen=True, slots=True)
class Step:
    """A first step as the page shows it; without an address somebody else has to take it."""

    label: str
    url: str
    is_done: bool


def _steps(request: AccountRequest, steps: Steps) -> list[Step]:
    shown = [
        (_("Say whom invoices go to"), "billing_details", Capability.MANAGE_ACCOUNT, steps.has_billing_details),
        (_("Add your first card"), "payment_methods", Capability.BUY, steps.has_card),
        (_("Buy your first credits"), "recharge_new", Capability.BUY, steps.has_bought),
        (_("Send your first message"), "campaign_new", Capability.SEND, steps.has_sent),
    ]
    return [
        Step(label, _step_url(request, name) if request.member.can(capability) else "", is_done)
        for label, name, capability, is_done in shown
    ]


def _step_url(request: AccountRequest, name: str) -> str:
    """Where a step is taken; billing details lead back here, to the next one."""
    url = reverse(name, args=[request.account.public_id])
    return f"{url}?for=first-steps" if name == "billing_details" else url
