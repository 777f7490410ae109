"""What is going on today: names to be reviewed, a draft, a report being made, a campaign on its way."""

from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from messaging.campaigns import services as campaigns
from messaging.senders import selectors as senders_selectors
from portal.demo import habits, registers
from portal.demo.cast import units
from portal.demo.history import History
from portal.demo.opening import Branch, key
from portal.demo.past import Past
from portal.demo.routine import cost
from portal.reports import services as reports
from portal.reports.models import Kind

_UNDER_WAY: Final = 600


def begin(past: Past, history: History) -> None:
    """Plan what has been begun in the last hours."""
    at, now = past.timeline.at, past.timeline.end
    at(now - timedelta(hours=26), lambda then: _request_names(history.branches["belvedere"], then))
    at(now - timedelta(hours=3), lambda then: _request_names(history.branches["confluence"], then))
    at(now - timedelta(hours=2), lambda then: _draft(past, history.branches["belvedere"], then))
    at(now - timedelta(minutes=35), lambda then: _prepare(history, then))
    at(now - timedelta(minutes=4), lambda then: _ask_for_report(past, history.branches["belvedere"], then))


def send(past: Past, history: History) -> None:
    """Send a message now, to many: whoever hands messages over finds it waiting."""
    branch, (name, text) = history.branches["belvedere"], habits.UNDER_WAY
    campaigns.launch(
        account=branch.account,
        actor_id=branch.sender.pk,
        sender=senders_selectors.default_of(branch.account),
        text=text,
        recipients=_under_way(branch),
        reference=str(key(past.chance)),
        name=name,
        now=past.timeline.end,
    )


def _under_way(branch: Branch) -> tuple[str, ...]:
    return tuple(branch.numbers[-_UNDER_WAY:])


def _prepare(history: History, now: datetime) -> None:
    """See that the account is not left poor by what it is about to send."""
    branch = history.branches["belvedere"]
    price = cost(habits.UNDER_WAY[1], _under_way(branch), history.rates)
    history.purse.stock(branch, price + units(branch.firm.alarms[0].threshold), now)


def _request_names(branch: Branch, now: datetime) -> None:
    if branch.firm.names.waiting:
        name, purpose = branch.firm.names.waiting
        registers.ask_for(branch, name, purpose, countries=("AE", "CZ"), now=now)


def _draft(past: Past, branch: Branch, now: datetime) -> None:
    name, text = habits.DRAFT
    campaigns.save_draft(
        account=branch.account,
        reference=key(past.chance),
        name=name,
        sender=senders_selectors.default_of(branch.account),
        text=text,
        pasted="",
        contact_list=branch.account.contact_lists.order_by("pk").first(),
        actor_id=branch.sender.pk,
        now=now,
    )


def _ask_for_report(past: Past, branch: Branch, now: datetime) -> None:
    """The receipts of last month, as somebody in bookkeeping asks for them."""
    zone = ZoneInfo(branch.account.time_zone)
    this_month = now.astimezone(zone).date().replace(day=1)
    last_month = (this_month - timedelta(days=1)).replace(day=1)
    reports.request_report(
        account=branch.account,
        kind=Kind.DELIVERY_RECEIPTS,
        period=reports.Period(
            datetime.combine(last_month, time(), tzinfo=zone),
            datetime.combine(this_month, time(), tzinfo=zone),
            zone.key,
        ),
        requested_by=branch.buyer,
        reference=key(past.chance),
        now=now,
    )
