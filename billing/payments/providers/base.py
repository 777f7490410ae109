"""What every payment provider can do, whoever it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What is known of a charge after asking. `unknown` is not `declined`: the money may have moved."""

    SUCCEEDED = "succeeded"
    DECLINED = "declined"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider is asked for. `key` makes the question repeatable: asked twice, it is charged once."""

    key: str
    token: str
    amount_cents: int
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said. `reason` is a code of `reasons.Reason` when it declined."""

    outcome: Outcome
    provider_reference: str = ""
    reason: str = ""


class Provider(Protocol):
    """A provider. It never raises for a bad network: an answer that did not come is `Outcome.UNKNOWN`."""

    def charge(self, charge: Charge) -> Answer:
        """Ask for the money, or ask again what became of it: the same key is charged at most once."""
        ...
