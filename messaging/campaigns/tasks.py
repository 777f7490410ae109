"""Settling, woken by the bell of the delivery room or found by the sweep."""

from celery import shared_task
from django.utils import timezone

from messaging.campaigns import selectors, services
from messaging.campaigns.models import Campaign
from portal.sweeps import each


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
