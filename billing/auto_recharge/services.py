"""The verbs of automatic recharges: switch on and off, look and buy, ask the owner and take the answer.

Level-triggered: what counts is where the balance stands, not what moved. The account's row is the queue: whoever
decides holds it until the purchase is written down, so the figures of a decision cannot change under it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from billing.auto_recharge import selectors
from billing.auto_recharge.decide import Answer, Decision, decide
from billing.auto_recharge.models import MAX_THRESHOLD, QUANTITIES, AutoRecharge, Evaluation, Question
from billing.auto_recharge.selectors import Offer
from billing.credits import services as credits
from billing.invoices.selectors import BillingDetailsMissing
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.recharge import services as recharges
from billing.recharge.models import Recharge
from portal.accounts.models import Account
from portal.audit import services as audit
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


class ConditionMissing(Exception):
    """An automatic recharge cannot be switched on; `answer` names the condition that is not met."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class NotAllowed(Exception):
    """The threshold, the quantity or a cap is none that can be chosen."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the automatic recharge since its page was opened."""


class AlreadyAnswered(Exception):
    """The question was answered before, or is not needed any more."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What is to be bought by itself: units, the method to charge first, and caps in cents (None: the policy's)."""

    threshold_units: int
    quantity_units: int
    method: PaymentMethod
    day_cap_cents: int | None = None
    month_cap_cents: int | None = None


@unit_of_work
def switch_on(*, account: Account, terms: Terms, revision: int, actor_id: int | None, now: datetime) -> AutoRecharge:
    """Switch on, or change what is on; `revision` is that of the page (0: there was none).

    Raises `ConditionMissing`, `NotAllowed`, `ChangedMeanwhile`.
    """
    recharges.queue(account)
    auto = _at(account, revision)
    _check(terms)
    stands = selectors.standing(account, now)
    if stands.missing:
        raise ConditionMissing(stands.missing)
    if terms.method not in stands.methods:
        raise ConditionMissing(Answer.NO_METHOD)
    credits.open_wallet(account=account)
    auto = auto or AutoRecharge(account=account)
    auto.switched_on_at = auto.switched_on_at if auto.is_on else now
    auto.is_on, auto.last_answer = True, ""
    auto.threshold_units, auto.quantity_units, auto.method = terms.threshold_units, terms.quantity_units, terms.method
    auto.day_cap_cents, auto.month_cap_cents = terms.day_cap_cents, terms.month_cap_cents
    _change(auto, "auto_recharge.switched_on", actor_id, now)
    payments.need(account=account, by=auto.needer, kinds=selectors.allowed_kinds(stands.rules))
    return auto


@unit_of_work
def switch_off(*, account: Account, revision: int, actor_id: int | None, now: datetime) -> None:
    """Buy nothing by itself any more; what is under way stays under way. Raises `ChangedMeanwhile`."""
    recharges.queue(account)
    auto = _at(account, revision)
    if auto is not None and auto.is_on:
        _switch_off(auto, actor_id, now)


def evaluate(*, auto_id: int, now: datetime) -> Evaluation | None:
    """Look, write down the answer, and buy if it is to; safe to call at any time, by anybody, however often.

    The purchase is written down in the transaction of the decision, and the money asked for after it.
    """
    evaluation = _look(auto_id=auto_id, now=now)
    if evaluation is not None and evaluation.recharge is not None:
        recharges.pursue(recharge=evaluation.recharge, now=now)
    return evaluation


@unit_of_work
def answer(*, question: Question, approve: bool, actor_id: int, now: datetime) -> None:
    """Approve the purchase, which is made as soon as `evaluate` looks again; or deny it, which switches off.

    Once: raises `AlreadyAnswered`.
    """
    recharges.queue(question.auto_recharge.account)
    state = Question.State.APPROVED if approve else Question.State.DENIED
    waiting = Question.objects.filter(pk=question.pk, state=Question.State.WAITING)
    if not waiting.update(state=state, answered_at=now, answered_by_id=actor_id):
        raise AlreadyAnswered
    auto = AutoRecharge.objects.select_related("account").get(pk=question.auto_recharge_id)
    _record(f"auto_recharge.{state}", auto, actor_id, now, {"question": str(question.public_id)})
    if not approve and auto.is_on:
        _switch_off(auto, actor_id, now)


