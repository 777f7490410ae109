"""Drafts: what somebody types before it is sent, and the quote that is made of it."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from messaging.campaigns import merge, selectors, stored
from messaging.campaigns.codes import Traffic
from messaging.campaigns.models import CampaignDraft
from messaging.campaigns.pricer import Reason
from messaging.campaigns.quote import Quote, Tally
from messaging.campaigns.signals import draft_waiting
from messaging.contacts.models import ContactList
from messaging.senders.models import SenderName
from portal.accounts.models import Account
from portal.bells import ring
from portal.transactions import unit_of_work

DIRECT: Final = 5_000
"""So many recipients are quoted and prepared while somebody waits for the page; more of them in the background."""

LEASE: Final = timedelta(seconds=60)
"""How long work in the background may go without a sign of life before somebody else takes it over."""

_SIGN_OF_LIFE: Final = 50_000


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
    traffic: Traffic = Traffic.SERVICE,
    starts_at: datetime | None = None,
) -> CampaignDraft:
    """Keep what was typed and quote it; with the same `reference` it is the same draft.

    What has been sent stays as it was sent: the same form submitted again finds it, a changed one is a new draft.
    """
    list_id = contact_list.public_id if contact_list else None
    typed: dict[str, Any] = {"name": name, "sender": sender, "text": text, "pasted": pasted, "list_public_id": list_id}
    typed |= {"traffic": traffic, "starts_at": starts_at}
    defaults = {**typed, "created_by_id": actor_id, "updated_at": now}
    drafts = CampaignDraft.objects.filter(account=account)
    draft, created = drafts.select_for_update().get_or_create(account=account, reference=reference, defaults=defaults)
    same = all(getattr(draft, field) == value for field, value in typed.items())
    if draft.campaign_id:
        if same:
            return draft
        draft = CampaignDraft.objects.create(account=account, reference=uuid4(), **defaults)
    elif not created and not same:
        # Who was left out of another text or another list is asked for anew.
        typed |= {"leaves_out_missing": False, "skipped_prefixes": [], "updated_at": now}
        CampaignDraft.objects.filter(pk=draft.pk).update(**typed)
        draft.refresh_from_db()
    _ask_for_quote(draft, now)
    return draft


@unit_of_work
def discard_draft(*, draft: CampaignDraft) -> None:
    """Throw a draft away, unless it has been sent."""
    CampaignDraft.objects.filter(pk=draft.pk, campaign=None).delete()


@unit_of_work
def quote_again(*, draft: CampaignDraft, now: datetime) -> None:
    """Quote the draft at the prices, the list and the opt-outs of `now`."""
    if mine := _unsent(draft):
        _ask_for_quote(mine, now)


@unit_of_work
def leave_out_missing(*, draft: CampaignDraft, now: datetime) -> None:
    """Decide that who misses a merge field gets nothing."""
    if mine := _unsent(draft):
        mine.leaves_out_missing = True
        mine.save(update_fields=["leaves_out_missing"])
        _ask_for_quote(mine, now)


@unit_of_work
def give_default(*, draft: CampaignDraft, name: str, default: str, now: datetime) -> None:
    """Let `default` stand where somebody misses the merge field `name`."""
    if mine := _unsent(draft):
        mine.text = merge.with_default(mine.text, name, default)
        mine.updated_at = now
        mine.save(update_fields=["text", "updated_at"])
        _ask_for_quote(mine, now)


@unit_of_work
def skip_countries(*, draft: CampaignDraft, prefixes: Iterable[str], now: datetime) -> None:
    """Write to nobody behind these prefixes; to everybody again whose prefix is not among them."""
    if mine := _unsent(draft):
        mine.skipped_prefixes = sorted(set(prefixes))
        mine.save(update_fields=["skipped_prefixes"])
        _ask_for_quote(mine, now)


def work_out_quote(*, draft: CampaignDraft, clock: Callable[[], datetime]) -> None:
    """Make the quote of a large draft, unless somebody else does. Interrupted, it is begun again by who comes next."""
    now = clock()
    due = CampaignDraft.objects.filter(pk=draft.pk, campaign=None, work_due_at__lte=now)
    if not due.update(work_due_at=now + LEASE, looked_at_count=0):
        return
    draft.refresh_from_db()
    asked_at = draft.quoted_at
    tally = Tally(selectors.terms_of(draft, now))
    for count, outcome in enumerate(selectors.outcomes_of(draft, now), start=1):
        tally.add(outcome)
        if count % _SIGN_OF_LIFE == 0 and not _still_wanted(draft, asked_at, count, clock()):
            return
    _keep(draft, tally, asked_at)


def _still_wanted(draft: CampaignDraft, asked_at: datetime | None, count: int, now: datetime) -> bool:
    mine = CampaignDraft.objects.filter(pk=draft.pk, quoted_at=asked_at, quote__isnull=True)
    return bool(mine.update(work_due_at=now + LEASE, looked_at_count=count))


@unit_of_work
def _keep(draft: CampaignDraft, tally: Tally, asked_at: datetime | None) -> None:
    """Keep a quote that was worked out, unless another one has been asked for meanwhile."""
    made = CampaignDraft.objects.filter(pk=draft.pk, quoted_at=asked_at, quote__isnull=True)
    made.update(quote=stored.to_json(_finished(draft, tally)), work_due_at=None)


def _finished(draft: CampaignDraft, tally: Tally) -> Quote:
    pasted = selectors.pasted_in(draft)
    tally.leave_out(Reason.DUPLICATE, pasted.duplicate_count)
    return tally.quote(pasted.invalid)


def _unsent(draft: CampaignDraft) -> CampaignDraft | None:
    """The draft's row, locked, unless it has been sent."""
    rows = CampaignDraft.objects.select_for_update(of=("self",)).select_related("account", "sender")
    return rows.filter(pk=draft.pk, campaign=None).first()


def _ask_for_quote(draft: CampaignDraft, now: datetime) -> None:
    """Quote the draft at once if it is small; otherwise leave it to the background."""
    is_marketing = draft.traffic == Traffic.MARKETING
    draft.closing = selectors.closing_of(draft.account) if is_marketing else ""
    draft.quoted_at, draft.looked_at_count = now, 0
    if selectors.size_of(draft) <= DIRECT:
        draft.quote, draft.work_due_at = stored.to_json(selectors.quote_of(draft, now)), None
    else:
        draft.quote, draft.work_due_at = None, now
        ring(draft_waiting, draft.pk)
    draft.save(update_fields=["closing", "quoted_at", "looked_at_count", "quote", "work_due_at"])
