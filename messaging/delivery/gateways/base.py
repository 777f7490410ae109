"""What every gateway promises, whichever supplier stands behind it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from messaging.delivery.codes import State


@dataclass(frozen=True, slots=True)
class Submission:
    """A message for a gateway. `key` is ours: a gateway that keeps keys answers a repeated one as the first time."""

    key: uuid.UUID
    sender: str
    recipient: str
    text: str
    encoding: str
    segment_count: int = 1


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway took the whole message and calls it `message_id`.

    A gateway that is given each part by itself calls the first one so, and the others by the `further_ids`.
    """

    key: uuid.UUID
    message_id: str
    further_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway did not take the message, or not all of its parts, for a reason of `reasons.py`."""

    key: uuid.UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Unheard:
    """All or a part of the message was sent, and no answer was heard: it is unknown, and not sent again."""

    key: uuid.UUID


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing of the message left us, or the gateway asked us to come again later: it waits on."""

    key: uuid.UUID


Result = Accepted | Refused
Outcome = Accepted | Refused | Unheard | NotSent


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery receipt in our words. `state` is accepted while the message is still on its way.

    `key` is ours, where the gateway gives it back; `recipient` is the number in E.164, where the gateway names it.
    With either a message is found whose acceptance was never heard.
    """

    message_id: str
    state: State
    reason: str
    reported_at: datetime
    key: uuid.UUID | None = None
    recipient: str = ""


class GatewayUnreachable(Exception):
    """Nothing was sent: no connection, or turned away at the door. It may be tried again."""


class GatewayUnknown(Exception):
    """Something may have been sent and no answer was heard. It must be asked for, not sent again."""


class Gateway(Protocol):
    """A supplier that is called. Its calls hold no transaction and take less than the lease of `handover`.

    `batch` is how many messages it is given at once: as many become unknown when the process that calls it is
    killed. `answers_lookups` says whether it can be asked for what was not heard; `lookup` of one that cannot is
    never called.
    """

    name: str
    batch: int
    answers_lookups: bool

    def submit(self, batch: Sequence[Submission]) -> Sequence[Outcome]:
        """Hand over the batch. A key without an outcome is unknown. Raises GatewayUnreachable, GatewayUnknown."""
        ...

    def lookup(self, keys: Sequence[uuid.UUID]) -> dict[uuid.UUID, Result]:
        """Say what became of the keys; one that is left out was never taken. Raises as `submit` does."""
        ...
