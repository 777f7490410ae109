"""The work of notices: complete by the sweep."""

from celery import shared_task
from django.utils import timezone

from portal.notices import delivery, selectors


@shared_task
def deliver_waiting() -> None:
    """Send what is due. A mail server that does not answer is not asked again until the next sweep."""
    for notice_id in selectors.notices_due(timezone.now()):
        if delivery.deliver(notice_id=notice_id, now=timezone.now()) == delivery.Outcome.UNREACHABLE:
            break
