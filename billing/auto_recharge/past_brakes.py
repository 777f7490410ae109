"""What held the automatic recharges of an account back in its last 60 days, and would have in a replay of them."""

from datetime import datetime, time, timedelta
from itertools import accumulate, pairwise
from typing import Final
from zoneinfo import ZoneInfo

from billing.auto_recharge import facts
from billing.auto_recharge.braking import DAY_MS, USUAL_DAYS, Brakes, Price, Use
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.models import AutoRecharge, Evaluation, Policy
from billing.auto_recharge.replaying import HOUR_MS, MILLISECOND, in_ms, moment
from billing.auto_recharge.simulate import Past
from billing.credits import selectors as credits_selectors
from billing.ledger.models import Account as LedgerAccount
from billing.recharge.provisional import RETURNABLE
from portal.accounts.models import Account

ANSWER: Final = timedelta(hours=1)
"""How long an owner who is asked is taken to need for the answer."""

ARRIVAL: Final = timedelta(days=15)
"""Longer than any purchase that can be tried out takes to arrive."""


def brakes(
    account: Account,
    auto: AutoRecharge | None,
    rules: Policy,
    past: Past,
    price: Price,
    debit_limit_cents: int | None = None,
) -> Brakes:
    """The brakes of a replay: the limits and the policy of today, and the pauses and the use that there were.

    `debit_limit_cents` is the operator's limit of debits that can be returned, None where a card is charged.
    """
    zone, end = ZoneInfo(account.time_zone), moment(past.until) + ARRIVAL
    day_cap, month_cap = facts.caps(auto, rules) if auto else (rules.day_cap_cents, rules.month_cap_cents)
    midnights = _midnights(moment(past.since), end, zone)
    return Brakes(
        price=price,
        day_cap=day_cap,
        month_cap=month_cap,
        days=[in_ms(each) for each in midnights],
        months=[in_ms(each) for place, each in enumerate(midnights) if not place or each.day == 1],
        pauses=_pauses(auto, past) if auto else [],
        apart=rules.hours_apart * HOUR_MS,
        pace_factor=rules.pace_factor,
        answer=ANSWER // MILLISECOND,
        used=_use(account, past),
        opened=in_ms(account.created_at),
        debit_limit=debit_limit_cents,
        returnable=RETURNABLE // MILLISECOND,
    )


def _midnights(begin: datetime, end: datetime, zone: ZoneInfo) -> list[datetime]:
    """The beginnings of all days in the zone, from that of the month of `begin` until the month after that of `end`."""
    first = begin.astimezone(zone).date().replace(day=1)
    last = (end.astimezone(zone).date().replace(day=1) + timedelta(days=62)).replace(day=1)
    return [datetime.combine(first + timedelta(days=day), time(), zone) for day in range((last - first).days + 1)]


def _pauses(auto: AutoRecharge, past: Past) -> list[tuple[int, int]]:
    """From when until when it paused after declined payments: until the pause was over, or until another answer came."""
    rows = Evaluation.objects.filter(auto_recharge=auto, last_at__gte=moment(past.since)).order_by("pk")
    found = [*rows.values_list("answer", "first_at", "until"), ("", None, None)]
    pauses = []
    for (answer, begun, until), (_answer, following, _until) in pairwise(found):
        if answer == Answer.PAUSED and begun and until:
            ended = min(until, following or until)
            pauses += [(in_ms(begun), in_ms(ended))] if begun < ended else []
    return sorted(pauses)


def _use(account: Account, past: Past) -> Use:
    """What was used of the account's own credits, by whichever account, to the hour: only days are compared."""
    pot = LedgerAccount.objects.filter(wallet__account=account).first()
    since = moment(past.since - (USUAL_DAYS + 1) * DAY_MS)
    hours = sorted(credits_selectors.used_by_hour(pot, since).items()) if pot else []
    return Use([in_ms(hour) for hour, _units in hours], list(accumulate(units for _hour, units in hours)))
