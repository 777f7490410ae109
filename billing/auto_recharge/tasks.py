"""The work of automatic recharges: prompt when a wallet's bell rings, complete by the sweep."""

from celery import shared_task
from django.utils import timezone

from billing.auto_recharge import selectors, services
from portal.sweeps import each


@shared_task
def evaluate_wallet(wallet_id: int) -> None:
    """Look at the automatic recharge of a wallet that has changed."""
    for auto_id in selectors.due(wallet_id):
        services.evaluate(auto_id=auto_id, now=timezone.now())


@shared_task
def evaluate_due() -> None:
    """Look at every automatic recharge that is due, whatever bell was lost."""
    each(selectors.due(), lambda auto_id: services.evaluate(auto_id=auto_id, now=timezone.now()))
