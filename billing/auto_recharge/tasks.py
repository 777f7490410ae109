"""The work of automatic recharges: prompt when a wallet's bell rings, complete by the sweep."""

from celery import shared_task
from django.utils import timezone

from billing.auto_recharge import late, policies, selectors, services
from portal.sweeps import each


@shared_task
def evaluate_wallet(wallet_id: int) -> None:
    """Look at the automatic recharge of a wallet that has changed."""
    auto_id = selectors.of_wallet(wallet_id)
    if auto_id is not None:
        services.evaluate(auto_id=auto_id, now=timezone.now())


@shared_task
def evaluate_account(account_id: int) -> None:
    """Look at the automatic recharges that pay with what an account has, or are invoiced to it: they have changed."""
    each(selectors.of_account(account_id), lambda auto_id: services.evaluate(auto_id=auto_id, now=timezone.now()))


@shared_task
def evaluate_due() -> None:
    """Look at every automatic recharge whose turn it is, whatever bell was lost."""
    each(selectors.due(timezone.now()), lambda auto_id: services.evaluate(auto_id=auto_id, now=timezone.now()))


@shared_task
def mark_thresholds() -> None:
    """Write the mark of every wallet that would not be found when it is low."""
    each(selectors.unmarked(), lambda auto_id: services.mark_threshold(auto_id=auto_id))


@shared_task
def restate_needs() -> None:
    """Say which kinds of payment methods are needed, once another policy has begun to hold."""
    policies.restate_needs(now=timezone.now())


@shared_task
def see_late_money() -> None:
    """Tell of money that had been given up, turned up after all, and passed a limit."""
    each(late.unseen(), lambda evaluation: late.see(evaluation=evaluation, now=timezone.now()))
