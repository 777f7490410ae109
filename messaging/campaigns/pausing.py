"""Pausing a campaign and letting it go on; and the night, which pauses marketing country by country."""

from datetime import datetime, timedelta
from typing import Final

from messaging.campaigns import quiet
from messaging.campaigns.codes import State, Traffic
from messaging.campaigns.errors import NotUnderWay
from messaging.campaigns.models import Campaign
from messaging.campaigns.record import locked, record
from messaging.delivery import services as delivery
from messaging.delivery.signals import messages_waiting
from portal.bells import ring
from portal.transactions import unit_of_work

# What is handed over in the last minute may ring in the first quiet one; the sweep looks every twenty seconds.
MARGIN: Final = timedelta(minutes=1)

# After a pause so long the messages wait anew: their 72 hours of patience would end before they had a chance.
_LONG_PAUSE: Final = timedelta(hours=24)


@unit_of_work
def pause(*, campaign: Campaign, actor_id: int, now: datetime) -> None:
    """Hand over nothing more of the campaign until it is resumed; twice is once. Raises `NotUnderWay`."""
    campaign = locked(campaign)
    if campaign.state == State.PAUSED:
        return
    if campaign.state != State.SENDING:
        raise NotUnderWay
    campaign.state, campaign.paused_at = State.PAUSED, now
    campaign.save(update_fields=["state", "paused_at"])
    record("paused", campaign, {"state": campaign.state}, actor_id, now)


@unit_of_work
def resume(*, campaign: Campaign, actor_id: int, now: datetime) -> None:
    """Go on with a paused campaign; twice is once. Raises `NotUnderWay`."""
    campaign = locked(campaign)
    if campaign.state == State.SENDING:
        return
    if campaign.state != State.PAUSED:
        raise NotUnderWay
    if campaign.paused_at and campaign.paused_at < now - _LONG_PAUSE:
        delivery.put_off(account=campaign.account, campaign=campaign, until=now, prefixes=None)
    keep_quiet(campaign=campaign, now=now)
    campaign.state, campaign.paused_at = State.SENDING, None
    campaign.save(update_fields=["state", "paused_at"])
    record("resumed", campaign, {"state": campaign.state}, actor_id, now)
    ring(messages_waiting, campaign.account_id)


@unit_of_work
def keep_quiet(*, campaign: Campaign, now: datetime) -> int:
    """Put off what of a marketing campaign would ring in a quiet hour; return how many messages that are.

    May be called at any time, any number of times.
    """
    if campaign.traffic != Traffic.MARKETING:
        return 0
    soon = now + MARGIN
    count = 0
    for prefix in campaign.prefixes:
        opens = quiet.leaves_at(soon, prefix, Traffic.MARKETING)
        if opens > soon:
            count += delivery.put_off(account=campaign.account, campaign=campaign, until=opens, prefixes=[prefix])
    return count
