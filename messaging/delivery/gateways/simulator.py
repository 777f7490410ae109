"""The gateway simulator as a supplier: JSON over HTTP, a bearer token, receipts by signed webhook.

The simulator itself is a process of its own (`manage.py gateway_simulator`) that knows nothing of this file; what both
must agree on is written in its protocol: `POST /messages`, `POST /lookup`, and the table of codes below.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import httpx
from django.conf import settings

from messaging.delivery.codes import State
from messaging.delivery.gateways.base import (
    Accepted,
    GatewayUnknown,
    GatewayUnreachable,
    Refused,
    Report,
    Result,
    Submission,
)
from messaging.delivery.gateways.webhooks import MOST_AT_ONCE, BadSignature, BadWebhook, Heard, Webhook

Read = TypeVar("Read", Report, Heard)

NAME = "simulator"

# A webhook older or newer than this is refused; a repetition within it is harmless.
SIGNATURE_TOLERANCE = timedelta(minutes=5)

_TIMEOUT = httpx.Timeout(20, connect=3)
# Turned away before anything was read: too busy, wrong token, wrong address.
_TURNED_AWAY = frozenset({400, 401, 403, 404, 405, 413, 422, 429, 503})

STATES = {
    "ENROUTE": State.ACCEPTED,
    "BUFFERED": State.ACCEPTED,
    "DELIVRD": State.DELIVERED,
    "UNDELIV": State.UNDELIVERED,
    "EXPIRED": State.EXPIRED,
}
REASONS = {
    "000": "",
    "001": "unknown_number",
    "005": "barred",
    "013": "invalid_number",
    "027": "absent",
    "032": "memory_full",
    "034": "network_fault",
    "066": "blocked_sender",
}


class SimulatorGateway:
    """The client of the simulator at `url`."""

    batch = 500
    answers_lookups = True

    def __init__(self, url: str, token: str, name: str = NAME) -> None:
        self.name = name
        # No proxy of the environment, and a connection a call: one that has gone stale would make calls unknown.
        self._client = httpx.Client(
            base_url=url,
            timeout=_TIMEOUT,
            headers={"Authorization": f"Bearer {token}"},
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=False,
        )

    def submit(self, batch: Sequence[Submission]) -> list[Result]:
        """Hand over the batch in one request."""
        messages = [
            {
                "key": str(each.key),
                "from": each.sender,
                "to": each.recipient,
                "text": each.text,
                "encoding": each.encoding,
            }
            for each in batch
        ]
        return self._ask("/messages", {"messages": messages})

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        """Ask what became of the keys."""
        results = self._ask("/lookup", {"keys": [str(key) for key in keys]})
        return {result.key: result for result in results}

    def reports(self, webhook: Webhook, now: datetime) -> list[Report]:
        """Read delivery receipts."""
        return [_checked(_report, each) for each in _signed(webhook, "receipts", now)]

    def replies(self, webhook: Webhook, now: datetime) -> list[Heard]:
        """Read replies."""
        return [_checked(_reply, each) for each in _signed(webhook, "replies", now)]

    def _ask(self, path: str, body: dict[str, Any]) -> list[Result]:
        try:
            response = self._client.post(path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise GatewayUnreachable(str(error)) from error
        except httpx.HTTPError as error:
            raise GatewayUnknown(str(error) or type(error).__name__) from error
        if response.status_code in _TURNED_AWAY:
            raise GatewayUnreachable(f"HTTP {response.status_code}")
        if response.status_code != httpx.codes.OK:
            raise GatewayUnknown(f"HTTP {response.status_code}")
        try:
            return [_result(each) for each in response.json()["results"]]
        except (ValueError, KeyError, TypeError) as error:
            raise GatewayUnknown("the answer could not be read") from error


@cache
def client(name: str = NAME, url: str = "") -> SimulatorGateway:
    """The one client of this process for a simulator; without an address for the one the settings name."""
    return SimulatorGateway(url or settings.GATEWAY_SIMULATOR_URL, settings.GATEWAY_TOKEN, name)


def connect(name: str, address: str) -> SimulatorGateway:
    """The gateway of this name at `simulator:http://127.0.0.1:8025`."""
    return client(name, address.removeprefix("simulator:"))


def sign(body: bytes, timestamp: str, secret: str) -> str:
    """HMAC-SHA256 over the time and the raw body, in hex."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _signed(webhook: Webhook, what: str, now: datetime) -> list[dict[str, str]]:
    """What a webhook carries, its signature checked over the raw body. Raises `BadSignature`, `BadWebhook`."""
    timestamp = webhook.headers.get("X-Timestamp", "")
    expected = sign(webhook.body, timestamp, settings.GATEWAY_WEBHOOK_SECRET)
    if not hmac.compare_digest(expected.encode(), webhook.headers.get("X-Signature", "").encode()):
        raise BadSignature("the signature does not fit")
    try:
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadSignature("the time is none") from error
    if abs(now - sent_at) > SIGNATURE_TOLERANCE:
        raise BadSignature("the time is not now")
    try:
        carried = json.loads(webhook.body)[what]
        if len(carried) > MOST_AT_ONCE:
            raise BadWebhook("too many at once")
        return list(carried)
    except (ValueError, KeyError, TypeError) as error:
        raise BadWebhook("not what the protocol says") from error


def _checked(read: Callable[[dict[str, str]], Read], each: dict[str, str]) -> Read:
    try:
        return read(each)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadWebhook("not what the protocol says") from error


def _reply(each: dict[str, str]) -> Heard:
    texts = (each["id"], each["from"], each["to"], each["text"])
    if not all(isinstance(text, str) for text in texts) or not each["id"] or not each["from"]:
        raise ValueError("nobody wrote it")
    return Heard(*texts)


def _result(each: dict[str, str]) -> Result:
    key = uuid.UUID(each["key"])
    if each["status"] == "accepted" and each["id"]:
        return Accepted(key, each["id"])
    if each["status"] == "refused":
        return Refused(key, REASONS.get(each["code"]) or "other")
    raise ValueError(each["status"])


def _report(each: dict[str, str]) -> Report:
    message_id, reported_at = each["id"], datetime.fromisoformat(each["at"])
    if not message_id or len(message_id) > 64 or not message_id.isprintable():
        raise ValueError("no id")
    if reported_at.tzinfo is None or not 2000 <= reported_at.year < 2100:
        raise ValueError("no moment of our time")
    # A state that is not in the table is kept as one on the way: it moves nothing.
    state = STATES.get(each["state"], State.ACCEPTED)
    reason = REASONS.get(each["code"], "other") if state in {State.UNDELIVERED, State.EXPIRED} else ""
    return Report(message_id, state, reason, reported_at)
