"""The work of replies: prompt when the bell rings, complete by the sweep."""

from celery import shared_task
from django.utils import timezone

from messaging.replies import selectors, sending, services
from portal.sweeps import each


@shared_task
def handle(reply_id: int) -> None:
    """Put a reply that has just come into its inbox, and send what follows from it."""
    received = services.handle(reply_id=reply_id, now=timezone.now())
    if received:
        sending.answer_by_itself(received_id=received.pk, now=timezone.now())
        sending.forward(received_id=received.pk, now=timezone.now())


@shared_task
def handle_waiting() -> None:
    """Handle, answer and forward whatever waits, whichever bell was lost.

    A mail server that does not answer is not asked again for every reply: the next sweep tries the next one.
    """
    each(selectors.replies_to_handle(), lambda reply: services.handle(reply_id=reply, now=timezone.now()))
    each(selectors.answers_due(), lambda reply: sending.answer_by_itself(received_id=reply, now=timezone.now()))
    for reply in selectors.forwards_due(timezone.now()):
        if not sending.forward(received_id=reply, now=timezone.now()):
            break
