"""Asking for money. A timeout is not a failure: what became of a try is asked again with the same key."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from billing.payments.creditor_reference import creditor_reference
from billing.payments.methods import (
    Consent,
    MethodNeeded,
    add_debit,
    add_method,
    bank_transfer,
    need,
    need_no_more,
    note_mandate,
    put_first,
    remove_method,
    restate_needs,
)
from billing.payments.models import Attempt, Mandate, Payment, PaymentMethod
from billing.payments.providers import provider
from billing.payments.providers.base import Answer, Charge, Outcome
from billing.payments.reasons import Reason
from portal.accounts.models import Account
from portal.transactions import unit_of_work

__all__ = [
    "KEY_LIFE",
    "Consent",
    "MethodNeeded",
    "MethodNotUsable",
    "TooMuch",
    "add_debit",
    "add_method",
    "ask",
    "bank_transfer",
    "charge_of",
    "claim",
    "is_lost",
    "look_up",
    "need",
    "need_no_more",
    "note_mandate",
    "put_first",
    "receive",
    "record",
    "remove_method",
    "request",
    "restate_needs",
]

# Longer than any provider is given to answer: afterwards whoever asked is taken for dead.
LEASE = timedelta(seconds=60)
# An unknown outcome is asked for again soon, then less and less often.
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
# A bank takes days over a debit and tells us by webhook; this is for the webhook that was lost.
PENDING_PAUSE = timedelta(hours=6)
# Somebody sits before the bank's page: asked soon at first, for those who come back before the webhook.
CONFIRMING_PAUSE = timedelta(minutes=2)
# Providers keep an idempotency key for 24 hours at least: after this nothing is asked for with it, only looked up.
KEY_LIFE = timedelta(hours=20)


class TooMuch(Exception):
    """More would have been received than was asked, or less than nothing."""


class MethodNotUsable(Exception):
    """The payment method has been removed or has expired, or is another account's."""


@unit_of_work
def request(
    *,
    account: Account,
    method: PaymentMethod,
    amount_cents: int,
    currency: str,
    reference: str,
    now: datetime,
    is_off_session: bool = False,
) -> Attempt:
    """Write down that money is asked for, and its first try; `ask` then asks. Raises `MethodNotUsable`."""
    if method.account_id != account.pk or not PaymentMethod.objects.usable(now.date()).filter(pk=method.pk).exists():
        raise MethodNotUsable
    payment = Payment.objects.create(
        account=account,
        method=method,
        amount_cents=amount_cents,
        currency=currency,
        reference=reference,
        created_at=now,
    )
    attempt = Attempt.objects.create(
        payment=payment,
        provider=method.provider,
        token=method.token,
        amount_cents=amount_cents,
        currency=currency,
        is_off_session=is_off_session,
        started_at=now,
        ask_again_at=now,
    )
    if method.kind == PaymentMethod.Kind.BANK_TRANSFER:
        _await_transfer(attempt, now)
    return attempt


def _await_transfer(attempt: Attempt, now: datetime) -> None:
    """Freeze what the customer is to quote, and the last day on which the money is waited for, where the operator is."""
    attempt.provider_reference = creditor_reference(attempt.pk)
    today = now.astimezone(timezone.get_default_timezone()).date()
    attempt.expires_on = today + timedelta(days=settings.TRANSFER_DAYS)
    attempt.save(update_fields=["provider_reference", "expires_on"])


@unit_of_work
def receive(*, attempt: Attempt, cents: int, now: datetime) -> Attempt:
    """Note that `cents` more of a bank transfer have come (fewer than zero: were not for it) and return it as it is now.

    Raises `TooMuch` when that would be more than was asked, or less than nothing.
    """
    mine = Attempt.objects.filter(pk=attempt.pk, received_cents__range=(-cents, attempt.amount_cents - cents))
    came = {"received_at": now} if cents > 0 else {}
    if not mine.update(received_cents=F("received_cents") + cents, **came):
        raise TooMuch
    return Attempt.objects.get(pk=attempt.pk)


def claim(*, attempt: Attempt, now: datetime) -> bool:
    """Take the right to ask for `attempt`, until the lease runs out; False when somebody else has it, or had meanwhile."""
    due = Attempt.objects.due(now).filter(pk=attempt.pk, asked_count=attempt.asked_count)
    return due.update(asked_count=F("asked_count") + 1, ask_again_at=now + LEASE) == 1


def ask(*, attempt: Attempt, now: datetime | None = None, return_url: str = "") -> Answer:
    """Ask the provider, for the first time or again. Call it outside any transaction: this is the network.

    While nothing is known it is asked with the same key; once the key may be forgotten over there, and for what is
    under way, it is only looked up. What was never asked is not asked for with a method that has ended meanwhile.
    """
    if not attempt.asked_count and not _is_still_usable(attempt, now):
        return Answer(Outcome.DECLINED, reason=Reason.METHOD_ENDED)
    charge = charge_of(attempt, return_url)
    never_heard = attempt.state in (Attempt.State.SUBMITTING, Attempt.State.UNKNOWN)
    if never_heard and (now is None or now - attempt.started_at < KEY_LIFE):
        return provider(attempt.provider).charge(charge)
    return look_up(attempt=attempt, now=now or attempt.ask_again_at)


