"""Who works on an import: one worker at a time, by a lease that it renews as it goes."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, QuerySet

from messaging.imports.faults import FileFault
from messaging.imports.models import UNDER_WAY, ContactImport, State

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=45)
"""How long a worker may be silent before another one goes on. It speaks after each chunk."""

MAX_ATTEMPTS: Final = 4

Clock = Callable[[], datetime]
"""An import may take a minute, so its worker looks at the clock more than once."""


class ClaimLost(Exception):
    """The lease ran out and another worker goes on, or the import was removed."""


def claim(import_id: int, now: datetime) -> ContactImport | None:
    """Take an import to work on; None if nothing is to be done, or somebody is at it."""
    with transaction.atomic():
        # Whoever saves keeps the row locked for as long as that takes; nobody is to wait for it.
        free = ContactImport.objects.due(now).filter(pk=import_id).select_for_update(skip_locked=True)
        if not free.values_list("pk", flat=True):
            return None
        return _claim(import_id, now)


def _claim(import_id: int, now: datetime) -> ContactImport | None:
    due = ContactImport.objects.due(now).filter(pk=import_id)
    worn_out = due.filter(attempt_count__gte=MAX_ATTEMPTS)
    if worn_out.update(state=State.FAILED, fault=FileFault.BROKEN, lease_until=None, finished_at=now):
        logger.error("An import stopped in %d attempts.", MAX_ATTEMPTS, extra={"import": import_id})
        return None
    due.update(lease_until=now + LEASE, attempt_count=F("attempt_count") + 1)
    return ContactImport.objects.select_related("account", "created_by").get(pk=import_id)


def renew(contact_import: ContactImport, now: datetime, **progress: Any) -> None:
    """Say that the work goes on, and how far it is. Raises `ClaimLost`."""
    lease_until = now + LEASE
    if not _held(contact_import).update(lease_until=lease_until, **progress):
        raise ClaimLost
    contact_import.lease_until = lease_until


def hold(contact_import: ContactImport) -> None:
    """Keep the row to oneself until the transaction ends; nobody can claim it meanwhile. Raises `ClaimLost`."""
    if not _held(contact_import).select_for_update().values_list("pk", flat=True):
        raise ClaimLost


def finish(contact_import: ContactImport, *, state: State, **facts: Any) -> None:
    """End the work with its result. Raises `ClaimLost`."""
    if not _held(contact_import).update(state=state, lease_until=None, attempt_count=0, **facts):
        raise ClaimLost


def _held(contact_import: ContactImport) -> QuerySet[ContactImport]:
    """The row, as long as the lease in it is ours: nobody has claimed it after us, and it was not removed."""
    return ContactImport.objects.filter(
        pk=contact_import.pk, state__in=UNDER_WAY, lease_until=contact_import.lease_until
    )
