"""What a supplier posts to us, and how a gateway that does so reads it: the signature first, then the shape."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from messaging.delivery.gateways.base import Report

MOST_AT_ONCE = 1000
MOST_BYTES = 1_000_000


class BadSignature(Exception):
    """The webhook is not from the supplier, or too old to be believed."""


class BadWebhook(Exception):
    """The webhook is signed, and its body is not what the supplier's protocol says."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request as it came: the address that was called from outside, its raw body, its headers.

    `key` is ours for a message, where the address names one.
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    key: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """A reply from a telephone as the supplier gives it; `key` is the supplier's name for it."""

    key: str
    source: str
    destination: str
    text: str


@runtime_checkable
class Listener(Protocol):
    """A gateway that calls back. Both raise `BadSignature` and `BadWebhook`, and write nothing."""

    def reports(self, webhook: Webhook, now: datetime) -> list[Report]:
        """Read delivery receipts."""
        ...

    def replies(self, webhook: Webhook, now: datetime) -> list[Heard]:
        """Read replies."""
        ...
