"""The sweep of the recharge room."""

from celery import shared_task
from django.utils import timezone

from billing.recharge import selectors, services


@shared_task
def resolve_waiting() -> None:
    """Ask again about every payment whose outcome is not known yet."""
    for recharge in selectors.to_pursue(timezone.now()):
        services.pursue(recharge=recharge, now=timezone.now())
