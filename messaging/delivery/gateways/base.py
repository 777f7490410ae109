"""What every gateway promises, whichever supplier stands behind it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.delivery.codes import State


@dataclass(frozen=True, slots=True)
class Submission:
    """A message for a gateway. `key` is ours: a gateway that sees it again answers as the first time."""

    key: uuid.UUID
    sender: str
    recipient: str
    text: str
    encoding: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the message and calls it `message_id`."""

    key: uuid.UUID
    message_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway did not take the message, for a reason of `reasons.py`."""

    key: uuid.UUID
    reason: str


Result = Accepted | Refused


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery receipt in our words. `state` is accepted while the message is still on its way."""

    message_id: str
    state: State
    reason: str
    reported_at: datetime


class GatewayUnreachable(Exception):
    """Nothing was sent: no connection, or turned away at the door. It may be tried again."""


class GatewayUnknown(Exception):
    """Something may have been sent and no answer was heard. It must be asked for, not sent again."""


class Gateway(Protocol):
    """A supplier's connection. Its calls hold no transaction and take no longer than `LONGEST_CALL`."""

    name: str

    def submit(self, batch: Sequence[Submission]) -> list[Result]:
        """Hand over the batch. A key without a result is unknown. Raises GatewayUnreachable, GatewayUnknown."""
        ...

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        """Say what became of the keys; one that is left out was never taken. Raises as `submit` does."""
        ...
