"""Stripe by its official library: cards with confirmation, SEPA debits, off session, refunds, disputes, webhooks.

A token is what Checkout kept for us: "customer/payment method/type" and, for a debit, "/mandate". What becomes of a
charge is always read from the payment intent itself, never from a webhook.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import stripe
from django.conf import settings
from stripe import StripeClient

from billing.payments.models import Mandate
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

# Shorter together than the lease of whoever asks.
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 20
MOST_SECONDS_OFF: Final = 300
OUTCOMES: Final = {
    "succeeded": Outcome.SUCCEEDED,
    "processing": Outcome.PENDING,
    "requires_action": Outcome.CONFIRMING,
    "requires_payment_method": Outcome.DECLINED,
    "canceled": Outcome.DECLINED,
}
REASONS: Final = {
    "expired_card": Reason.EXPIRED_CARD,
    "insufficient_funds": Reason.INSUFFICIENT_FUNDS,
    "authentication_required": Reason.CONFIRMATION_NEEDED,
    "payment_intent_authentication_failure": Reason.CONFIRMATION_REFUSED,
    "payment_intent_mandate_invalid": Reason.MANDATE_REVOKED,
    "debit_not_authorized": Reason.MANDATE_REVOKED,
    "account_closed": Reason.ACCOUNT_CLOSED,
}
MANDATES: Final = {
    "active": Mandate.State.VALID,
    "inactive": Mandate.State.REVOKED,
    "pending": Mandate.State.PENDING,
}
# The webhook that says that somebody has completed a page on which a card or a bank account is entered.
PAGE_COMPLETED: Final = "checkout.session.completed"
# The webhook that says that something became of a mandate: a customer or a bank revoked it.
MANDATE_CHANGED: Final = "mandate.updated"
WITH_CHARGE: Final[Any] = {"expand": ["latest_charge"]}
# Inquiries of a bank: no money has moved, and none may.
INQUIRIES: Final = frozenset({"warning_needs_response", "warning_under_review", "warning_closed"})


@cache
def client(key: str, base: str) -> StripeClient:
    """The library's client; it retries nothing by itself, because we do, with the same key."""
    return StripeClient(
        key,
        base_addresses={"api": base} if base else None,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
    )


