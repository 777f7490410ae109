"""The work of reports: prompt when the bell rings, complete by the sweep."""

from typing import Final

from celery import shared_task
from django.utils import timezone

from portal.reports import selectors, services
from portal.sweeps import each

LONGEST: Final = 840
"""Seconds: a million rows take two minutes. It stays below the broker's visibility timeout of 900."""


@shared_task(time_limit=LONGEST)
def build(report_id: int) -> None:
    """Build a report that has just been asked for."""
    services.build(report_id=report_id)


@shared_task(time_limit=LONGEST)
def build_waiting() -> None:
    """Build whatever waits, or was left behind by a worker that died."""
    each(selectors.reports_due(timezone.now()), lambda report_id: services.build(report_id=report_id))


@shared_task
def forget_old() -> None:
    """Delete the files that have been kept for long enough."""
    each(
        selectors.reports_outlived(timezone.now()), lambda report: services.forget(report_id=report, now=timezone.now())
    )
