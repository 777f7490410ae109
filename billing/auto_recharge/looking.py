"""One look at an automatic recharge: the facts, the answer, and what follows from it.

The account's row is the queue: whoever decides holds it until the purchase is written down, so the figures of a
decision cannot change under it.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from billing.auto_recharge import facts, links
from billing.auto_recharge.decide import Answer, Decision, Facts, decide, look_again
from billing.auto_recharge.facts import Offer
from billing.auto_recharge.models import AutoRecharge, Evaluation, Question
from billing.invoices.selectors import BillingDetailsMissing
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

# What a purchase can be refused for although every condition was met; it is written down, and tried again.
REFUSALS = (
    payments.MethodNotUsable,
    BillingDetailsMissing,
    recharges.ProvisionalLimitReached,
    recharges.RechargeAlreadyOpen,
    recharges.DrawsOnAnother,
)


def evaluate(*, auto_id: int, now: datetime) -> Evaluation | None:
    """Look, write down the answer, and buy if it is to; safe to call at any time, by anybody, however often.

    The purchase is written down in the transaction of the decision, and the money asked for after it.
    """
    evaluation = _look(auto_id=auto_id, now=now)
    if evaluation is not None and evaluation.recharge is not None:
        recharges.pursue(recharge=evaluation.recharge, now=now)
    return evaluation


def lapse(auto: AutoRecharge, now: datetime) -> None:
    """Take back a question that is not needed any more, and an approval that nothing was bought with."""
    open_states = [Question.State.WAITING, Question.State.APPROVED]
    asked = Question.objects.filter(auto_recharge=auto, state__in=open_states)
    asked.update(state=Question.State.LAPSED, answered_at=now)


@unit_of_work
def _look(*, auto_id: int, now: datetime) -> Evaluation | None:
    known = AutoRecharge.objects.filter(pk=auto_id, is_on=True).select_related("account").first()
    if known is None:
        return None
    recharges.queue(known.account)
    auto = AutoRecharge.objects.select_related("account__parent").get(pk=auto_id)
    if not auto.is_on:
        return None
    offer = facts.offer(auto, now)
    decision = decide(offer.facts)
    if decision.answer == Answer.BUY:
        return _buy(auto, offer, decision, now)
    if decision.answer == Answer.ENOUGH:
        lapse(auto, now)
    if decision.answer == Answer.ASK:
        _ask(auto, offer, decision, now)
    if decision.answer == Answer.ASKED:
        _bring_up_to_date(auto, offer, decision)
    return _note(auto, offer, decision, decision.answer, now)


def _buy(auto: AutoRecharge, offer: Offer, decision: Decision, now: datetime) -> Evaluation:
    """Write the purchase down. With whatever it is refused for, the refusal is the answer."""
    assert offer.pack is not None
    try:
        with transaction.atomic():
            recharge = recharges.order(
                account=auto.account,
                pack=offer.pack,
                method=PaymentMethod.objects.get(pk=decision.method or 0),
                reference=uuid4(),
                actor_id=None,
                now=now,
                origin=Recharge.Origin.AUTOMATIC,
            )
    except REFUSALS:
        return _note(auto, offer, decision, Answer.REFUSED, now)
    approved = Question.objects.filter(auto_recharge=auto, state=Question.State.APPROVED)
    approved.update(state=Question.State.USED)
    return _note(auto, offer, decision, Answer.BUY, now, recharge)


def _ask(auto: AutoRecharge, offer: Offer, decision: Decision, now: datetime) -> None:
    """Ask the owner, on the page and by e-mail; an approval of less is taken back."""
    assert offer.pack is not None
    assert decision.unusual is not None
    lapse(auto, now)
    question = Question.objects.create(
        auto_recharge=auto,
        because=decision.unusual.value,
        units=decision.units,
        gross_cents=offer.facts.gross_cents or 0,
        currency=offer.pack.price_list.currency,
        asked_at=now,
    )
    notices.announce(
        account=auto.account,
        kind=Kind.RECHARGE_ASKS,
        subject=f"question:{question.public_id}",
        context={
            "credits_units": question.units,
            "gross_cents": question.gross_cents,
            "currency": question.currency,
            "because": question.because,
            "link_key": links.key(question.public_id, now),
        },
        reference=f"question:{question.public_id}",
        now=now,
    )


def _bring_up_to_date(auto: AutoRecharge, offer: Offer, decision: Decision) -> None:
    """Let the question that waits say what would be bought now: more may be missing than when it was asked."""
    waiting = Question.objects.filter(auto_recharge=auto, state=Question.State.WAITING)
    waiting.update(units=decision.units, gross_cents=offer.facts.gross_cents or 0)


def _note(
    auto: AutoRecharge,
    offer: Offer,
    decision: Decision,
    answer: Answer,
    now: datetime,
    recharge: Recharge | None = None,
) -> Evaluation:
    """Write the answer down: in the row of the last look where it is the same one, else in a new row."""
    # Having asked, it is waiting for the answer: one row tells of both.
    answer = Answer.ASKED if answer == Answer.ASK else answer
    figures = _figures(offer.facts, decision)
    last = Evaluation.objects.filter(auto_recharge=auto).order_by("-pk").first()
    is_same = last is not None and last.answer == answer.value and recharge is None
    again = look_again(offer.facts, decision, last.first_at if last and is_same else now)
    # What is enough only with what is on its way is looked at once more when that has come.
    is_settled = answer != Answer.ENOUGH or offer.facts.available > offer.facts.threshold
    settled = answer.value if is_settled else ""
    AutoRecharge.objects.filter(pk=auto.pk).update(last_answer=settled, look_again_at=again)
    if last is not None and is_same:
        same = Evaluation.objects.filter(pk=last.pk)
        same.update(look_count=F("look_count") + 1, last_at=max(now, last.first_at), **figures)
        last.refresh_from_db()
        return last
    return Evaluation.objects.create(
        auto_recharge=auto, answer=answer.value, recharge=recharge, first_at=now, last_at=now, **figures
    )


def _figures(found: Facts, decision: Decision) -> dict[str, Any]:
    """What an evaluation keeps of the facts."""
    return {
        "conditions": {name.value: is_met for name, is_met in decision.conditions.items()},
        "available_units": found.available,
        "on_their_way_units": found.on_their_way,
        "threshold_units": found.threshold,
        "quantity_units": found.quantity,
        "units": decision.units,
        "gross_cents": found.gross_cents or 0,
        "spent_today_cents": found.spent_today,
        "spent_month_cents": found.spent_this_month,
        "provisional_left_cents": found.provisional_left if decision.method in found.debits else None,
        "until": decision.until,
    }
