"""What wakes the delivery room: its bell for one account, and the sweeps for all."""

import time

from celery import shared_task
from django.utils import timezone

from messaging.delivery import handover, health, incoming, lanes, resolution

# A run ends after so long and the next sweep goes on, so that other work has its turn with the same workers.
RUN_SECONDS = 15
HELD_BACK_SECONDS = 0.2


@shared_task
def submit(account_id: int) -> None:
    """Hand over what waits of one account."""
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end and handover.submit_batch(account_id=account_id, now=timezone.now()):
        pass


@shared_task
def submit_waiting() -> None:
    """Hand over what waits of every account, a batch of each in turn, and what a route with a bound lets through."""
    end = time.monotonic() + RUN_SECONDS
    accounts = lanes.accounts_waiting(timezone.now())
    while accounts and time.monotonic() < end:
        served = [each for each in accounts if handover.submit_batch(account_id=each, now=timezone.now())]
        if not served and handover.is_held_back(now=timezone.now()):
            time.sleep(HELD_BACK_SECONDS)
            served = lanes.accounts_waiting(timezone.now())
        accounts = served


@shared_task
def resolve_unknown() -> None:
    """Move on what has been under way for too long, and the parts of replies whose others did not come."""
    resolution.resolve(now=timezone.now())
    incoming.give_up_waiting(now=timezone.now())


@shared_task
def forget_minutes() -> None:
    """Forget what gateways did minute by minute, long after anybody asks."""
    health.forget(now=timezone.now())
