"""What wakes the delivery room: its bell for one account, and the sweeps for all."""

import time

from celery import shared_task
from django.utils import timezone

from messaging.delivery import handover, incoming, lanes, resolution

# A run ends after so long and the next sweep goes on, so that other work has its turn with the same workers.
RUN_SECONDS = 15


@shared_task
def submit(account_id: int) -> None:
    """Hand over what waits of one account."""
    end = time.monotonic() + RUN_SECONDS
    while time.monotonic() < end and handover.submit_batch(account_id=account_id, now=timezone.now()):
        pass


@shared_task
def submit_waiting() -> None:
    """Hand over what waits of every account, a batch of each in turn."""
    end = time.monotonic() + RUN_SECONDS
    accounts = lanes.accounts_waiting(timezone.now())
    while accounts and time.monotonic() < end:
        accounts = [each for each in accounts if handover.submit_batch(account_id=each, now=timezone.now())]


@shared_task
def resolve_unknown() -> None:
    """Move on what has been under way for too long, and the parts of replies whose others did not come."""
    resolution.resolve(now=timezone.now())
    incoming.give_up_waiting(now=timezone.now())
