"""What every payment provider can do, whoever it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What is known of a charge after asking. `unknown` is not `declined`: the money may have moved.

    `pending`: taken on, and the bank says in some days how it ended (direct debit, bank transfer). `confirming`: the
    customer has to confirm it with their bank first.
    """

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    UNKNOWN = "unknown"
    PENDING = "pending"
    CONFIRMING = "confirming"


class ReversalKind(StrEnum):
    """How money that was paid goes back."""

    REFUND = "refund"
    DISPUTE = "dispute"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider is asked for. `key` makes the question repeatable: asked twice, it is charged once.

    Off session nobody sits before the screen who could confirm anything. `provider_reference` is what the provider
    called the charge in an earlier answer, `return_url` where it sends a customer who has confirmed.
    """

    key: str
    token: str
    amount_cents: int
    currency: str
    is_off_session: bool = False
    provider_reference: str = ""
    return_url: str = ""
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reversed:
    """Money of a charge that went back, or is claimed back; `is_undone` when it came to us again (a dispute won).

    A dispute is final once it `is_lost`; a refund and a returned debit are so from the first.
    """

    reference: str
    kind: ReversalKind
    amount_cents: int
    is_undone: bool = False
    is_lost: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nothing is left to be decided about it."""
        return self.is_lost or self.kind != ReversalKind.DISPUTE


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said. `reason` is a code of `reasons.Reason` when it declined.

    `amount_cents` and `currency` are what it says was asked, where it says so: they must be what we asked.
    `charged_at` is when the money was taken, where it says so.
    """

    outcome: Outcome
    provider_reference: str = ""
    reason: str = ""
    amount_cents: int | None = None
    currency: str = ""
    confirm_url: str = ""
    reversals: tuple[Reversed, ...] = ()
    charged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A webhook whose signature is good: which charge it is about, by our key or the provider's name for it.

    What has become of the charge is not read from it but asked for: it may be old, doubled, or late.
    """

    event_id: str
    kind: str
    key: str
    provider_reference: str
    is_live: bool
    amount_cents: int | None = None


class BadSignature(Exception):
    """The webhook is not from the provider, or too old to be believed."""


class BadWebhook(Exception):
    """The webhook is signed, and its body is not what the provider's protocol says."""


class Provider(Protocol):
    """A provider. It never raises for a bad network: an answer that did not come is `Outcome.UNKNOWN`."""

    def charge(self, charge: Charge) -> Answer:
        """Ask for the money, or ask again what became of it: the same key is charged at most once."""
        ...

    def look_up(self, charge: Charge) -> Answer | None:
        """Ask what became of a charge without asking for money; None when the provider has no such charge."""
        ...

    def mandate(self, token: str) -> str | None:
        """How the mandate behind a direct debit stands: a state of `Mandate`; None when nobody answered."""
        ...

    def refund(self, *, key: str, provider_reference: str, amount_cents: int) -> bool | None:
        """Give money back, once for each key. True: taken on; False: refused; None: nobody knows yet."""
        ...

    def read(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notification:
        """Read a webhook. Raises `BadSignature` and `BadWebhook`, and writes nothing."""
        ...
