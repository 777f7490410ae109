"""The sweeps of the payments room."""

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from billing.payments import mandates, postman
from portal.sweeps import each


@shared_task
def check_mandates() -> None:
    """Ask about mandates that are being checked, and end those that nobody has used for too long."""
    now = timezone.now()
    each(mandates.pending(), lambda mandate: mandates.check(mandate=mandate, now=now))
    each(mandates.unused(now), lambda mandate: mandates.expire(mandate=mandate, now=now))


@shared_task
def warn_of_cards() -> None:
    """Tell people whose card expires soon."""
    now = timezone.now()
    each(mandates.cards_to_warn_of(now), lambda due: mandates.warn(due=due, now=now))


@shared_task
def move_sandbox() -> None:
    """Let time pass in the sandbox's banks, and its webhooks come."""
    if settings.PRODUCTION:
        return
    now = timezone.now()
    postman.move(now)
    postman.deliver(now)
