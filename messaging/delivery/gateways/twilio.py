"""Twilio, and who speaks as it does: a request a message, receipts and replies by signed webhook.

Its address is `twilio://AC…:token@api.twilio.com`, with `?base=http://127.0.0.1:8026` for another door. There is no
idempotency key: a request without an answer stays unknown until a receipt names our key, which is part of the address
that receipts are sent to. The signature covers the address and every field, and no time: a repetition is believed, and
without effect. See https://www.twilio.com/docs/usage/security and https://www.twilio.com/docs/api/errors.
"""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cache
from typing import Final
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import httpx
from django.conf import settings
from django.urls import reverse

from messaging.delivery.codes import State
from messaging.delivery.gateways.base import (
    Accepted,
    GatewayUnknown,
    GatewayUnreachable,
    NotSent,
    Outcome,
    Refused,
    Report,
    Result,
    Submission,
    Unheard,
)
from messaging.delivery.gateways.webhooks import BadSignature, BadWebhook, Heard, Webhook

_TIMEOUT = httpx.Timeout(20, connect=3)
# It takes one message a request, so that many requests are under way at once.
_AT_ONCE = 20
_LONGEST_ID = 64

STATES: Final = {
    "accepted": State.ACCEPTED,
    "queued": State.ACCEPTED,
    "sending": State.ACCEPTED,
    "sent": State.ACCEPTED,
    "delivered": State.DELIVERED,
    "read": State.DELIVERED,
    "undelivered": State.UNDELIVERED,
    "failed": State.UNDELIVERED,
    "canceled": State.UNDELIVERED,
}
REASONS: Final = {
    "21211": "invalid_number",
    "21212": "blocked_sender",
    "21214": "invalid_number",
    "21217": "invalid_number",
    "21408": "closed_country",
    "21603": "blocked_sender",
    "21606": "blocked_sender",
    "21610": "stopped",
    "21612": "closed_country",
    "21614": "invalid_number",
    "21635": "landline",
    "21659": "blocked_sender",
    "21660": "blocked_sender",
    "30001": "gateway_fault",
    "30002": "gateway_fault",
    "30003": "absent",
    "30004": "barred",
    "30005": "unknown_number",
    "30006": "landline",
    "30007": "blocked_text",
    "30008": "other",
    "30022": "too_many",
    "30023": "too_many",
    "30024": "blocked_sender",
    "30032": "unregistered_sender",
    "30034": "unregistered_sender",
    "30036": "absent",
    "30038": "blocked_text",
    "30039": "too_many",
    "30410": "network_fault",
    "30450": "blocked_text",
}
# Come again later, it says: too many requests, a queue that is full.
_LATER: Final = frozenset({"20429", "21611"})
# Nothing goes through at all: the account, its token or its money.
_TURNED_AWAY: Final = frozenset({401, 402, 403, 404, 405})


class TwilioGateway:
    """The client of one Twilio account."""

    batch = _AT_ONCE
    answers_lookups = False

    def __init__(self, name: str, address: str) -> None:
        parts = urlsplit(address)
        self.name = name
        self._account, self._token = unquote(parts.username or ""), unquote(parts.password or "")
        base = parse_qs(parts.query).get("base", [f"https://{parts.netloc.rpartition('@')[2]}"])[0]
        self._client = httpx.Client(base_url=base, timeout=_TIMEOUT, auth=(self._account, self._token), trust_env=False)

    def submit(self, batch: Sequence[Submission]) -> list[Outcome]:
        """Hand over each message by a request of its own; what became of one says nothing of another."""
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as requests:
            said = list(requests.map(self._send, batch))
        outcomes = [outcome for outcome, _ in said]
        error = next((error for _, error in said if error), "")
        if all(isinstance(outcome, NotSent) for outcome in outcomes) and error:
            raise GatewayUnreachable(error)
        if all(isinstance(outcome, Unheard) for outcome in outcomes):
            raise GatewayUnknown(error)
        return outcomes

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        """It knows no key of ours."""
        raise GatewayUnknown("messages cannot be asked for")

    def reports(self, webhook: Webhook, now: datetime) -> list[Report]:
        """Read a status callback: one message, without the time at which it happened."""
        fields = self._fields(webhook)
        state = STATES.get(fields.get("MessageStatus", ""), State.ACCEPTED)
        code = fields.get("ErrorCode", "")
        reason = REASONS.get(code, "other") if state == State.UNDELIVERED else ""
        return [Report(_id(fields), state, reason, now, key=webhook.key)]

    def replies(self, webhook: Webhook, now: datetime) -> list[Heard]:
        """Read a message from a telephone."""
        fields = self._fields(webhook)
        if not fields.get("From"):
            raise BadWebhook("nobody wrote it")
        return [Heard(_id(fields), fields["From"], fields.get("To", ""), fields.get("Body", ""))]

    def _send(self, message: Submission) -> tuple[Outcome, str]:
        """What became of one message, and what went wrong with the gateway if something did."""
        back = reverse("gateway_message_receipts", kwargs={"gateway": self.name, "message": message.key})
        fields = {
            "To": message.recipient,
            "From": message.sender,
            "Body": message.text,
            "StatusCallback": settings.SITE_URL + back,
        }
        try:
            response = self._client.post(f"/2010-04-01/Accounts/{self._account}/Messages.json", data=fields)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return NotSent(message.key), str(error) or type(error).__name__
        except httpx.HTTPError as error:
            return Unheard(message.key), str(error) or type(error).__name__
        return _outcome(message.key, response)

    def _fields(self, webhook: Webhook) -> dict[str, str]:
        """The fields of a webhook whose signature fits its address and every field of its raw body."""
        try:
            pairs = parse_qsl(webhook.body.decode(), keep_blank_values=True, strict_parsing=bool(webhook.body))
        except ValueError as error:
            raise BadWebhook("not a form") from error
        expected = sign(webhook.url, pairs, self._token)
        if not hmac.compare_digest(expected.encode(), webhook.headers.get("X-Twilio-Signature", "").encode()):
            raise BadSignature("the signature does not fit")
        return dict(pairs)


@cache
def connect(name: str, address: str) -> TwilioGateway:
    """The one client of this process for the gateway of this name."""
    return TwilioGateway(name, address)


def sign(url: str, pairs: Sequence[tuple[str, str]], token: str) -> str:
    """HMAC-SHA1, in base64, over the address and each field's name and value in the order of the names."""
    written = url + "".join(f"{name}{value}" for name, value in sorted(set(pairs)))
    return base64.b64encode(hmac.new(token.encode(), written.encode(), hashlib.sha1).digest()).decode()


def _outcome(key: uuid.UUID, response: httpx.Response) -> tuple[Outcome, str]:
    error = f"HTTP {response.status_code}"
    try:
        said = response.json()
        code, sid = str(said.get("code") or said.get("error_code") or ""), str(said.get("sid") or "")
    except (ValueError, AttributeError):
        code = sid = ""
    if response.is_success:
        return (Accepted(key, sid), "") if sid else (Unheard(key), "the answer could not be read")
    if response.status_code in _TURNED_AWAY:
        return NotSent(key), f"{error} {code}".strip()
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS or code in _LATER:
        return NotSent(key), f"{error} {code}".strip()
    if response.status_code == httpx.codes.BAD_REQUEST and code:
        return Refused(key, REASONS.get(code, "other")), ""
    return Unheard(key), error


def _id(fields: dict[str, str]) -> str:
    sid = fields.get("MessageSid", "")
    if not sid or len(sid) > _LONGEST_ID or not sid.isprintable():
        raise BadWebhook("no id")
    return sid
