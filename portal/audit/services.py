"""Writing the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portal import logs
from portal.audit.models import AuditEvent


def record(
    *,
    action: str,
    now: datetime,
    actor_id: int | None,
    account_id: int | None = None,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write that `action` ("recharge.created") was done to `subject` ("recharge:<uuid>").

    Call it inside the transaction of the change itself, so that neither exists without the other. `actor_id` None
    means Saldo itself. `before` and `after` hold what changed, as JSON. The request's id and address come along.
    """
    return AuditEvent.objects.create(
        at=now,
        actor_id=actor_id,
        account_id=account_id,
        action=action,
        subject=subject,
        before=dict(before or {}),
        after=dict(after or {}),
        address=logs.remote_address.get(),
        request_id=logs.request_id.get(),
    )
