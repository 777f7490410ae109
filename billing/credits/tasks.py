"""The sweeps of the credits room."""

from celery import shared_task
from django.utils import timezone

from billing.credits import emptiness, selectors, services, warnings


@shared_task
def expire_due_lots() -> None:
    """Let every lot expire whose time has come."""
    now = timezone.now()
    for wallet in selectors.wallets_with_lots_due(now):
        services.expire(wallet=wallet, now=now)


@shared_task
def tell_of_emptiness() -> None:
    """Tell the people of every wallet that has run empty."""
    for wallet in emptiness.untold():
        emptiness.tell(wallet=wallet, now=timezone.now())


@shared_task
def warn_of_expiry() -> None:
    """Tell people what expires soon."""
    now = timezone.now()
    for due in warnings.due(now):
        warnings.warn(due=due, now=now)
