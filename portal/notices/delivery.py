"""How a notice leaves: claimed with a lease, sent outside of any transaction, marked.

A worker that dies between the mail server's yes and our mark lets it be sent a second time when the lease is over.
Twice is better than never, and never does it happen knowingly.
"""

import logging
import smtplib
import zoneinfo
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from django.db.models import F, QuerySet
from django.utils import timezone, translation

from portal import mail
from portal.notices import selectors, wording
from portal.notices.codes import State
from portal.notices.models import Notice

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
"""Longer than a mail server may take for all its answers together."""

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 60, 180, 360))
"""How long to wait after the first, second … failed try."""

NEWS: Final = timedelta(days=3)
"""How long a notice is worth sending: a weekend without a mail server, not the history of an account."""

# The mail server was there and said no.
REFUSALS: Final = (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused)


class Outcome(Enum):
    """What became of one try."""

    NOTHING_TO_DO = auto()
    SENT = auto()
    DROPPED = auto()
    REFUSED = auto()
    UNREACHABLE = auto()


def deliver(*, notice_id: int, now: datetime) -> Outcome:
    """Send one notice if it is due and nobody else is at it; say what became of it."""
    due = Notice.objects.due(now).filter(pk=notice_id)
    if not due.update(state=State.SENDING, lease_until=now + LEASE, attempt_count=F("attempt_count") + 1):
        return Outcome.NOTHING_TO_DO
    notice = Notice.objects.select_related("account", "user").get(pk=notice_id)
    if notice.created_at <= now - NEWS or not selectors.is_reader(notice):
        _mine(notice).update(state=State.DROPPED, lease_until=None)
        return Outcome.DROPPED
    if notice.attempt_count > len(PAUSES) + 1:  # whoever tried the last time never came back to say how it went
        return _postpone(notice, Outcome.UNREACHABLE, now)
    try:
        _mail(notice)
    except OSError as error:
        logger.warning("A notice was not sent: %s", error, extra={"notice": str(notice.public_id)})
        return _postpone(notice, Outcome.REFUSED if isinstance(error, REFUSALS) else Outcome.UNREACHABLE, now)
    _mine(notice).update(state=State.SENT, sent_at=now, lease_until=None)
    return Outcome.SENT


def _mail(notice: Notice) -> None:
    """Write and send the e-mail in the reader's language and time."""
    reader = notice.user
    with timezone.override(zoneinfo.ZoneInfo(reader.time_zone)):
        with translation.override(reader.language):
            context = {"words": wording.words(notice), "path": wording.path(notice), "account": notice.account}
        mail.send(name="notice", to=reader.email, language=reader.language, context=context)


def _mine(notice: Notice) -> QuerySet[Notice]:
    """The row, as long as nobody has claimed it after us."""
    return Notice.objects.filter(pk=notice.pk, state=notice.state, attempt_count=notice.attempt_count)


def _postpone(notice: Notice, outcome: Outcome, now: datetime) -> Outcome:
    """Try again after a pause that grows; after the last attempt say that it failed."""
    if notice.attempt_count > len(PAUSES):
        _mine(notice).update(state=State.FAILED, lease_until=None)
    else:
        again = now + PAUSES[notice.attempt_count - 1]
        _mine(notice).update(state=State.WAITING, lease_until=None, next_attempt_at=again)
    return outcome
