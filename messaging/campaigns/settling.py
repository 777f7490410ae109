"""The end of a campaign: it is cancelled, perhaps, and settled when nothing of it is open."""

from datetime import datetime
from uuid import uuid4

from billing.credits import services as credits
from messaging.campaigns import selectors
from messaging.campaigns.codes import State
from messaging.campaigns.drafts import DIRECT
from messaging.campaigns.errors import NothingToCancel, TooLateToUndo
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.record import cause, locked, record
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.delivery.signals import messages_handed_over
from portal.accounts.models import Account
from portal.bells import ring
from portal.transactions import unit_of_work

# So many messages are cancelled in one transaction; the campaign hands over nothing any more from the first moment.
SLICE = 20_000

# What of a draft comes back with an undo: all that somebody wrote and decided, and the quote, which may still hold.
_WRITTEN = (
    *("account", "name", "sender", "text", "pasted", "list_public_id", "traffic", "starts_at", "leaves_out_missing"),
    *("skipped_prefixes", "closing", "quoted_at", "quote", "created_by_id"),
)


@unit_of_work
def cancel(*, campaign: Campaign, actor_id: int, now: datetime) -> int:
    """Cancel what still waits and return how many messages that are; their credits come back when it is settled.

    What is being handed over at this moment runs its course. Raises `NothingToCancel`.
    """
    campaign = locked(campaign)
    if campaign.state == State.PREPARING:
        count = campaign.recipient_count
        ring(messages_handed_over, campaign.pk)
    elif campaign.recipient_count > DIRECT:
        count = delivery_selectors.progress(campaign).waiting
        ring(messages_handed_over, campaign.pk)
    else:
        count = delivery.cancel_waiting(campaign=campaign, now=now)
    is_repeated = campaign.state == State.CANCELLING and campaign.recipient_count > DIRECT
    if not count or is_repeated:
        raise NothingToCancel
    _mark_cancelled(campaign, count, actor_id, now)
    return count


@unit_of_work
def undo(*, campaign: Campaign, actor_id: int, now: datetime) -> CampaignDraft:
    """Take a campaign back before the first message may leave, and return its draft, to be changed and sent anew.

    Raises `TooLateToUndo`, also for a campaign that was made without a draft.
    """
    campaign = locked(campaign)
    sent = CampaignDraft.objects.filter(campaign=campaign).first()
    if sent is None or now >= campaign.starts_at or campaign.state not in (State.PREPARING, State.SENDING):
        raise TooLateToUndo
    is_prepared = campaign.state == State.SENDING
    try:
        count = cancel(campaign=campaign, actor_id=actor_id, now=now)
    except NothingToCancel as error:
        raise TooLateToUndo from error
    # The clock of whoever hands over may be ahead of ours: undone is only what is whole.
    if is_prepared and count < campaign.prepared_count:
        raise TooLateToUndo
    if campaign.recipient_count <= DIRECT:
        settle(campaign=campaign, now=now)
    kept = {field: getattr(sent, field) for field in _WRITTEN}
    return CampaignDraft.objects.create(reference=uuid4(), updated_at=now, **kept)


@unit_of_work
def stop_all(*, account: Account, actor_id: int, now: datetime) -> int:
    """Cancel what of the account still waits, or comes back from a gateway; return how many messages waited."""
    stopped = 0
    # All campaigns before the wallet, as whoever settles one of them does.
    for campaign in [locked(each) for each in selectors.under_way().filter(account=account)]:
        if not settle(campaign=campaign, now=now):
            count = delivery_selectors.progress(campaign).waiting
            _mark_cancelled(campaign, count, actor_id, now)
            settle(campaign=campaign, now=now)
            stopped += count
    return stopped


def settle(*, campaign: Campaign, now: datetime) -> bool:
    """Resolve the hold once nothing of the campaign is open: take what was handed over, give back the rest.

    What still waits of a cancelled campaign is cancelled first, a slice in each transaction. Return whether this call
    resolved it. Safe to call at any time, by anybody.
    """
    while (done := _settle(campaign, now)) is None:
        pass
    return done


@unit_of_work
def _settle(campaign: Campaign, now: datetime) -> bool | None:
    """One step: whether it has been resolved by this; None when a slice was cancelled and there may be more."""
    campaign = locked(campaign)
    if campaign.settlement_id or campaign.state == State.PREPARING:
        return False
    if campaign.state == State.CANCELLING and delivery.cancel_waiting(campaign=campaign, now=now, limit=SLICE) == SLICE:
        return None
    progress = delivery_selectors.progress(campaign)
    if progress.open_count:
        return False
    campaign.settlement = credits.settle(
        hold=campaign.hold,
        used=progress.charged_units,
        cause=cause(campaign.public_id, "settlement", None),
        now=now,
    )
    never_left = campaign.state == State.CANCELLING and not progress.recipient_count
    campaign.charged_units = progress.charged_units
    campaign.settled_at = now
    campaign.state = State.CANCELLED if progress.cancelled or never_left else State.SETTLED
    campaign.save(update_fields=["settlement", "charged_units", "settled_at", "state"])
    after = {"charged_units": campaign.charged_units, "returned_units": campaign.returned_units}
    record("settled", campaign, after, None, now)
    return True


def _mark_cancelled(campaign: Campaign, count: int, actor_id: int, now: datetime) -> None:
    campaign.state, campaign.work_due_at = State.CANCELLING, None
    campaign.cancelled_at = campaign.cancelled_at or now
    campaign.save(update_fields=["state", "work_due_at", "cancelled_at"])
    record("cancelled", campaign, {"message_count": count}, actor_id, now)
