"""What a provider said becomes what is true here: credits and invoice in one transaction, once."""

from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from billing.amounts import to_credits
from billing.credits import services as credits
from billing.credits.expiry import after_months
from billing.credits.signals import wallet_changed
from billing.invoices import services as invoices
from billing.invoices import vat
from billing.invoices.models import Invoice, PaidBy
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment, PaymentMethod
from billing.payments.providers.base import Answer
from billing.payments.reasons import Reason
from billing.recharge import provisional, reversals, telling
from billing.recharge.models import Recharge
from portal.audit import services as audit
from portal.bells import ring
from portal.transactions import unit_of_work

PAID_BY = {
    PaymentMethod.Kind.CARD: PaidBy.CARD,
    PaymentMethod.Kind.SEPA: PaidBy.SEPA_DEBIT,
    PaymentMethod.Kind.BANK_TRANSFER: PaidBy.BANK_TRANSFER,
}
# What a recharge that was not paid becomes, where that is not simply failed.
LET_GO: dict[str, Recharge.State] = {
    Reason.EXPIRED: Recharge.State.EXPIRED,
    Reason.CLOSED_SHORT: Recharge.State.EXPIRED,
    Reason.WITHDRAWN: Recharge.State.WITHDRAWN,
}


@unit_of_work
def conclude(
    *, recharge: Recharge, attempt: Attempt, answer: Answer, now: datetime, actor_id: int | None = None
) -> Recharge:
    """Record what the provider said, in a reply, a webhook or a look-up; when paid, credit and invoice in the same
    transaction. Once, in whatever order they come: a success that is heard of after a refusal still counts.
    """
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=recharge.pk)
    payment = payments.record(attempt=attempt, answer=answer, now=now)
    if recharge.state != Recharge.State.PAID and payment.state != Payment.State.OPEN:
        _close(recharge, payment, answer, actor_id or recharge.created_by_id, now)
    if recharge.state == Recharge.State.PAID:
        reversals.note(recharge=recharge, reversals=answer.reversals, now=now)
    return recharge


def _close(recharge: Recharge, payment: Payment, answer: Answer, actor_id: int | None, now: datetime) -> None:
    """Credit and invoice what was paid, or let go of what was not; a failed one may still turn out paid."""
    if payment.state == Payment.State.SUCCEEDED:
        recharge.transfer = _credit(recharge, now)
        recharge.invoice = _invoice(recharge, payment, now)
        recharge.state = Recharge.State.PAID
        recharge.provisional_until = _returnable_until(payment, now)
    elif recharge.state == Recharge.State.WAITING:
        recharge.state = LET_GO.get(answer.reason, Recharge.State.FAILED)
    else:
        return
    recharge.closed_at = now
    recharge.save(update_fields=["state", "transfer", "invoice", "provisional_until", "closed_at"])
    telling.of_outcome(recharge, answer, now)
    audit.record(
        action=f"recharge.{recharge.state}",
        actor_id=actor_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        after={"gross_cents": recharge.gross_cents, "credits_units": recharge.credits_units, "reason": answer.reason},
        now=now,
    )
    if recharge.state == Recharge.State.PAID:
        reversals.collect_owed(account=recharge.account, now=now)
    else:
        # Nothing is on its way any more: whoever waits for the credits looks at the wallet again.
        ring(wallet_changed, credits.open_wallet(account=recharge.account).pk)


def _credit(recharge: Recharge, now: datetime) -> Transfer:
    subject = f"recharge:{recharge.public_id}"
    unit_price = Decimal(recharge.net_cents) / to_credits(recharge.credits_units)
    # Counted from when the credits are there: a payment that takes days costs the customer none of them.
    months = recharge.credits_expire_after_months
    expires_at = after_months(now, months, timezone.get_default_timezone()) if months else None
    return credits.grant(
        wallet=reversals.wallet_of(recharge.account),
        amount=recharge.credits_units,
        terms=credits.Terms(unit_price.quantize(Decimal("0.000001")), recharge.currency, expires_at),
        cause=credits.Cause(TransferCode.PURCHASE, subject, subject, recharge.created_by_id),
        now=now,
    )


def _returnable_until(payment: Payment, now: datetime) -> datetime | None:
    return now + provisional.RETURNABLE if payment.method.kind == PaymentMethod.Kind.SEPA else None


def _invoice(recharge: Recharge, payment: Payment, now: datetime) -> Invoice:
    return invoices.issue(
        account=recharge.account,
        line=invoices.Line(recharge.credits_units, recharge.net_cents, currency=recharge.currency),
        assessment=vat.Assessment(vat.Treatment(recharge.vat_treatment), recharge.vat_rate),
        paid_at=now,
        paid_by=PAID_BY[PaymentMethod.Kind(payment.method.kind)],
        payment_reference=_named(payment),
        reference=f"recharge:{recharge.public_id}",
        actor_id=recharge.created_by_id,
        now=now,
        agreed=recharge.buyer,
    )


def _named(payment: Payment) -> str:
    """What the invoice calls the payment: the card or the debited account, or what was quoted in a bank transfer."""
    if payment.method.kind != PaymentMethod.Kind.BANK_TRANSFER:
        return payment.method.label
    return payment.attempts.latest("pk").quoted
