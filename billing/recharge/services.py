"""Buying credits by hand: one purchase, one charge, one credit, one invoice, whatever is lost or repeated."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation

from billing.amounts import to_credits
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.credits.expiry import after_months
from billing.invoices import selectors as invoices_selectors
from billing.invoices import services as invoices
from billing.invoices import vat
from billing.invoices.models import Invoice, PaidBy
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from billing.payments import services as payments
from billing.payments.models import Attempt, Payment, PaymentMethod
from billing.payments.providers.base import Answer, Outcome
from billing.payments.reasons import Reason
from billing.pricing.models import CreditPack
from billing.recharge import provisional, reversals
from billing.recharge.models import Recharge
from billing.recharge.provisional import ProvisionalLimitReached
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.notices import services as notices
from portal.notices.codes import Kind
from portal.transactions import unit_of_work

Origin = Recharge.Origin

PAID_BY = {
    PaymentMethod.Kind.CARD: PaidBy.CARD,
    PaymentMethod.Kind.SEPA: PaidBy.SEPA_DEBIT,
    PaymentMethod.Kind.BANK_TRANSFER: PaidBy.BANK_TRANSFER,
}


__all__ = [
    "Cost",
    "DrawsOnAnother",
    "Origin",
    "ProvisionalLimitReached",
    "RechargeAlreadyOpen",
    "StillPossible",
    "ask_now",
    "buy",
    "conclude",
    "cost",
    "give_up",
    "page_url",
    "pursue",
]


class RechargeAlreadyOpen(Exception):
    """Another recharge of this account still waits for its payment."""


class StillPossible(Exception):
    """The payment may still turn out charged: the provider has not said that it knows of none."""


class DrawsOnAnother(Exception):
    """The account spends another's credits: what it bought would lie in a wallet it does not spend from."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a pack costs this account: cents without VAT, of VAT, and together, and why that VAT."""

    net_cents: int
    vat_cents: int
    gross_cents: int
    assessment: vat.Assessment


def cost(*, account: Account, pack: CreditPack) -> Cost:
    """Price `pack` for `account`. Raises `invoices.BillingDetailsMissing` when nobody can be invoiced."""
    assessment = invoices_selectors.assessment(account)
    vat_cents = vat.vat_cents(pack.price_cents, assessment.rate)
    return Cost(pack.price_cents, vat_cents, pack.price_cents + vat_cents, assessment)


def buy(
    *,
    account: Account,
    pack: CreditPack,
    method: PaymentMethod,
    reference: UUID,
    actor_id: int | None,
    now: datetime,
    origin: Origin = Origin.MANUAL,
) -> Recharge:
    """Buy `pack` and ask for the money at once; an automatic purchase has nobody before the screen (off session).

    `reference` is the buyer's idempotency key: with the same one the first purchase is returned. The recharge comes
    back paid, failed, or waiting: the outcome is not known yet, the bank takes days, or the customer has to confirm
    (`selectors.progress` says which). Raises `RechargeAlreadyOpen`, `DrawsOnAnother`,
    `payments.MethodNotUsable`, `invoices.BillingDetailsMissing`.
    """
    recharge = _open(
        account=account,
        pack=pack,
        method=method,
        reference=reference,
        actor_id=actor_id,
        now=now,
        origin=Origin(origin),
    )
    return pursue(recharge=recharge, now=now)


def pursue(*, recharge: Recharge, now: datetime) -> Recharge:
    """Ask what became of the payment, if it is time to, and conclude; safe to call at any time, by anybody."""
    attempt = Attempt.objects.unresolved().filter(payment_id=recharge.payment_id).first()
    if attempt is None or not payments.claim(attempt=attempt, now=now):
        return recharge
    answer = payments.ask(attempt=attempt, now=now, return_url=page_url(recharge))
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)


