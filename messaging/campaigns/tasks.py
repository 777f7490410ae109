"""Quoting, preparing, settling and keeping quiet, woken by bells or found by the sweeps."""

from celery import shared_task
from django.utils import timezone

from messaging.campaigns import selectors, services
from messaging.campaigns.codes import State, Traffic
from messaging.campaigns.models import Campaign, CampaignDraft
from portal.sweeps import each


@shared_task
def work_on_draft(draft_id: int) -> None:
    """Make the quote of a draft, or prepare its campaign."""
    draft = CampaignDraft.objects.select_related("campaign", "account").filter(pk=draft_id).first()
    if draft and draft.campaign:
        services.prepare(draft=draft, clock=timezone.now)
    elif draft:
        services.work_out_quote(draft=draft, clock=timezone.now)


@shared_task
def work_on_drafts() -> None:
    """Make the quotes and prepare the campaigns that nobody works on."""
    each(selectors.drafts_at_work(timezone.now()), lambda draft: work_on_draft(draft.pk))


@shared_task
def settle(campaign_id: int) -> None:
    """Settle the campaign if nothing of it is open any more."""
    campaign = Campaign.objects.filter(pk=campaign_id).first()
    if campaign:
        services.settle(campaign=campaign, now=timezone.now())


@shared_task
def settle_finished() -> None:
    """Settle every campaign of which nothing is open any more."""
    each(selectors.under_way(), lambda campaign: services.settle(campaign=campaign, now=timezone.now()))


@shared_task
def keep_quiet() -> None:
    """Put off the marketing that would ring in somebody's quiet hours."""
    marketing = selectors.under_way().filter(state=State.SENDING, traffic=Traffic.MARKETING)
    each(marketing, lambda campaign: services.keep_quiet(campaign=campaign, now=timezone.now()))
