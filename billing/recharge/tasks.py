"""The sweep of the recharge room."""

from celery import shared_task
from django.utils import timezone

from billing.recharge import selectors, services
from portal.sweeps import each


@shared_task
def resolve_waiting() -> None:
    """Ask again about every payment whose outcome is not known yet."""
    waiting = selectors.to_pursue(timezone.now())
    each(waiting, lambda recharge: services.pursue(recharge=recharge, now=timezone.now()))
