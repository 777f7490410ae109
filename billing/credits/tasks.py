"""The sweep of the credits room."""

from celery import shared_task
from django.utils import timezone

from billing.credits import selectors, services


@shared_task
def expire_due_lots() -> None:
    """Let every lot expire whose time has come."""
    now = timezone.now()
    for wallet in selectors.wallets_with_lots_due(now):
        services.expire(wallet=wallet, now=now)
