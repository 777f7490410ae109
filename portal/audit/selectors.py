"""Questions about the audit log."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from portal.audit.models import AuditEvent


def by_person(user_id: int) -> QuerySet[AuditEvent]:
    """What the person with this primary key did, newest first."""
    return AuditEvent.objects.filter(actor_id=user_id).select_related("account").order_by("-pk")


def count(*, account_ids: Collection[int], actions: Collection[str], since: datetime) -> int:
    """How often one of `actions` was done in these accounts since then."""
    return AuditEvent.objects.filter(account__in=account_ids, action__in=actions, at__gt=since).count()
