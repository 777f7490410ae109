"""Asking for money. A timeout is not a failure: what became of a try is asked again with the same key."""

from datetime import date, datetime, timedelta

from django.db.models import F

from billing.payments.models import Attempt, Payment, PaymentMethod
from billing.payments.providers import provider
from billing.payments.providers.base import Answer, Charge, Outcome
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

# Longer than any provider is given to answer: afterwards whoever asked is taken for dead.
LEASE = timedelta(seconds=60)
# An unknown outcome is asked for again soon, then less and less often.
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)


class MethodNotUsable(Exception):
    """The payment method has been removed or has expired, or is another account's."""


@unit_of_work
def add_method(
    *, account: Account, provider: str, token: str, label: str, expires_on: date | None, actor_id: int, now: datetime
) -> PaymentMethod:
    """Keep the provider's token of a card for this account."""
    method = PaymentMethod.objects.create(
        account=account,
        provider=provider,
        token=token,
        label=label,
        expires_on=expires_on,
        created_by_id=actor_id,
        created_at=now,
    )
    subject = f"payment_method:{method.public_id}"
    audit.record(
        action="payment_method.added",
        actor_id=actor_id,
        account_id=account.pk,
        subject=subject,
        after={"label": label},
        now=now,
    )
    return method


@unit_of_work
def remove_method(*, method: PaymentMethod, actor_id: int, now: datetime) -> None:
    """Use this method no more; payments made with it keep pointing at it. Repeating changes nothing."""
    if PaymentMethod.objects.filter(pk=method.pk, removed_at=None).update(removed_at=now):
        subject = f"payment_method:{method.public_id}"
        audit.record(
            action="payment_method.removed",
            actor_id=actor_id,
            account_id=method.account_id,
            subject=subject,
            before={"label": method.label},
            now=now,
        )


@unit_of_work
def request(
    *, account: Account, method: PaymentMethod, amount_cents: int, currency: str, reference: str, now: datetime
) -> Attempt:
    """Write down that money is asked for, and its first try; `submit` then asks. Raises `MethodNotUsable`."""
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
    return Attempt.objects.create(
        payment=payment,
        provider=method.provider,
        token=method.token,
        amount_cents=amount_cents,
        currency=currency,
        started_at=now,
        ask_again_at=now,
    )


def claim(*, attempt: Attempt, now: datetime) -> bool:
    """Take the right to ask for `attempt`, until the lease runs out; False when somebody else has it."""
    due = Attempt.objects.due(now).filter(pk=attempt.pk)
    return due.update(asked_count=F("asked_count") + 1, ask_again_at=now + LEASE) == 1


def ask(*, attempt: Attempt) -> Answer:
    """Ask the provider, for the first time or again. Call it outside any transaction: this is the network."""
    charge = Charge(str(attempt.key), attempt.token, attempt.amount_cents, attempt.currency)
    return provider(attempt.provider).charge(charge)


@unit_of_work
def record(*, attempt: Attempt, answer: Answer, now: datetime) -> Payment:
    """Write down what the provider said and return the payment as it now is. A final outcome is written once."""
    payment = Payment.objects.select_for_update().get(pk=attempt.payment_id)
    open_attempt = Attempt.objects.unresolved().filter(pk=attempt.pk)
    if answer.outcome == Outcome.UNKNOWN:
        pause = min(FIRST_PAUSE * 2 ** min(attempt.asked_count, 10), LONGEST_PAUSE)
        open_attempt.update(state=Attempt.State.UNKNOWN, ask_again_at=now + pause)
        return payment
    changed = open_attempt.update(
        state=Attempt.State(answer.outcome.value),
        provider_reference=answer.provider_reference,
        reason=answer.reason,
        finished_at=now,
    )
    if changed:
        succeeded = answer.outcome == Outcome.SUCCEEDED
        payment.state = Payment.State.SUCCEEDED if succeeded else Payment.State.FAILED
        payment.finished_at = now
        payment.save(update_fields=["state", "finished_at"])
    return payment