def _is_still_usable(attempt: Attempt, now: datetime | None) -> bool:
    usable = PaymentMethod.objects.usable((now or attempt.ask_again_at).date())
    return usable.filter(payments=attempt.payment_id).exists()


def look_up(*, attempt: Attempt, now: datetime, reference: str = "") -> Answer:
    """Ask what became of a try without asking for money; a try that is not there is noted, and stays unknown.

    `reference` is what a webhook says that the provider calls it, for when we never heard that ourselves.
    """
    charge = charge_of(attempt)
    if reference and not charge.provider_reference:
        charge = replace(charge, provider_reference=reference)
    answer = provider(attempt.provider).look_up(charge)
    if answer is not None:
        return answer
    Attempt.objects.unresolved().filter(pk=attempt.pk).update(looked_up_at=now)
    return Answer(Outcome.UNKNOWN)


def is_lost(attempt: Attempt) -> bool:
    """Whether a try may be taken for not charged: the provider knew of none when nothing was asked with its key any more.

    What a look-up did not find before that, a later question may have charged.
    """
    looked_up_at = attempt.looked_up_at
    is_unknown = attempt.state == Attempt.State.UNKNOWN and not attempt.contradiction
    return is_unknown and looked_up_at is not None and looked_up_at - attempt.started_at >= KEY_LIFE


def charge_of(attempt: Attempt, return_url: str = "") -> Charge:
    """What the provider is asked for, as it was frozen."""
    return Charge(
        str(attempt.key),
        attempt.token,
        attempt.amount_cents,
        attempt.currency,
        is_off_session=attempt.is_off_session,
        provider_reference=attempt.provider_reference,
        return_url=return_url,
        started_at=attempt.started_at,
    )


@unit_of_work
def record(*, attempt: Attempt, answer: Answer, now: datetime) -> Payment:
    """Write down what the provider said and return the payment as it now is.

    A success is final. A refusal is, too, but for a success that is heard of late: money that moved is never denied.
    An answer about another amount than ours is written down as a contradiction, and concludes nothing.
    """
    payment = Payment.objects.select_for_update().get(pk=attempt.payment_id)
    mine = Attempt.objects.filter(pk=attempt.pk)
    if contradiction := _contradiction(attempt, answer):
        mine.update(contradiction=contradiction)
        return payment
    if answer.outcome not in (Outcome.SUCCEEDED, Outcome.DECLINED):
        _wait(attempt, answer, now)
        return payment
    succeeded = answer.outcome == Outcome.SUCCEEDED
    may_end = Attempt.OPEN + ((Attempt.State.DECLINED,) if succeeded else ())
    if payment.state == Payment.State.SUCCEEDED or not mine.filter(state__in=may_end).update(
        state=Attempt.State(answer.outcome.value),
        provider_reference=answer.provider_reference or F("provider_reference"),
        reason=answer.reason,
        confirm_url="",
        charged_at=answer.charged_at,
        finished_at=now,
    ):
        return payment
    payment.state = Payment.State.SUCCEEDED if succeeded else Payment.State.FAILED
    payment.finished_at = now
    payment.save(update_fields=["state", "finished_at"])
    _note_use(payment, answer, now)
    return payment


def _wait(attempt: Attempt, answer: Answer, now: datetime) -> None:
    """Note what is known so far, and when to ask again. What is under way does not become unknown by one silence."""
    waiting = Attempt.objects.unresolved().filter(pk=attempt.pk)
    pause = min(FIRST_PAUSE * 2 ** min(attempt.asked_count, 10), LONGEST_PAUSE)
    if answer.outcome == Outcome.UNKNOWN:
        waiting.filter(state=Attempt.State.SUBMITTING).update(state=Attempt.State.UNKNOWN)
        waiting.update(ask_again_at=now + pause)
        return
    is_pending = answer.outcome == Outcome.PENDING
    waiting.update(
        state=Attempt.State(answer.outcome.value),
        provider_reference=answer.provider_reference or F("provider_reference"),
        confirm_url=answer.confirm_url,
        ask_again_at=now + (PENDING_PAUSE if is_pending else min(pause, CONFIRMING_PAUSE)),
    )


def _contradiction(attempt: Attempt, answer: Answer) -> str:
    """What in the answer cannot be true of what was asked; empty when nothing."""
    if answer.amount_cents is None:
        return ""
    asked, said = (attempt.amount_cents, attempt.currency), (answer.amount_cents, answer.currency)
    if asked == said:
        return ""
    amount = Decimal(answer.amount_cents).scaleb(-2)
    return f"{answer.provider_reference}: {answer.outcome.value} {amount} {answer.currency}"[:200]


def _note_use(payment: Payment, answer: Answer, now: datetime) -> None:
    """A debit keeps its mandate alive; one that was refused for a mandate that is gone ends it."""
    mandate = Mandate.objects.filter(method=payment.method_id).first()
    if mandate is None:
        return
    if answer.outcome == Outcome.SUCCEEDED:
        Mandate.objects.filter(pk=mandate.pk).update(used_at=now)
    elif answer.reason in (Reason.MANDATE_REVOKED, Reason.ACCOUNT_CLOSED):
        note_mandate(mandate=mandate, state=Mandate.State.REVOKED, actor_id=None, now=now)
