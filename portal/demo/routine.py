"""The daily work of an account of the demo: what it sends when, and what becomes of it."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from billing.pricing.quote import RateTable
from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.delivery import handover
from messaging.encoding import segments
from messaging.senders import selectors as senders_selectors
from portal.demo.alerts import watch
from portal.demo.habits import HABITS, Habit
from portal.demo.opening import Branch, key
from portal.demo.past import Past, days, local
from portal.demo.purchases import available

# The seconds between a click and each step that follows it.
_HANDED_OVER: Final = timedelta(seconds=2)
_SETTLED: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message to be sent at a moment, to whom, and what it costs in units at most."""

    at: datetime
    name: str
    text: str
    recipients: tuple[str, ...]
    units: int


def plan(branch: Branch, *, first: date, last: date, rates: RateTable, chance: random.Random) -> list[Planned]:
    """Everything that the account will send from the first to the last day, in order."""
    planned = [
        _planned(branch, habit, day, number, rates, chance)
        for habit in HABITS[branch.firm.key]
        for number, day in enumerate(_occasions(habit, first, last))
    ]
    return sorted(planned, key=lambda each: each.at)


def cost(text: str, recipients: tuple[str, ...], rates: RateTable) -> int:
    """What the text to these numbers costs, in units."""
    return segments.count(text).segment_count * sum(rates.find(number).units for number in recipients)


def send(past: Past, branch: Branch, planned: Planned, now: datetime, *, cancelled: bool = False) -> None:
    """Launch what was planned, if the account can pay for it, and let the network and the ledger do their parts.

    Where it is `cancelled` only one batch is handed over.
    """
    if available(branch) < planned.units:
        return
    campaign = campaigns.launch(
        account=branch.account,
        actor_id=branch.sender.pk,
        sender=senders_selectors.default_of(branch.account),
        text=planned.text,
        recipients=planned.recipients,
        reference=str(key(past.chance)),
        name=planned.name,
        now=now,
    )
    past.timeline.at(now + _HANDED_OVER, partial(_hand_over, past, branch, not cancelled))
    if cancelled:
        past.timeline.at(
            now + _HANDED_OVER,
            lambda then: campaigns.cancel(campaign=campaign, actor_id=branch.sender.pk, now=then),
        )
    past.timeline.at(now + _SETTLED, partial(_settle, past, branch, campaign))


def _occasions(habit: Habit, first: date, last: date) -> Iterator[date]:
    for day in days(first, last):
        if day.weekday() in habit.weekdays and (day - first).days // 7 % habit.every_weeks == 0:
            yield day


def _planned(branch: Branch, habit: Habit, day: date, number: int, rates: RateTable, chance: random.Random) -> Planned:
    recipients = tuple(chance.sample(branch.numbers, chance.randint(*habit.sizes)))
    text = habit.texts[number % len(habit.texts)]
    at = local(branch, day, chance.randrange(*habit.hours), chance.randrange(60))
    return Planned(at, f"{habit.name} {day:%d/%m}", text, recipients, cost(text, recipients, rates))


def _hand_over(past: Past, branch: Branch, all_of_it: bool, now: datetime) -> None:
    past.network.now = now
    while (
        handover.submit_batch(account_id=branch.account.pk, now=now, gateway=past.network) == handover.BATCH
        and all_of_it
    ):
        pass


def _settle(past: Past, branch: Branch, campaign: Campaign, now: datetime) -> None:
    campaigns.settle(campaign=campaign, now=now)
    watch(past, branch, now)
