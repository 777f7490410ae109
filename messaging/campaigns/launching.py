"""Sending: hold what a campaign can cost at most, and queue its messages, or do neither.

A small campaign is written whole in one transaction. A large one is begun here, with its hold, and prepared in the
background (`preparing.py`); nothing of it leaves before all of it is there.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache

from django.utils.text import Truncator

from billing.credits import services as credits
from billing.credits.services import Cause, WalletBlocked
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.pricing.destinations import main_country
from messaging.campaigns import quiet, selectors
from messaging.campaigns.codes import State, Traffic
from messaging.campaigns.drafts import DIRECT
from messaging.campaigns.errors import (
    AlreadySent,
    NotSendable,
    QuoteChanged,
    QuoteExpired,
    SenderNotUsable,
    StartPassed,
)
from messaging.campaigns.models import Campaign, CampaignDraft
from messaging.campaigns.pricer import LeftOut, Priced, Terms
from messaging.campaigns.quote import Quote, Recipients, Tally
from messaging.campaigns.record import record
from messaging.campaigns.signals import draft_waiting
from messaging.delivery import services as delivery
from messaging.delivery.codes import Purpose
from messaging.senders import selectors as senders_selectors
from messaging.senders.models import SenderName
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account
from portal.bells import ring
from portal.transactions import unit_of_work

# How much of a text stands for a campaign without a name.
NAME_LENGTH = 40

_CHUNK = 10_000


@unit_of_work
def send_draft(
    *, draft: CampaignDraft, fingerprint: str, actor_id: int, now: datetime, again: bool = False
) -> Campaign:
    """Launch what the draft holds, if it is still what was quoted; a sent draft returns its campaign.

    `again` says that the same text may go to the same people once more. Raises `QuoteExpired`, `QuoteChanged`,
    `AlreadySent`, `StartPassed`, and what `launch` raises.
    """
    rows = CampaignDraft.objects.select_for_update(of=("self",)).select_related("sender", "account")
    draft = rows.get(pk=draft.pk)
    # Looked up by itself: who waited for the row sees it as it is now, but what a join brought as it was before.
    if draft.campaign_id:
        return Campaign.objects.select_related("account").get(pk=draft.campaign_id)
    # Looked up once: what is held and what is written must be of the same people, whatever becomes of the list.
    outcomes = list(selectors.outcomes_of(draft, now)) if selectors.size_of(draft) <= DIRECT else None
    quote = _quoted(draft, fingerprint, outcomes, now)
    if draft.starts_at and draft.starts_at <= now:
        raise StartPassed
    digest = selectors.digest_of(draft)
    if not again and (before := selectors.sent_before(draft, digest, now)):
        raise AlreadySent(before.created_at)
    campaign = _described(draft, quote, digest, actor_id, now)
    campaign, is_new = _begin(campaign, quote, draft.sender, actor_id, now, is_small=outcomes is not None)
    draft.campaign = campaign
    draft.save(update_fields=["campaign"])
    if is_new and outcomes is not None:
        write_messages(campaign, outcomes)
    elif is_new:
        ring(draft_waiting, draft.pk)
    return campaign


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
    """Send `text` to `recipients` (E.164) at once: hold what it can cost at most and queue the messages, or do neither.

    `sender` None means the portal's own number. With a `reference` of the account that has been used its campaign is
    returned. Raises `NotSendable`, `SenderNotUsable`, `InsufficientCredits`, `WalletBlocked`; two different launches
    with one reference at the same moment: `credits.ReferenceConflict` for one of them.
    """
    known = Campaign.objects.filter(account=account, reference=reference).first()
    if known:
        return known
    whom = Recipients.of(recipients)
    terms = Terms(text, selectors.rates_at(now), is_literal=True)
    outcomes = list(selectors.outcomes(account, whom.addressees, terms))
    quote = _tallied(outcomes, terms)
    digest = hashlib.sha256(text.encode()).hexdigest()
    campaign = Campaign(
        account=account, name=name, text_digest=digest, starts_at=now, reference=reference, created_by_id=actor_id
    )
    campaign, is_new = _begin(campaign, quote, sender, actor_id, now, is_small=True)
    if is_new:
        write_messages(campaign, outcomes)
    return campaign


def write_messages(campaign: Campaign, outcomes: Iterable[Priced | LeftOut]) -> None:
    """Put the messages into the queue as they come."""
    traffic = Traffic(campaign.traffic)
    leaves = cache(lambda prefix: quiet.leaves_at(campaign.starts_at, prefix, traffic))
    # Whoever looks up the next recipients needs the connection, so no COPY is open meanwhile.
    for chunk in selectors.chunks(outcomes, _CHUNK):
        messages = (each for each in chunk if not isinstance(each, LeftOut))
        delivery.enqueue(
            account=campaign.account,
            campaign=campaign,
            purpose=Purpose.CAMPAIGN,
            sender=campaign.sender,
            drafts=[
                delivery.Draft(number, prefix, text, encoding, segment_count, price, leaves(prefix))
                for number, prefix, text, encoding, segment_count, price in messages
            ],
            now=campaign.created_at,
        )


def _tallied(outcomes: Iterable[Priced | LeftOut], terms: Terms) -> Quote:
    tally = Tally(terms)
    for outcome in outcomes:
        tally.add(outcome)
    return tally.quote()


def _quoted(
    draft: CampaignDraft, fingerprint: str, outcomes: Sequence[Priced | LeftOut] | None, now: datetime
) -> Quote:
    """The quote that somebody has looked at. A small one is made anew of its `outcomes`: who came or opted out shows."""
    kept = selectors.kept_quote(draft)
    if kept is None:
        raise QuoteChanged
    if not selectors.holds(draft, now):
        raise QuoteExpired
    quote = kept if outcomes is None else selectors.quote_from(draft, outcomes, now)
    if quote.fingerprint != fingerprint:
        raise QuoteChanged
    return quote


def _described(draft: CampaignDraft, quote: Quote, digest: str, actor_id: int, now: datetime) -> Campaign:
    contact_list = selectors.list_of(draft)
    return Campaign(
        account=draft.account,
        name=draft.name,
        text_digest=digest,
        traffic=draft.traffic,
        list_public_id=draft.list_public_id,
        list_name=contact_list.name if contact_list else "",
        starts_at=draft.starts_at or now + timedelta(seconds=selectors.rules_of(draft.account).undo_seconds),
        reference=str(draft.public_id),
        created_by_id=actor_id,
    )


def _begin(
    campaign: Campaign, quote: Quote, sender: SenderName | None, actor_id: int | None, now: datetime, *, is_small: bool
) -> tuple[Campaign, bool]:
    """Hold the price and keep the campaign; return it, and whether it is new."""
    _check(campaign.account, quote, sender, now)
    _fill_in(campaign, quote, sender)
    campaign.hold = _hold(campaign, actor_id, now)
    campaign.created_at = campaign.hold.created_at  # campaign, hold and messages carry one moment
    # Holding locks the wallet: of two launches with one reference the second comes here and finds the first.
    known = Campaign.objects.filter(account=campaign.account, reference=campaign.reference).first()
    if known:
        return known, False
    if is_small:
        campaign.prepared_count, campaign.prepared_units = quote.recipient_count, quote.total_units
    else:
        campaign.state, campaign.work_due_at = State.PREPARING, now
    campaign.save()
    after = {"recipient_count": campaign.recipient_count, "held_units": campaign.held_units, "sender": campaign.sender}
    record("launched", campaign, after, actor_id, campaign.created_at)
    return campaign, True


def _check(account: Account, quote: Quote, sender: SenderName | None, now: datetime) -> None:
    """Raise what stands in the way of sending."""
    if quote.problem:
        raise NotSendable(quote.problem)
    # The account's row first: whoever deactivates the account waits here, or this launch for them.
    if accounts_selectors.is_closed(Account.objects.select_for_update(no_key=True).get(pk=account.pk)):
        raise WalletBlocked
    where = [main_country(line.prefix) for line in quote.lines]
    if sender and not senders_selectors.may_use(account=account, sender=sender, countries=where, at=now):
        raise SenderNotUsable(sender.name)


def _fill_in(campaign: Campaign, quote: Quote, sender: SenderName | None) -> None:
    """What the quote and the sender say of the campaign."""
    text = quote.text
    campaign.name = campaign.name or Truncator(text.strip().partition("\n")[0]).chars(NAME_LENGTH)
    campaign.sender = sender.name if sender else senders_selectors.portal_sender()
    campaign.text = text
    campaign.prefixes = [line.prefix for line in quote.lines]
    campaign.segment_count = quote.segments.segment_count
    campaign.recipient_count = quote.recipient_count
    campaign.held_units = quote.total_units


def _hold(campaign: Campaign, actor_id: int | None, now: datetime) -> Transfer:
    cause = Cause(
        TransferCode.CAMPAIGN,
        f"campaign:{campaign.account.public_id}:{campaign.reference}",
        f"campaign:{campaign.public_id}",
        actor_id,
    )
    wallet = credits.open_wallet(account=campaign.account)
    return credits.reserve(wallet=wallet, amount=campaign.held_units, cause=cause, now=now)
