"""Trying a threshold and a quantity out on the last 60 days."""

from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.amounts import UNITS_PER_CREDIT
from billing.auto_recharge import past_brakes, replaying, selectors
from billing.auto_recharge.forms import ReplayForm
from billing.auto_recharge.models import AutoRecharge, Policy
from billing.auto_recharge.replaying import Wish
from billing.auto_recharge.simulate import Terms
from billing.payments.models import PaymentMethod
from billing.recharge import provisional
from portal.accounts.access import AccountRequest, account_view
from portal.accounts.capabilities import Capability

MOST_A_MONTH: Final = 4
DEBIT_DAYS: Final = 5
ROWS: Final = 100


@account_view(Capability.VIEW_BILLING)
@require_safe
def auto_recharge_replay(request: AccountRequest) -> HttpResponse:
    """What a pair would have bought in the last 60 days, and the pair that we would recommend."""
    now = timezone.now()
    rules, auto = selectors.policy(now), selectors.of(request.account)
    wish = _usual(auto, rules)
    form = ReplayForm(request.GET or None, quantities=rules.quantities, wish=wish)
    if form.is_bound and not form.is_valid():
        return render(request, "billing/auto_recharge/replay.html", {"form": form, "auto": auto}, status=422)
    wish = form.wish() if form.is_bound else wish
    context = {"form": form, "auto": auto, "wish": wish, **_replayed(request, wish, rules, auto)}
    return render(request, "billing/auto_recharge/replay.html", context)


def _replayed(request: AccountRequest, wish: Wish, rules: Policy, auto: AutoRecharge | None) -> dict[str, Any]:
    """What the page shows of the replay; nothing where no credits were used."""
    now = timezone.now()
    past = replaying.past(request.account, now)
    if not any(amount < 0 for amount in past.amounts):
        return {}
    price = replaying.prices(request.account, now)
    # What takes days is a debit, and can be returned.
    limit_cents = provisional.limit_cents(now) if wish.days else None
    brakes = past_brakes.brakes(request.account, auto, rules, past, price, limit_cents)
    outcome = replaying.outcome(past, wish.terms, price, brakes)
    pair = replaying.recommendation(past, rules.quantities, wish, brakes)
    return {
        "outcome": outcome,
        "points": replaying.points(past, outcome.made, ZoneInfo(request.account.time_zone)),
        "bought": replaying.bought(outcome, price)[:ROWS],
        "held": replaying.held(outcome)[:ROWS],
        "recommended": replaying.outcome(past, pair, price, brakes) if pair else None,
        "is_recommended": pair == outcome.terms,
        "fill_in": urlencode(_pair(pair)),
        "again": urlencode(_pair(pair) | {"days": wish.days, "most": wish.most_a_month}),
    }


def _pair(pair: Terms | None) -> dict[str, int]:
    """A recommended pair as the forms read it from an address: whole credits, which every language writes alike."""
    return {"threshold": pair.threshold // UNITS_PER_CREDIT, "quantity": pair.quantity} if pair else {}


def _usual(auto: AutoRecharge | None, rules: Policy) -> Wish:
    """What is tried out first: what is set up, else a pair in the middle."""
    middle = rules.quantities[len(rules.quantities) // 2]
    if auto is None:
        return Wish(middle // 5, middle, 0, MOST_A_MONTH)
    days = DEBIT_DAYS if auto.method.kind == PaymentMethod.Kind.SEPA else 0
    return Wish(auto.threshold_units, auto.quantity_units, days, MOST_A_MONTH)
