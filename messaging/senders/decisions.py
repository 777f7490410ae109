"""Telling a name's story: one step, for the customer to read and for the audit log, in the caller's transaction."""

from datetime import datetime

from messaging.senders.models import Decision, SenderName
from portal.audit import services as audit


def tell(
    *, sender: SenderName, state: str, country: str = "", reason: str = "", actor_id: int | None, now: datetime
) -> None:
    """Write that the name, or its registration in `country`, came into `state`."""
    Decision.objects.create(
        sender=sender, country=country, state=state, reason=reason, decided_by_id=actor_id, decided_at=now
    )
    named = {"country": country} if country else {}
    audit.record(
        action=f"{'registration' if country else 'sender'}.{state}",
        actor_id=actor_id,
        account_id=sender.account_id,
        subject=f"sender:{sender.public_id}",
        after={"name": sender.name, "state": state, "reason": reason, **named},
        now=now,
    )
