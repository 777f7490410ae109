"""Bank transfers: the customer sends the money by themselves, and the statement of our bank says that it came."""

from collections.abc import Mapping
from datetime import datetime

from billing.payments.providers.base import Answer, BadSignature, Charge, Notification, Outcome


class Bank:
    """Nobody to ask: a transfer is under way until a line of a statement, or a person, confirms it."""

    def charge(self, charge: Charge) -> Answer:
        return Answer(Outcome.PENDING)

    def look_up(self, charge: Charge) -> Answer | None:
        return Answer(Outcome.PENDING)

    def mandate(self, token: str) -> str | None:
        return None

    def refund(self, *, key: str, provider_reference: str, amount_cents: int) -> bool | None:
        return False

    def read(self, body: bytes, headers: Mapping[str, str], now: datetime) -> Notification:
        raise BadSignature
