"""The work of alerts: prompt when a bell rings, complete by the sweeps."""

from celery import shared_task
from django.utils import timezone

from messaging.alerts import selectors, sending, services
from messaging.alerts.codes import Fault
from portal.sweeps import each


@shared_task
def evaluate_wallet(wallet_id: int) -> None:
    """Fire or clear the alerts of a wallet that has changed."""
    for alert_id in selectors.alerts_due(wallet_id):
        services.evaluate(alert_id=alert_id, now=timezone.now())


@shared_task
def evaluate_due() -> None:
    """Fire and clear every alert that is due, whatever bell was lost."""
    each(selectors.alerts_due(), lambda alert_id: services.evaluate(alert_id=alert_id, now=timezone.now()))


@shared_task
def deliver(notice_id: int) -> None:
    """Send a notice that has just been made."""
    sending.deliver(notice_id=notice_id, now=timezone.now())


@shared_task
def deliver_waiting() -> None:
    """Send what is due, and act on what became of earlier text messages.

    A mail server that does not answer is not asked again for every notice: the next sweep tries the next one.
    """
    for notice_id in selectors.notices_unresolved():
        sending.follow_up(notice_id=notice_id, now=timezone.now())
    for notice_id in selectors.notices_due(timezone.now()):
        if sending.deliver(notice_id=notice_id, now=timezone.now()) == Fault.UNREACHABLE:
            break