@unit_of_work
def _look(*, auto_id: int, now: datetime) -> Evaluation | None:
    known = AutoRecharge.objects.filter(pk=auto_id, is_on=True).select_related("account").first()
    if known is None:
        return None
    recharges.queue(known.account)
    auto = AutoRecharge.objects.select_related("account").get(pk=auto_id)
    if not auto.is_on:
        return None
    offer = selectors.offer(auto, now)
    decision = decide(offer.facts)
    if decision.answer == Answer.BUY:
        return _buy(auto, offer, decision, now)
    if decision.answer == Answer.ENOUGH:
        _lapse(auto, now)
    if decision.answer == Answer.ASK:
        _ask(auto, offer, decision, now)
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
    """Ask the owner, on the page and by e-mail."""
    assert offer.pack is not None
    assert decision.unusual is not None
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
        },
        reference=f"question:{question.public_id}",
        now=now,
    )


def _note(
    auto: AutoRecharge,
    offer: Offer,
    decision: Decision,
    answer: Answer,
    now: datetime,
    recharge: Recharge | None = None,
) -> Evaluation:
    """Write the answer down: in the row of the last look where it is the same one, else in a new row."""
    facts = offer.facts
    # Having asked, it is waiting for the answer: one row tells of both.
    answer = Answer.ASKED if answer == Answer.ASK else answer
    figures = {
        "conditions": {name.value: is_met for name, is_met in decision.conditions.items()},
        "available_units": facts.available,
        "on_their_way_units": facts.on_their_way,
        "threshold_units": facts.threshold,
        "quantity_units": facts.quantity,
        "units": decision.units,
        "gross_cents": facts.gross_cents or 0,
        "spent_today_cents": facts.spent_today,
        "spent_month_cents": facts.spent_this_month,
        "until": decision.until,
    }
    AutoRecharge.objects.filter(pk=auto.pk).update(last_answer=answer.value)
    last = Evaluation.objects.filter(auto_recharge=auto).order_by("-pk").first()
    if last is not None and last.answer == answer.value and recharge is None:
        same = Evaluation.objects.filter(pk=last.pk)
        same.update(look_count=F("look_count") + 1, last_at=max(now, last.first_at), **figures)
        last.refresh_from_db()
        return last
    return Evaluation.objects.create(
        auto_recharge=auto, answer=answer.value, recharge=recharge, first_at=now, last_at=now, **figures
    )


def _check(terms: Terms) -> None:
    caps = [cap for cap in (terms.day_cap_cents, terms.month_cap_cents) if cap is not None]
    fits = 0 < terms.threshold_units <= MAX_THRESHOLD and terms.quantity_units in QUANTITIES
    if not fits or any(cap <= 0 for cap in caps):
        raise NotAllowed


def _at(account: Account, revision: int) -> AutoRecharge | None:
    auto = AutoRecharge.objects.filter(account=account).select_related("account").first()
    if (auto.revision if auto else 0) != revision:
        raise ChangedMeanwhile
    return auto


def _switch_off(auto: AutoRecharge, actor_id: int | None, now: datetime) -> None:
    auto.is_on = False
    _lapse(auto, now)
    _change(auto, "auto_recharge.switched_off", actor_id, now)
    payments.need_no_more(by=auto.needer)


def _lapse(auto: AutoRecharge, now: datetime) -> None:
    """Take back a question that is not needed any more, and an approval that nothing was bought with."""
    open_states = [Question.State.WAITING, Question.State.APPROVED]
    asked = Question.objects.filter(auto_recharge=auto, state__in=open_states)
    asked.update(state=Question.State.LAPSED, answered_at=now)


def _change(auto: AutoRecharge, action: str, actor_id: int | None, now: datetime) -> None:
    auto.revision += 1
    auto.changed_at, auto.changed_by_id = now, actor_id
    auto.save()
    figures = {"threshold_units": auto.threshold_units, "credits_units": auto.quantity_units}
    _record(action, auto, actor_id, now, figures)


def _record(action: str, auto: AutoRecharge, actor_id: int | None, now: datetime, after: Mapping[str, object]) -> None:
    subject = f"auto_recharge:{auto.public_id}"
    audit.record(action=action, actor_id=actor_id, account_id=auto.account_id, subject=subject, after=after, now=now)