def ask_now(*, recharge: Recharge, now: datetime) -> Recharge:
    """Look up what became of the payment, whether or not it is time to: somebody has just confirmed it, or is asking."""
    attempt = Attempt.objects.unresolved().filter(payment_id=recharge.payment_id).first()
    if attempt is None:
        return recharge
    answer = payments.look_up(attempt=attempt, now=now)
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)


@unit_of_work
def give_up(*, recharge: Recharge, actor_id: int, now: datetime) -> Recharge:
    """Take an unknown payment for not charged: staff's last step, once the provider said that it has no such charge.

    Should the money turn up after all, its credits still come. Raises `StillPossible`.
    """
    attempt = Attempt.objects.select_for_update().filter(payment_id=recharge.payment_id).latest("pk")
    is_lost = attempt.state == Attempt.State.UNKNOWN and attempt.looked_up_at and not attempt.contradiction
    if not is_lost or now - attempt.started_at < payments.KEY_LIFE:
        raise StillPossible
    audit.record(
        action="recharge.given_up",
        actor_id=actor_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        now=now,
    )
    answer = Answer(Outcome.DECLINED, reason=Reason.UNRESOLVED)
    return conclude(recharge=recharge, attempt=attempt, answer=answer, now=now)


@unit_of_work
def conclude(*, recharge: Recharge, attempt: Attempt, answer: Answer, now: datetime) -> Recharge:
    """Record what the provider said, in a reply, a webhook or a look-up; when paid, credit and invoice in the same
    transaction. Once, in whatever order they come: a success that is heard of after a refusal still counts.
    """
    recharge = Recharge.objects.select_for_update(of=("self",)).select_related("account").get(pk=recharge.pk)
    payment = payments.record(attempt=attempt, answer=answer, now=now)
    if recharge.state != Recharge.State.PAID and payment.state != Payment.State.OPEN:
        _close(recharge, payment, answer, now)
    if recharge.state == Recharge.State.PAID:
        reversals.note(recharge=recharge, reversals=answer.reversals, now=now)
    return recharge


def _close(recharge: Recharge, payment: Payment, answer: Answer, now: datetime) -> None:
    """Credit and invoice what was paid, or let go of what was not; a failed one may still turn out paid."""
    if payment.state == Payment.State.SUCCEEDED:
        recharge.transfer = _credit(recharge, now)
        recharge.invoice = _invoice(recharge, payment, now)
        recharge.state = Recharge.State.PAID
        recharge.provisional_until = _returnable_until(payment, now)
    elif recharge.state == Recharge.State.WAITING:
        recharge.state = Recharge.State.FAILED
    else:
        return
    recharge.closed_at = now
    recharge.save(update_fields=["state", "transfer", "invoice", "provisional_until", "closed_at"])
    _announce(recharge, answer, now)
    audit.record(
        action=f"recharge.{recharge.state}",
        actor_id=recharge.created_by_id,
        account_id=recharge.account_id,
        subject=f"recharge:{recharge.public_id}",
        after={"gross_cents": recharge.gross_cents, "credits_units": recharge.credits_units, "reason": answer.reason},
        now=now,
    )
    if recharge.state == Recharge.State.PAID:
        reversals.collect_owed(account=recharge.account, now=now)


def page_url(recharge: Recharge) -> str:
    """The recharge's page as an address that can be called from outside: where a bank sends a customer back to."""
    return settings.SITE_URL + reverse("recharge", args=[recharge.account.public_id, recharge.public_id])


