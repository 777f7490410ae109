"""How something leaves over the network: claimed with a lease, tried, and tried again after pauses that grow.

Nothing is sent inside a transaction. A worker that dies between the far end's yes and our mark lets it be sent a second
time when the lease is over. Twice is better than never, and never does it happen knowingly.
"""

import smtplib
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import models
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

LEASE: Final = timedelta(minutes=2)
"""Longer than a mail server may take for all its answers together."""

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 180, 360))
"""How long to wait after the first, second … failed try."""

MOST: Final = len(PAUSES) + 1
"""The attempts that the pauses are for."""

# The mail server was there and said no.
REFUSALS: Final = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)


class Attempted(models.Model):
    """What is tried: `state` is one of waiting, sending (with a lease), sent, failed, or an end of the room's own."""

    state = models.CharField(_("state"), max_length=8, default="waiting")
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True


Row = TypeVar("Row", bound=Attempted)


def due(now: datetime) -> Q:
    """What is to be tried now: waiting for its time, or claimed by somebody whose lease has run out."""
    return Q(state="waiting", next_attempt_at__lte=now) | Q(state="sending", lease_until__lte=now)


def claim(rows: QuerySet[Row], now: datetime) -> Row | None:
    """Take the one of `rows` that is due for an attempt, and return it; None when it is not, or somebody else is at it."""
    taken = {"state": "sending", "lease_until": now + LEASE, "attempt_count": F("attempt_count") + 1}
    return rows.get() if rows.filter(due(now)).update(**taken) else None


def end(row: Attempted, **said: Any) -> int:
    """Write down what became of the attempt; 0 when somebody has claimed the row after us, and it is theirs to say."""
    rows = type(row)._default_manager  # noqa: SLF001 - documented, in spite of its name
    mine = rows.filter(pk=row.pk, state=row.state, attempt_count=row.attempt_count)
    return mine.update(lease_until=None, **said)


def postpone(row: Attempted, most: int, now: datetime, **said: Any) -> int:
    """Let it be tried again after a pause that grows; after `most` attempts it has failed. Returns as `end` does."""
    if row.attempt_count >= most:
        return end(row, state="failed", **said)
    return end(row, state="waiting", next_attempt_at=now + PAUSES[row.attempt_count - 1], **said)
