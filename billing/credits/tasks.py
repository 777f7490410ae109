"""The sweeps of the credits room."""

from celery import shared_task
from django.utils import timezone

from billing.credits import emptiness, selectors, services, warnings
from portal.sweeps import each


@shared_task
def expire_due_lots() -> None:
    """Let every lot expire whose time has come."""
    now = timezone.now()
    each(selectors.wallets_with_lots_due(now), lambda wallet: services.expire(wallet=wallet, now=now))


@shared_task
def tell_of_emptiness() -> None:
    """Tell the people of every wallet that has run empty."""
    each(emptiness.untold(), lambda wallet: emptiness.tell(wallet=wallet, now=timezone.now()))


@shared_task
def warn_of_expiry() -> None:
    """Tell people what expires soon."""
    now = timezone.now()
    each(warnings.due(now), lambda due: warnings.warn(due=due, now=now))
