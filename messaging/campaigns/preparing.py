"""Preparing a large campaign in the background: its messages are written batch by batch, each in one transaction.

Killed at any moment, whoever comes next writes to those who have no message yet, whatever became of the list
meanwhile. Nothing leaves before the last message is written. Somebody who opted out or left the list since the quote gets nothing, and what was held for them
comes back at the end; what would cost more than was held is not sent at all.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.db.models import F

from billing.credits import services as credits
from messaging.campaigns import selectors
from messaging.campaigns.codes import Refusal, State
from messaging.campaigns.drafts import LEASE
from messaging.campaigns.launching import write_messages
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.pausing import keep_quiet
from messaging.campaigns.pricer import LeftOut, Priced
from messaging.campaigns.record import cause, locked, record
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.delivery.signals import messages_waiting
from messaging.encoding.segments import MAX_SEGMENTS
from portal.bells import ring, silence
from portal.transactions import unit_of_work

BATCH = 10_000


def prepare(*, draft: CampaignDraft, clock: Callable[[], datetime]) -> None:
    """Write the messages of the draft's campaign, unless somebody else does or it is not being prepared any more."""
    campaign = draft.campaign
    now = clock()
    if campaign is None or not _claim(campaign, now):
        return
    campaign.refresh_from_db()
    written = delivery_selectors.recipients(campaign)
    outcomes = (each for each in selectors.outcomes_of(draft, now) if each.number not in written)
    lease: datetime | None = campaign.work_due_at
    for batch in selectors.chunks(outcomes, BATCH):
        lease = _write(campaign, batch, lease, clock())
        if lease is None:
            return
    _open(campaign, lease, clock())


def _claim(campaign: Campaign, now: datetime) -> bool:
    due = Campaign.objects.filter(pk=campaign.pk, state=State.PREPARING, work_due_at__lte=now)
    # Who was left out is looked at once more.
    return bool(due.update(work_due_at=now + LEASE, looked_at_count=F("prepared_count")))


@unit_of_work
def _write(
    campaign: Campaign, batch: Sequence[Priced | LeftOut], lease: datetime | None, now: datetime
) -> datetime | None:
    """Write one batch; return the lease for the next one, or None when there is no more to do for this worker."""
    campaign = locked(campaign)
    if campaign.state != State.PREPARING or campaign.work_due_at != lease:
        return None
    messages = [each for each in batch if not isinstance(each, LeftOut)]
    count = campaign.prepared_count + len(messages)
    units = campaign.prepared_units + sum(each.units for each in messages)
    longest = max((each.segment_count for each in messages), default=0)
    if units > campaign.held_units or count > campaign.recipient_count or longest > MAX_SEGMENTS:
        _refuse(campaign, Refusal.GREW, now)
        return None
    with silence():  # none of them may leave yet
        write_messages(campaign, messages)
    campaign.prepared_count, campaign.prepared_units = count, units
    campaign.looked_at_count += len(batch)
    campaign.work_due_at = now + LEASE
    campaign.save(update_fields=["prepared_count", "prepared_units", "looked_at_count", "work_due_at"])
    return campaign.work_due_at


@unit_of_work
def _open(campaign: Campaign, lease: datetime | None, now: datetime) -> None:
    """Let the messages leave: all of them are written."""
    campaign = locked(campaign)
    if campaign.state != State.PREPARING or campaign.work_due_at != lease:
        return
    if not campaign.prepared_count:
        _refuse(campaign, Refusal.NOBODY, now)
        return
    keep_quiet(campaign=campaign, now=now)  # the evening may have come while they were written
    campaign.state, campaign.work_due_at = State.SENDING, None
    campaign.save(update_fields=["state", "work_due_at"])
    record("prepared", campaign, {"message_count": campaign.prepared_count}, None, now)
    ring(messages_waiting, campaign.account_id)


def _refuse(campaign: Campaign, why: Refusal, now: datetime) -> None:
    """Send nothing of it and give back all that was held."""
    delivery.discard(campaign=campaign)
    campaign.settlement = credits.release(
        hold=campaign.hold, cause=cause(campaign.public_id, "settlement", None), now=now
    )
    campaign.state, campaign.refusal, campaign.work_due_at = State.REFUSED, why, None
    campaign.charged_units, campaign.settled_at = 0, now
    campaign.prepared_count = campaign.prepared_units = 0
    campaign.save()
    record("refused", campaign, {"reason": why.value, "returned_units": campaign.held_units}, None, now)
