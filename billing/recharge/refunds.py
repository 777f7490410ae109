"""Giving money back: the credits go first, then the provider is asked, with the same key until it has answered."""

import uuid
from datetime import datetime, timedelta

from django.db.models import Sum

from billing.credits import selectors as credits_selectors
from billing.payments.models import Attempt, Reversal
from billing.payments.providers import provider
from billing.recharge import reversals
from billing.recharge.models import Recharge, TakeBack
from portal.transactions import unit_of_work

LEASE = timedelta(seconds=60)


class NotRefundable(Exception):
    """Nothing was paid that could be given back, or less than was asked for is left of it."""


class CreditsSpent(Exception):
    """The credits of the purchase have been spent: their money is not given back."""


def refund(
    *, recharge: Recharge, amount_cents: int, reason: str, reference: uuid.UUID, actor_id: int, now: datetime
) -> Reversal:
    """Give `amount_cents` of a recharge back. Raises `NotRefundable`, `CreditsSpent`. Repeatable by `reference`."""
    reversal = _ask(recharge, amount_cents, reason, reference, actor_id, now)
    pursue(reversal=reversal, now=now)
    reversal.refresh_from_db()
    return reversal


@unit_of_work
def give_back_by_hand(
    *, recharge: Recharge, amount_cents: int, reason: str, reference: uuid.UUID, actor_id: int, now: datetime
) -> Reversal:
    """Take the credits back and issue the credit note for money that staff return by bank transfer themselves.

    Raises `NotRefundable`, `CreditsSpent`. Repeatable by `reference`.
    """
    reversal = _ask(recharge, amount_cents, reason, reference, actor_id, now, kind=Reversal.Kind.BY_HAND)
    reversals.finish(reversal=reversal, done=True, now=now)
    reversal.refresh_from_db()
    return reversal


def pursue(*, reversal: Reversal, now: datetime) -> None:
    """Ask the provider for a refund that is asked for, if it is time to. Safe to call at any time, by anybody."""
    due = Reversal.objects.filter(pk=reversal.pk, state=Reversal.State.ASKED, ask_again_at__lte=now)
    if not due.update(ask_again_at=now + LEASE):
        return
    attempt = Attempt.objects.get(payment=reversal.payment_id, state=Attempt.State.SUCCEEDED)
    done = provider(attempt.provider).refund(
        key=reversal.reference,
        provider_reference=attempt.provider_reference,
        amount_cents=reversal.amount_cents,
    )
    if done is not None:
        reversals.finish(reversal=reversal, done=done, now=now)


@unit_of_work
def _ask(
    recharge: Recharge,
    amount_cents: int,
    reason: str,
    reference: uuid.UUID,
    actor_id: int,
    now: datetime,
    kind: str = Reversal.Kind.REFUND,
) -> Reversal:
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=recharge.pk)
    known = Reversal.objects.filter(reference=str(reference), payment=recharge.payment_id).first()
    if known:
        return known
    gone = Reversal.objects.filter(payment=recharge.payment_id, take_back__undone_at=None)
    left = recharge.gross_cents - (gone.aggregate(sum=Sum("amount_cents"))["sum"] or 0)
    if recharge.state != Recharge.State.PAID or not 0 < amount_cents <= left:
        raise NotRefundable
    reversal = Reversal.objects.create(
        payment_id=recharge.payment_id,
        kind=kind,
        state=Reversal.State.ASKED,
        reference=str(reference),
        amount_cents=amount_cents,
        reason=reason,
        created_by_id=actor_id,
        created_at=now,
        ask_again_at=now,
    )
    take_back = reversals.begin(recharge=recharge, reversal=reversal, now=now)
    if TakeBack.objects.missing().filter(pk=take_back.pk).exists():
        raise CreditsSpent
    return reversal


def refundable_cents(recharge: Recharge) -> int:
    """How much could be given back now: what is left of the payment, for as much of its credits as is available."""
    gone = Reversal.objects.filter(payment=recharge.payment_id, take_back__undone_at=None)
    left = recharge.gross_cents - (gone.aggregate(sum=Sum("amount_cents"))["sum"] or 0)
    available = credits_selectors.balance(recharge.account).available
    return max(0, min(left, recharge.gross_cents * available // recharge.credits_units))