@unit_of_work
def _open(
    *,
    account: Account,
    pack: CreditPack,
    method: PaymentMethod,
    reference: UUID,
    actor_id: int | None,
    now: datetime,
    origin: Origin = Origin.MANUAL,
) -> Recharge:
    # The wallet's account row is the queue for purchases: of two clicks the second waits here and finds the first.
    # The customer's row is taken along, because the limit of provisional credits is the whole customer's.
    queue = Account.objects.select_for_update(no_key=True).filter(pk__in={account.pk, account.customer_id})
    list(queue.order_by("pk"))
    known = Recharge.objects.filter(account=account, reference=reference).first()
    if known:
        return known
    if Recharge.objects.waiting().filter(account=account).exists():
        raise RechargeAlreadyOpen
    if credits_selectors.draws_on(account):
        raise DrawsOnAnother
    price = cost(account=account, pack=pack)
    if method.kind == PaymentMethod.Kind.SEPA:
        provisional.check(account=account, cents=price.gross_cents, now=now)
    attempt = payments.request(
        account=account,
        method=method,
        amount_cents=price.gross_cents,
        currency=pack.price_list.currency,
        reference=f"recharge:{account.public_id}:{reference}",
        is_off_session=origin == Origin.AUTOMATIC,
        now=now,
    )
    return Recharge.objects.create(
        account=account,
        origin=origin,
        reference=reference,
        payment=attempt.payment,
        created_by_id=actor_id,
        created_at=now,
        **_frozen(pack, price),
    )


def _frozen(pack: CreditPack, price: Cost) -> dict[str, Any]:
    """What is bought and what it costs, as it is now: whatever changes later, this was agreed."""
    return {
        "credits_units": pack.credits,
        "price_list_name": pack.price_list.name,
        "net_cents": price.net_cents,
        "vat_cents": price.vat_cents,
        "gross_cents": price.gross_cents,
        "currency": pack.price_list.currency,
        "vat_treatment": price.assessment.treatment.value,
        "vat_rate": price.assessment.rate,
        "credits_expire_after_months": pack.price_list.credits_expire_after_months,
    }


def _credit(recharge: Recharge, now: datetime) -> Transfer:
    subject = f"recharge:{recharge.public_id}"
    unit_price = Decimal(recharge.net_cents) / to_credits(recharge.credits_units)
    # Counted from when the credits are there: a payment that takes days costs the customer none of them.
    months = recharge.credits_expire_after_months
    expires_at = after_months(now, months, timezone.get_default_timezone()) if months else None
    return credits.grant(
        wallet=credits.open_wallet(account=recharge.account),
        amount=recharge.credits_units,
        terms=credits.Terms(unit_price.quantize(Decimal("0.000001")), recharge.currency, expires_at),
        cause=credits.Cause(TransferCode.PURCHASE, subject, subject, recharge.created_by_id),
        now=now,
    )


def _returnable_until(payment: Payment, now: datetime) -> datetime | None:
    return now + provisional.RETURNABLE if payment.method.kind == PaymentMethod.Kind.SEPA else None


def _announce(recharge: Recharge, answer: Answer, now: datetime) -> None:
    """Tell the people who pay. Why it failed is kept in the source language, and translated for each reader."""
    is_paid = recharge.state == Recharge.State.PAID
    with translation.override(settings.LANGUAGE_CODE):
        # A code that Saldo has no words for must not stand in the way of recording what became of the payment.
        reason = str(Reason(answer.reason).label) if not is_paid and answer.reason in Reason.values else ""
    subject = f"recharge:{recharge.public_id}"
    notices.announce(
        account=recharge.account,
        kind=Kind.RECHARGE_PAID if is_paid else Kind.RECHARGE_FAILED,
        subject=subject,
        context={
            "credits_units": recharge.credits_units,
            "gross_cents": recharge.gross_cents,
            "currency": recharge.currency,
            "reason": reason,
        },
        reference=subject,
        now=now,
    )


def _invoice(recharge: Recharge, payment: Payment, now: datetime) -> Invoice:
    return invoices.issue(
        account=recharge.account,
        line=invoices.Line(recharge.credits_units, recharge.net_cents, currency=recharge.currency),
        assessment=vat.Assessment(vat.Treatment(recharge.vat_treatment), recharge.vat_rate),
        paid_at=now,
        paid_by=PAID_BY[PaymentMethod.Kind(payment.method.kind)],
        payment_reference=payment.method.label,
        reference=f"recharge:{recharge.public_id}",
        actor_id=recharge.created_by_id,
        now=now,
    )
