"""The work of reports: prompt when the bell rings, complete by the sweep."""

from celery import shared_task
from django.utils import timezone

from portal.reports import selectors, services


@shared_task
def build(report_id: int) -> None:
    """Build a report that has just been asked for."""
    services.build(report_id=report_id)


@shared_task
def build_waiting() -> None:
    """Build whatever waits, or was left behind by a worker that died."""
    for report_id in selectors.reports_due(timezone.now()):
        services.build(report_id=report_id)
