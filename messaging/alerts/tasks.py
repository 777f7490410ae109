"""The work of alerts: prompt when a bell rings, complete by the sweeps."""

from typing import Final

from celery import shared_task
from django.utils import timezone

from messaging.alerts import escalation, marking, selectors, sending, services
from messaging.alerts.codes import Fault
from portal.accounts.models import Account
from portal.sweeps import each

AT_ONCE: Final = 1_000
"""How many alerts a sweep claims in one transaction."""


@shared_task
def evaluate_wallet(wallet_id: int) -> None:
    """Fire and clear the alerts of a wallet that has changed, and of those that draw on it."""
    services.evaluate_wallet(wallet_id=wallet_id, now=timezone.now())


@shared_task
def evaluate_due() -> None:
    """Fire and clear every alert that is due, whatever bell was lost; alarms first."""
    _claim(selectors.fallen())
    marking.settle_all()
    _claim(selectors.recovered())


def _claim(found: list[selectors.Crossing]) -> None:
    parts = [found[start : start + AT_ONCE] for start in range(0, len(found), AT_ONCE)]
    each(parts, lambda crossings: services.claim(crossings=crossings, now=timezone.now()))


@shared_task
def repair_marks() -> None:
    """Set the marks right that are not as the alerts say, whatever happened to them."""
    marking.mark(marking.astray())


@shared_task
def look_ahead() -> None:
    """Fire and clear the runway alerts whose look is due."""
    accounts = Account.objects.in_bulk(selectors.accounts_ahead(timezone.now()))
    each(accounts.values(), lambda account: services.look_ahead(account=account, now=timezone.now()))


@shared_task
def escalate() -> None:
    """Tell the people of an account of alarms that do not arrive."""
    each(
        escalation.unreached(timezone.now()),
        lambda notice_id: escalation.escalate(notice_id=notice_id, now=timezone.now()),
    )


@shared_task
def deliver(notice_id: int) -> None:
    """Send a notice that has just been made."""
    sending.deliver(notice_id=notice_id, now=timezone.now())


@shared_task
def deliver_waiting() -> None:
    """Send what is due, and act on what became of earlier text messages.

    A mail server that does not answer is not asked again for every notice: the next sweep tries the next one.
    """
    try:
        each(
            selectors.notices_unresolved(),
            lambda notice_id: sending.follow_up(notice_id=notice_id, now=timezone.now()),
        )
    finally:
        _deliver_due()


def _deliver_due() -> None:
    faults: list[Fault | None] = []

    def send(notice_id: int) -> None:
        if Fault.UNREACHABLE not in faults:
            faults.append(sending.deliver(notice_id=notice_id, now=timezone.now()))

    each(selectors.notices_due(timezone.now()), send)
