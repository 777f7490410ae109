"""The life of a campaign: written as a draft, launched once, perhaps cancelled, settled when nothing is open."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID, uuid4

from django.utils.text import Truncator

from billing.credits import services as credits
from billing.credits.services import Cause, InsufficientCredits, WalletBlocked
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from messaging.campaigns import selectors
from messaging.campaigns.models import Campaign, CampaignDraft, State
from messaging.campaigns.quote import Problem, Quote, Recipients
from messaging.contacts.models import ContactList
from messaging.delivery import selectors as delivery_selectors
from messaging.delivery import services as delivery
from messaging.delivery.codes import Purpose
from messaging.senders import selectors as senders_selectors
from messaging.senders.models import SenderName
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

__all__ = ["InsufficientCredits", "NotSendable", "NothingToCancel", "QuoteChanged", "SenderNotUsable", "WalletBlocked"]

NAME_LENGTH = 40  # how much of a text stands for a campaign without a name


class NotSendable(Exception):
    """Nothing can be sent; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class QuoteChanged(Exception):
    """Recipients or prices are no longer those that were shown; nothing was sent."""


class SenderNotUsable(Exception):
    """The sender name is not one that the account may send under."""


class NothingToCancel(Exception):
    """Every message has been handed over already."""


@unit_of_work
def save_draft(
    *,
    account: Account,
    reference: UUID,
    name: str,
    sender: SenderName | None,
    text: str,
    pasted: str,
    contact_list: ContactList | None,
    actor_id: int,
    now: datetime,
) -> CampaignDraft:
    """Keep what was typed; with the same `reference` it is the same draft.

    What has been sent stays as it was sent: the same form submitted again finds it, a changed one is a new draft.
    """
    list_id = contact_list.public_id if contact_list else None
    typed = {"name": name, "sender": sender, "text": text, "pasted": pasted, "list_public_id": list_id}
    defaults = {**typed, "created_by_id": actor_id, "updated_at": now}
    drafts = CampaignDraft.objects.filter(account=account)
    draft, created = drafts.select_for_update().get_or_create(account=account, reference=reference, defaults=defaults)
    if created or all(getattr(draft, field) == value for field, value in typed.items()):
        return draft
    if draft.campaign_id:
        return CampaignDraft.objects.create(account=account, reference=uuid4(), **defaults)
    for field, value in typed.items():
        setattr(draft, field, value)
    draft.updated_at = now
    draft.save(update_fields=[*typed, "updated_at"])
    return draft


@unit_of_work
def discard_draft(*, draft: CampaignDraft) -> None:
    """Throw a draft away, unless it has been sent."""
    CampaignDraft.objects.filter(pk=draft.pk, campaign=None).delete()


@unit_of_work
def send_draft(*, draft: CampaignDraft, fingerprint: str, actor_id: int, now: datetime) -> Campaign:
    """Launch what the draft holds, if it is still what was quoted; a sent draft returns its campaign.

    Raises `QuoteChanged`, and what `launch` raises.
    """
    locked = CampaignDraft.objects.select_for_update(of=("self",)).select_related("campaign", "sender", "account")
    draft = locked.get(pk=draft.pk)
    if draft.campaign:
        return draft.campaign
    quote = selectors.quote_of(draft, now)
    if quote.fingerprint != fingerprint:
        raise QuoteChanged
    draft.campaign = _launch(
        account=draft.account,
        name=draft.name,
        sender=draft.sender,
        quote=quote,
        reference=str(draft.public_id),
        actor_id=actor_id,
        now=now,
    )
    draft.save(update_fields=["campaign"])
    return draft.campaign


@unit_of_work
def launch(
    *,
    account: Account,
    actor_id: int | None,
    sender: SenderName | None,
    text: str,
    recipients: Iterable[str],
    reference: str,
    now: datetime,
    name: str = "",
) -> Campaign:
    """Send `text` to `recipients` (E.164): hold what it can cost at most and queue the messages, or do neither.

    `sender` None means the portal's own number. With a `reference` of the account that has been used its campaign is
    returned. Raises `NotSendable`, `SenderNotUsable`, `InsufficientCredits`, `WalletBlocked`; two different launches
    with one reference at the same moment: `credits.ReferenceConflict` for one of them.
    """
    if known := Campaign.objects.filter(account=account, reference=reference).first():
        return known
    quote = selectors.priced(account, text=text, recipients=Recipients.of(recipients), now=now)
    return _launch(
        account=account, name=name, sender=sender, quote=quote, reference=reference, actor_id=actor_id, now=now
    )


@unit_of_work
def cancel(*, campaign: Campaign, actor_id: int, now: datetime) -> int:
    """Cancel what still waits and return how many messages that are; their credits come back when it is settled.

    What is being handed over at this moment runs its course. Raises `NothingToCancel`.
    """
    campaign = _lock(campaign)
    count = delivery.cancel_waiting(campaign=campaign, now=now)
    if not count:
        raise NothingToCancel
    _mark_cancelled(campaign, count, actor_id, now)
    return count


