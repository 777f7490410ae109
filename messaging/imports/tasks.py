"""The work of imports: the sweep alone does it, every few seconds, since somebody is waiting."""

from typing import Final

from celery import shared_task
from django.utils import timezone

from messaging.imports import selectors, services
from portal import sweeps

LONGEST: Final = 840
"""Seconds: a million rows take some minutes. It stays below the broker's visibility timeout of 900."""


@shared_task(time_limit=LONGEST)
def work_waiting() -> None:
    """Read and save what waits, or was left behind by a worker that died."""
    sweeps.each(selectors.imports_due(timezone.now()), lambda import_id: services.work(import_id=import_id))


@shared_task
def tidy() -> None:
    """Remove files and rows that nobody needs any more."""
    services.tidy(now=timezone.now())