class Stripe:
    """Stripe as a provider. Whatever is not a clear yes or no is unknown."""

    def charge(self, charge: Charge) -> Answer:
        try:
            intent = api().v1.payment_intents.create(_order(charge), {"idempotency_key": charge.key})
        except stripe.CardError as refusal:
            return _refused(refusal)
        except stripe.InvalidRequestError as refusal:
            # Refused before anything was tried; the same key gets the same answer for as long as it is kept.
            return Answer(Outcome.DECLINED, reason=_reason(refusal.code))
        except stripe.StripeError:
            return Answer(Outcome.UNKNOWN)
        return self._read_intent(plain(intent))

    def look_up(self, charge: Charge) -> Answer | None:
        try:
            intent = self._find(charge)
            return self._read_intent(intent) if intent else None
        except stripe.StripeError:
            return Answer(Outcome.UNKNOWN)

    def mandate(self, token: str) -> str | None:
        parts = token.split("/")
        if len(parts) < 4:
            return None
        try:
            return MANDATES.get(str(api().v1.mandates.retrieve(parts[3]).status))
        except stripe.StripeError:
            return None

    def refund(self, *, key: str, provider_reference: str, amount_cents: int) -> bool | None:
        try:
            known = [each for each in _refunds(provider_reference) if each["metadata"].get("refund") == key]
            refund = known[0] if known else self._give_back(key, provider_reference, amount_cents)
        except stripe.InvalidRequestError:
            return False
        except stripe.StripeError:
            return None
        return refund["status"] not in ("failed", "canceled")

    def read(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notification:
        try:
            stripe.WebhookSignature.verify_header(
                body, headers.get("Stripe-Signature", ""), settings.STRIPE_WEBHOOK_SECRET, MOST_SECONDS_OFF
            )
        except (stripe.SignatureVerificationError, ValueError) as error:
            raise BadSignature from error
        try:
            said = json.loads(body)
            about = said["data"]["object"]
            is_charge = about["object"] in ("payment_intent", "charge")
            is_itself = about["object"] in ("payment_intent", "checkout.session", "mandate")
            intent = about["id"] if is_itself else about.get("payment_intent")
            key = (about.get("metadata") or {}).get("attempt") if is_charge else ""
            return Notification(
                event_id=str(said["id"]),
                kind=str(said["type"]),
                key=str(key or ""),
                provider_reference=str(intent or ""),
                is_live=bool(said["livemode"]),
                amount_cents=int(about["amount"]) if is_charge else None,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadWebhook from error

    def _find(self, charge: Charge) -> dict[str, Any] | None:
        """The payment intent of a charge: by its name, or, where we never heard it, by the key in its metadata."""
        intents = api().v1.payment_intents
        if charge.provider_reference:
            return plain(intents.retrieve(charge.provider_reference, WITH_CHARGE))
        search: Any = {"customer": charge.token.split("/")[0], "limit": 100, "expand": ["data.latest_charge"]}
        if charge.started_at:
            search["created"] = {"gte": int((charge.started_at - timedelta(minutes=10)).timestamp())}
        for intent in intents.list(search).auto_paging_iter():
            found = plain(intent)
            if found["metadata"].get("attempt") == charge.key:
                return found
        return None

    def _read_intent(self, intent: dict[str, Any]) -> Answer:
        outcome = OUTCOMES.get(intent["status"], Outcome.UNKNOWN)
        action = (intent.get("next_action") or {}).get("redirect_to_url") or {}
        error = intent.get("last_payment_error") or {}
        is_paid = outcome == Outcome.SUCCEEDED
        return Answer(
            outcome,
            provider_reference=intent["id"],
            reason=_reason(error.get("decline_code"), error.get("code")) if outcome == Outcome.DECLINED else "",
            amount_cents=intent.get("amount_received", intent["amount"]) if is_paid else intent["amount"],
            currency=intent["currency"].upper(),
            confirm_url=action.get("url") or "",
            reversals=tuple(_reversals(intent)) if is_paid else (),
            charged_at=_charged_at(intent) if is_paid else None,
        )

    def _give_back(self, key: str, intent: str, amount_cents: int) -> dict[str, Any]:
        order: Any = {"payment_intent": intent, "amount": amount_cents, "metadata": {"refund": key}}
        return plain(api().v1.refunds.create(order, {"idempotency_key": key}))


def api() -> StripeClient:
    """The library's client with the key of the settings."""
    return client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_URL)


def _order(charge: Charge) -> Any:
    customer, method, kind, *mandate = charge.token.split("/")
    order: dict[str, Any] = {
        "amount": charge.amount_cents,
        "currency": charge.currency.lower(),
        "customer": customer,
        "payment_method": method,
        "payment_method_types": [kind],
        "confirm": True,
        "off_session": charge.is_off_session,
        "metadata": {"attempt": charge.key},
    }
    if mandate:
        order["mandate"] = mandate[0]
    if charge.return_url and not charge.is_off_session:
        order["return_url"] = charge.return_url
    return order


def _refused(refusal: stripe.CardError) -> Answer:
    """A declined card: the library raises it, and Stripe's body names the payment intent."""
    body: dict[str, Any] = dict(refusal.json_body) if isinstance(refusal.json_body, dict) else {}
    error = body.get("error") or {}
    intent = error.get("payment_intent") or {}
    return Answer(Outcome.DECLINED, str(intent.get("id") or ""), _reason(error.get("decline_code"), refusal.code))


def _reason(*codes: str | None) -> str:
    return next((REASONS[code].value for code in codes if code in REASONS), Reason.DECLINED.value)


def _charged_at(intent: dict[str, Any]) -> datetime | None:
    """When the money was taken: only a charge that was looked up says so, the answer to a new one names it only."""
    charge = intent.get("latest_charge")
    created = charge.get("created") if isinstance(charge, dict) else None
    return datetime.fromtimestamp(created, UTC) if created else None


def _reversals(intent: dict[str, Any]) -> list[Reversed]:
    """What went back of a paid intent: refunds that were not refused, and disputes that cost money.

    The answer to a new charge names its charge only: nothing can have gone back of it yet.
    """
    found: list[Reversed] = []
    charge = intent.get("latest_charge")
    if not isinstance(charge, dict):
        return found
    for refund in _refunds(intent["id"]):
        reference = refund["metadata"].get("refund") or refund["id"]
        failed = refund["status"] in ("failed", "canceled")
        if not failed or refund["metadata"].get("refund"):
            found.append(Reversed(reference, ReversalKind.REFUND, refund["amount"], is_undone=failed))
    if not charge.get("disputed"):
        return found
    is_debit = "sepa_debit" in intent["payment_method_types"]
    disputes = api().v1.disputes.list({"payment_intent": intent["id"], "limit": 100})
    for dispute in map(plain, disputes.auto_paging_iter()):
        if dispute["status"] not in INQUIRIES:
            kind = ReversalKind.RETURN if is_debit else ReversalKind.DISPUTE
            won, lost = dispute["status"] == "won", dispute["status"] == "lost"
            found.append(Reversed(dispute["id"], kind, dispute["amount"], is_undone=won, is_lost=lost))
    return found


def _refunds(intent: str) -> list[dict[str, Any]]:
    refunds = api().v1.refunds.list({"payment_intent": intent, "limit": 100})
    return [plain(each) for each in refunds.auto_paging_iter()]


def plain(thing: stripe.StripeObject) -> dict[str, Any]:
    """A Stripe object as plain JSON: the library's objects are no dicts."""
    plain: dict[str, Any] = json.loads(str(thing))
    return plain
