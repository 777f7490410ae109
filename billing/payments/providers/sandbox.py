"""The sandbox: a provider without money, for the demo and the tests.

What happens is decided by the token. Its table is the far end's memory, kept apart from ours on purpose: a charge
that the far end has booked and whose reply was lost is exactly what the portal must survive. Settings refuse it in
production.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import transaction

from billing.payments.models import Mandate, SandboxCharge
from billing.payments.providers.base import (
    Answer,
    BadSignature,
    BadWebhook,
    Charge,
    Notification,
    Outcome,
    ReversalKind,
    Reversed,
)
from billing.payments.reasons import Reason

SUCCEEDS: Final = "sandbox_succeeds"
DECLINED: Final = "sandbox_declined"
EXPIRED_CARD: Final = "sandbox_expired_card"
NEEDS_CONFIRMATION: Final = "sandbox_needs_confirmation"
TIMEOUT_BEFORE: Final = "sandbox_timeout_before"
TIMEOUT_AFTER: Final = "sandbox_timeout_after"
# A bank that is not heard of for days: what was asked stays unknown.
SILENT: Final = "sandbox_silent"
SEPA_GOOD: Final = "sandbox_sepa_good"
SEPA_RETURNED: Final = "sandbox_sepa_returned"
SEPA_FAILS: Final = "sandbox_sepa_fails"
SEPA_UNCHECKED: Final = "sandbox_sepa_unchecked"

_REFUSALS: Final = {DECLINED: Reason.DECLINED, EXPIRED_CARD: Reason.EXPIRED_CARD}
_DEBITS: Final = frozenset({SEPA_GOOD, SEPA_RETURNED, SEPA_FAILS})
# A webhook older or newer than this is refused; a repetition within it is harmless.
MOST_SECONDS_OFF: Final = 300


class Sandbox:
    """Deterministic by token; idempotent by key, as the real ones are."""

    def charge(self, charge: Charge) -> Answer:
        with transaction.atomic():
            known, is_new = SandboxCharge.objects.select_for_update().get_or_create(
                key=charge.key,
                defaults={"token": charge.token, "amount_cents": charge.amount_cents, "currency": charge.currency},
            )
            if (known.amount_cents, known.currency) != (charge.amount_cents, charge.currency):
                raise ValueError("one key, two amounts")
            if charge.token == SILENT or (is_new and charge.token == TIMEOUT_BEFORE):
                return Answer(Outcome.UNKNOWN)
            if not known.outcome:
                _book(known, charge)
        if is_new and charge.token == TIMEOUT_AFTER:
            return Answer(Outcome.UNKNOWN)
        return _answer(known)

    def look_up(self, charge: Charge) -> Answer | None:
        if charge.token == SILENT:
            return Answer(Outcome.UNKNOWN)
        known = SandboxCharge.objects.filter(key=charge.key).exclude(outcome="").first()
        return _answer(known) if known else None

    def mandate(self, token: str) -> str | None:
        return Mandate.State.PENDING if token == SEPA_UNCHECKED else Mandate.State.VALID

    def refund(self, *, key: str, provider_reference: str, amount_cents: int) -> bool | None:
        with transaction.atomic():
            known = SandboxCharge.objects.select_for_update().get(reference=provider_reference)
            if any(each["reference"] == key for each in known.reversals):
                return True
            if sum(each["amount_cents"] for each in known.reversals) + amount_cents > known.amount_cents:
                return False
            _happen(known, reversal=(key, ReversalKind.REFUND, amount_cents))
        return True

    def read(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notification:
        stamp, signature = headers.get("X-Timestamp", ""), headers.get("X-Signature", "")
        if not hmac.compare_digest(sign(body, stamp).encode(), signature.encode()):
            raise BadSignature
        if not stamp.isdecimal() or abs(now.timestamp() - int(stamp)) > MOST_SECONDS_OFF:
            raise BadSignature
        try:
            said = json.loads(body)
            return Notification(
                event_id=str(said["id"]),
                kind=str(said["kind"]),
                key=str(said["key"]),
                provider_reference=str(said["reference"]),
                is_live=bool(said["is_live"]),
                amount_cents=int(said["amount_cents"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise BadWebhook from error


def sign(body: bytes, stamp: str) -> str:
    """The signature of a webhook: HMAC-SHA256 over the moment it was made and the raw body."""
    return hmac.new(settings.SANDBOX_WEBHOOK_SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def confirm(*, key: str, agreed: bool) -> None:
    """The customer confirms a payment with the sandbox's bank, or refuses to. What has ended stays as it is."""
    with transaction.atomic():
        known = SandboxCharge.objects.select_for_update().get(key=key)
        if known.outcome == Outcome.CONFIRMING:
            known.reason = "" if agreed else Reason.CONFIRMATION_REFUSED
            _happen(known, outcome=Outcome.SUCCEEDED if agreed else Outcome.DECLINED)


def move_on(*, key: str) -> None:
    """The bank behind a direct debit does the next thing: it carries the debit out, refuses it, or returns it."""
    with transaction.atomic():
        known = SandboxCharge.objects.select_for_update().get(key=key)
        known.moves_at = None
        if known.outcome == Outcome.PENDING:
            fails = known.token == SEPA_FAILS
            known.reason = Reason.DEBIT_FAILED if fails else ""
            _happen(known, outcome=Outcome.DECLINED if fails else Outcome.SUCCEEDED)
        elif known.token == SEPA_RETURNED and not known.reversals:
            _happen(known, reversal=(f"return_{known.reference}", ReversalKind.RETURN, known.amount_cents))


def _book(known: SandboxCharge, charge: Charge) -> None:
    known.reference = f"sandbox_{uuid.uuid4().hex[:16]}"
    refusal = _REFUSALS.get(charge.token)
    outcome = Outcome.DECLINED if refusal else Outcome.SUCCEEDED
    if charge.token in _DEBITS:
        outcome = Outcome.PENDING
    elif charge.token == NEEDS_CONFIRMATION:
        outcome = Outcome.DECLINED if charge.is_off_session else Outcome.CONFIRMING
        refusal = Reason.CONFIRMATION_NEEDED if charge.is_off_session else None
    known.reason = refusal or ""
    _happen(known, outcome=outcome)


def _happen(
    known: SandboxCharge, *, outcome: Outcome | None = None, reversal: tuple[str, ReversalKind, int] | None = None
) -> None:
    if outcome is not None:
        known.outcome = outcome
    if reversal is not None:
        reference, kind, cents = reversal
        known.reversals = [*known.reversals, {"reference": reference, "kind": kind, "amount_cents": cents}]
    known.serial += 1
    known.save()


def _answer(known: SandboxCharge) -> Answer:
    return Answer(
        Outcome(known.outcome),
        known.reference,
        known.reason,
        amount_cents=known.amount_cents,
        currency=known.currency,
        reversals=tuple(
            Reversed(each["reference"], ReversalKind(each["kind"]), each["amount_cents"]) for each in known.reversals
        ),
    )
