"""The sweeps of the recharge room."""

from celery import shared_task
from django.utils import timezone

from billing.payments.models import ProviderEvent, Reversal
from billing.recharge import bank_transfers, corrections, events, refunds, reversals, selectors, services
from billing.recharge.models import TakeBack
from portal.sweeps import each


@shared_task
def resolve_waiting() -> None:
    """Ask again about every payment whose outcome is not known yet."""
    waiting = selectors.to_pursue(timezone.now())
    each(waiting, lambda recharge: services.pursue(recharge=recharge, now=timezone.now()))


@shared_task
def hear_providers() -> None:
    """Deal with what providers have told by webhook."""
    each(ProviderEvent.objects.due(timezone.now()), lambda event: events.handle(event=event, now=timezone.now()))


@shared_task
def expire_transfers() -> None:
    """Stop waiting for the bank transfers whose time is over."""
    late = bank_transfers.to_expire(timezone.now())
    each(late, lambda recharge: bank_transfers.expire(recharge=recharge, now=timezone.now()))


@shared_task
def take_back_owed() -> None:
    """Carry refunds on that are asked for, take what is owed from credits that have come, and correct invoices."""
    now = timezone.now()
    asked = Reversal.objects.filter(state=Reversal.State.ASKED, ask_again_at__lte=now)
    each(asked, lambda reversal: refunds.pursue(reversal=reversal, now=timezone.now()))
    each(TakeBack.objects.missing(), lambda take_back: reversals.collect(take_back=take_back, now=timezone.now()))
    each(TakeBack.objects.to_correct(), lambda take_back: corrections.correct(take_back=take_back, now=timezone.now()))