@unit_of_work
def stop_all(*, account: Account, actor_id: int, now: datetime) -> int:
    """Cancel what of the account still waits, or comes back from a gateway; return how many messages waited."""
    stopped = 0
    # All campaigns before the wallet, as whoever settles one of them does.
    for campaign in [_lock(each) for each in selectors.under_way().filter(account=account)]:
        if not settle(campaign=campaign, now=now):
            count = delivery.cancel_waiting(campaign=campaign, now=now)
            _mark_cancelled(campaign, count, actor_id, now)
            settle(campaign=campaign, now=now)
            stopped += count
    return stopped


@unit_of_work
def settle(*, campaign: Campaign, now: datetime) -> bool:
    """Resolve the hold once nothing of the campaign is open: take what was handed over, give back the rest.

    Return whether this call did it. Safe to call at any time, by anybody.
    """
    campaign = _lock(campaign)
    if campaign.settlement_id:
        return False
    progress = delivery_selectors.progress(campaign)
    if campaign.state == State.CANCELLING and progress.waiting:
        # The gateway gave some of them back after the cancellation.
        delivery.cancel_waiting(campaign=campaign, now=now)
        progress = delivery_selectors.progress(campaign)
    if progress.open_count:
        return False
    campaign.settlement = credits.settle(
        hold=campaign.hold,
        used=progress.charged_units,
        cause=_cause(campaign.public_id, "settlement", None),
        now=now,
    )
    campaign.charged_units = progress.charged_units
    campaign.settled_at = now
    campaign.state = State.CANCELLED if progress.cancelled else State.SETTLED
    campaign.save(update_fields=["settlement", "charged_units", "settled_at", "state"])
    after = {"charged_units": campaign.charged_units, "returned_units": campaign.returned_units}
    _record("settled", campaign, after, None, now)
    return True


def _launch(
    *,
    account: Account,
    name: str,
    sender: SenderName | None,
    quote: Quote,
    reference: str,
    actor_id: int | None,
    now: datetime,
) -> Campaign:
    if quote.problem:
        raise NotSendable(quote.problem)
    # The account's row first: whoever deactivates the account waits here, or this launch for them.
    if Account.objects.select_for_update(no_key=True).get(pk=account.pk).deactivated_at:
        raise WalletBlocked
    if sender and not senders_selectors.usable(account).filter(pk=sender.pk).exists():
        raise SenderNotUsable(sender.name)
    campaign = Campaign(
        account=account,
        name=name or Truncator(quote.segments.text.strip().partition("\n")[0]).chars(NAME_LENGTH),
        sender=sender.name if sender else senders_selectors.portal_sender(),
        text=quote.segments.text,
        segment_count=quote.segments.segment_count,
        recipient_count=quote.recipient_count,
        reference=reference,
        held_units=quote.total_units,
        created_by_id=actor_id,
        created_at=now,
    )
    campaign.hold = _hold(campaign, actor_id, now)
    campaign.created_at = now = campaign.hold.created_at  # campaign, hold and messages carry one moment
    # Holding locks the wallet: of two launches with one reference the second comes here and finds the first.
    if known := Campaign.objects.filter(account=account, reference=reference).first():
        return known
    campaign.save()
    _enqueue(campaign, quote, now)
    after = {"recipient_count": campaign.recipient_count, "held_units": campaign.held_units, "sender": campaign.sender}
    _record("launched", campaign, after, actor_id, now)
    return campaign


def _hold(campaign: Campaign, actor_id: int | None, now: datetime) -> Transfer:
    cause = Cause(
        TransferCode.CAMPAIGN,
        f"campaign:{campaign.account.public_id}:{campaign.reference}",
        f"campaign:{campaign.public_id}",
        actor_id,
    )
    wallet = credits.open_wallet(account=campaign.account)
    return credits.reserve(wallet=wallet, amount=campaign.held_units, cause=cause, now=now)


def _enqueue(campaign: Campaign, quote: Quote, now: datetime) -> None:
    counted = quote.segments
    drafts = (
        delivery.Draft(
            recipient=recipient.number,
            prefix=recipient.prefix,
            text=counted.text,
            encoding=counted.encoding,
            segment_count=counted.segment_count,
            price_units=recipient.units,
        )
        for recipient in quote.recipients
    )
    delivery.enqueue(
        account=campaign.account,
        campaign=campaign,
        purpose=Purpose.CAMPAIGN,
        sender=campaign.sender,
        drafts=drafts,
        now=now,
    )


def _mark_cancelled(campaign: Campaign, count: int, actor_id: int, now: datetime) -> None:
    campaign.state = State.CANCELLING
    campaign.cancelled_at = campaign.cancelled_at or now
    campaign.save(update_fields=["state", "cancelled_at"])
    _record("cancelled", campaign, {"message_count": count}, actor_id, now)


def _lock(campaign: Campaign) -> Campaign:
    locked = Campaign.objects.select_for_update(of=("self",), no_key=True).select_related("account", "hold")
    return locked.get(pk=campaign.pk)


def _cause(public_id: UUID, step: str, actor_id: int | None) -> Cause:
    return Cause(TransferCode.CAMPAIGN, f"campaign:{public_id}:{step}", f"campaign:{public_id}", actor_id)


def _record(verb: str, campaign: Campaign, after: Mapping[str, object], actor_id: int | None, now: datetime) -> None:
    audit.record(
        action=f"campaign.{verb}",
        actor_id=actor_id,
        account_id=campaign.account_id,
        subject=f"campaign:{campaign.public_id}",
        after=after,
        now=now,
    )
