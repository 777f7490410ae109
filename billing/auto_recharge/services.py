"""The verbs of automatic recharges: switch on and off, end a pause, take the owner's answer; `evaluate` looks and buys.

Level-triggered: what counts is where the balance stands, not what moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from billing.auto_recharge import facts, selectors
from billing.auto_recharge.decide import Answer
from billing.auto_recharge.looking import evaluate, lapse
from billing.auto_recharge.models import MAX_THRESHOLD, AutoRecharge, Question
from billing.auto_recharge.selectors import WATCHER
from billing.credits import services as credits
from billing.payments import services as payments
from billing.payments.models import PaymentMethod
from billing.recharge import services as recharges
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

__all__ = [
    "AlreadyAnswered",
    "AmountChanged",
    "ChangedMeanwhile",
    "ConditionMissing",
    "NotAllowed",
    "Terms",
    "answer",
    "evaluate",
    "mark_threshold",
    "resume",
    "switch_off",
    "switch_on",
]


class ConditionMissing(Exception):
    """An automatic recharge cannot be switched on; `answer` names the condition that is not met."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer)
        self.answer = answer


class NotAllowed(Exception):
    """The threshold, the quantity or a cap is none that can be chosen."""


class ChangedMeanwhile(Exception):
    """Somebody else changed the automatic recharge since its page was opened."""


class AmountChanged(Exception):
    """The question is about another amount by now than the one that was read: nothing was approved."""


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

    A pause after declined payments and a stop after returned ones are the wallet's, and stay (`resume` ends them).

    Raises `ConditionMissing`, `NotAllowed`, `ChangedMeanwhile`.
    """
    recharges.queue(account)
    auto = _at(account, revision)
    stands = selectors.standing(account, now)
    _check(terms, stands.rules.quantities)
    if stands.missing:
        raise ConditionMissing(stands.missing)
    if terms.method not in stands.methods:
        raise ConditionMissing(Answer.NO_METHOD)
    auto = auto or AutoRecharge(account=account)
    auto.switched_on_at = auto.switched_on_at if auto.is_on else now
    auto.is_on, auto.last_answer, auto.look_again_at = True, "", None
    auto.threshold_units, auto.quantity_units, auto.method = terms.threshold_units, terms.quantity_units, terms.method
    auto.day_cap_cents, auto.month_cap_cents = terms.day_cap_cents, terms.month_cap_cents
    _change(auto, "auto_recharge.switched_on", actor_id, now)
    _watch(auto)
    payments.need(account=account, by=auto.needer, kinds=selectors.allowed_kinds(stands.rules))
    return auto


@unit_of_work
def switch_off(*, account: Account, revision: int, actor_id: int | None, now: datetime) -> None:
    """Buy nothing by itself any more; what is under way stays under way. Raises `ChangedMeanwhile`."""
    recharges.queue(account)
    auto = _at(account, revision)
    if auto is not None and auto.is_on:
        _switch_off(auto, actor_id, now)


@unit_of_work
def resume(*, account: Account, revision: int, actor_id: int, now: datetime) -> AutoRecharge | None:
    """End the pause and the stop: somebody has seen what was declined and what went back, and says to charge again.

    None where nothing is switched on. Raises `ChangedMeanwhile`, so that of two clicks one counts.
    """
    recharges.queue(account)
    auto = _at(account, revision)
    if auto is None or not auto.is_on:
        return None
    auto.answered_recharge_id, auto.settled_reversals = facts.answered(auto)
    auto.look_again_at = None
    _change(auto, "auto_recharge.resumed", actor_id, now)
    return auto


@unit_of_work
def mark_threshold(*, auto_id: int) -> None:
    """Let the wallet be looked at when it falls to the threshold, where nobody wrote that down."""
    account = Account.objects.get(auto_recharge=auto_id)
    recharges.queue(account)
    auto = AutoRecharge.objects.filter(pk=auto_id, is_on=True).select_related("account").first()
    if auto is not None:
        _watch(auto)


@unit_of_work
def answer(*, question: Question, approve: bool, gross_cents: int, actor_id: int, now: datetime) -> None:
    """Approve the purchase of `gross_cents`, made as soon as `evaluate` looks again; or deny it, which switches off.

    Once: raises `AlreadyAnswered`. An approval is of the amount that was read: raises `AmountChanged`.
    """
    recharges.queue(question.auto_recharge.account)
    state = Question.State.APPROVED if approve else Question.State.DENIED
    waiting = Question.objects.filter(pk=question.pk, state=Question.State.WAITING)
    if approve and waiting.exclude(gross_cents=gross_cents).exists():
        raise AmountChanged
    if not waiting.update(state=state, answered_at=now, answered_by_id=actor_id):
        raise AlreadyAnswered
    AutoRecharge.objects.filter(pk=question.auto_recharge_id).update(look_again_at=None)
    auto = AutoRecharge.objects.select_related("account").get(pk=question.auto_recharge_id)
    _record(f"auto_recharge.{state}", auto, actor_id, now, {"question": str(question.public_id)})
    if not approve and auto.is_on:
        _switch_off(auto, actor_id, now)


def _check(terms: Terms, quantities: Sequence[int]) -> None:
    caps = [cap for cap in (terms.day_cap_cents, terms.month_cap_cents) if cap is not None]
    fits = 0 < terms.threshold_units <= MAX_THRESHOLD and terms.quantity_units in quantities
    if not fits or any(cap <= 0 for cap in caps):
        raise NotAllowed


def _at(account: Account, revision: int) -> AutoRecharge | None:
    auto = AutoRecharge.objects.filter(account=account).select_related("account").first()
    if (auto.revision if auto else 0) != revision:
        raise ChangedMeanwhile
    return auto


def _switch_off(auto: AutoRecharge, actor_id: int | None, now: datetime) -> None:
    auto.is_on = False
    lapse(auto, now)
    _change(auto, "auto_recharge.switched_off", actor_id, now)
    credits.watch(wallet=credits.open_wallet(account=auto.account), watcher=WATCHER, level=None)
    payments.need_no_more(by=auto.needer)


def _watch(auto: AutoRecharge) -> None:
    """Let the wallet be looked at when it falls to the threshold."""
    wallet = credits.open_wallet(account=auto.account)
    credits.watch(wallet=wallet, watcher=WATCHER, level=auto.threshold_units)


def _change(auto: AutoRecharge, action: str, actor_id: int | None, now: datetime) -> None:
    auto.revision += 1
    auto.changed_at, auto.changed_by_id = now, actor_id
    auto.save()
    figures = {"threshold_units": auto.threshold_units, "credits_units": auto.quantity_units}
    _record(action, auto, actor_id, now, figures)


def _record(action: str, auto: AutoRecharge, actor_id: int | None, now: datetime, after: Mapping[str, object]) -> None:
    subject = f"auto_recharge:{auto.public_id}"
    audit.record(action=action, actor_id=actor_id, account_id=auto.account_id, subject=subject, after=after, now=now)
