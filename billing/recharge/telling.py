"""What the people who pay are told by e-mail: how a payment ended, and what to quote in a bank transfer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from stdnum import iban

from billing.payments.models import Attempt
from billing.payments.providers.base import Answer
from billing.payments.reasons import Reason
from billing.recharge.models import Recharge
from portal.notices import services as notices
from portal.notices.codes import Kind, Stage


@dataclass(frozen=True, slots=True)
class Payee:
    """The bank account to pay into: its holder, the IBAN in groups of four, and the BIC where there is one to show."""

    holder: str
    iban: str
    bic: str

    @property
    def compact_iban(self) -> str:
        """The IBAN without spaces, as a bank's form wants it."""
        return self.iban.replace(" ", "")


def payee() -> Payee:
    """The operator's bank account."""
    return Payee(settings.SELLER["name"], str(iban.format(settings.SELLER["iban"])), settings.SELLER_BIC)


def of_outcome(recharge: Recharge, answer: Answer, now: datetime) -> None:
    """Tell how it ended; whoever withdrew a purchase knows. A transfer that was waited for in vain has its own mail."""
    if recharge.state in (Recharge.State.WITHDRAWN, Recharge.State.EXPIRED):
        return
    is_paid = recharge.state == Recharge.State.PAID
    # Why it failed is kept in the source language, and translated for each reader.
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
            "origin": recharge.origin,
        },
        reference=subject,
        now=now,
    )


def of_transfer(recharge: Recharge, attempt: Attempt, stage: Stage, now: datetime) -> None:
    """Tell what to transfer and what to quote, how much is missing of it, or that it is not waited for any more.

    Once for each stage, and once for each sum that is missing.
    """
    reference = f"recharge:{recharge.public_id}:{stage.value}:{attempt.missing_cents}"
    _announce(recharge, attempt, stage, {}, reference, now)


def of_surplus(recharge: Recharge, attempt: Attempt, cents: int, line: str, now: datetime) -> None:
    """Tell that so many cents more have come than were missing; once for each `line` of a statement."""
    reference = f"recharge:{recharge.public_id}:{Stage.SURPLUS.value}:{line}"
    _announce(recharge, attempt, Stage.SURPLUS, {"surplus_cents": cents}, reference, now)


def _announce(
    recharge: Recharge, attempt: Attempt, stage: Stage, more: dict[str, int], reference: str, now: datetime
) -> None:
    subject, to = f"recharge:{recharge.public_id}", payee()
    notices.announce(
        account=recharge.account,
        kind=Kind.BANK_TRANSFER,
        subject=subject,
        context={
            "stage": stage.value,
            "credits_units": recharge.credits_units,
            "gross_cents": recharge.gross_cents,
            "missing_cents": attempt.missing_cents,
            "currency": recharge.currency,
            "reference": attempt.quoted,
            "expires_on": attempt.expires_on.isoformat() if attempt.expires_on else "",
            "holder": to.holder,
            "iban": to.iban,
            "bic": to.bic,
            **more,
        },
        reference=reference,
        now=now,
    )
