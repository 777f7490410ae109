"""How a notice leaves: claimed with a lease, sent outside of any transaction, marked."""

import logging
import zoneinfo
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from django.utils import timezone, translation

from portal import attempts, mail
from portal.notices import selectors, wording
from portal.notices.codes import State
from portal.notices.models import Notice

logger = logging.getLogger(__name__)

NEWS: Final = timedelta(days=3)
"""How long a notice is worth sending: a weekend without a mail server, not the history of an account."""


class Outcome(Enum):
    """What became of one try."""

    NOTHING_TO_DO = auto()
    SENT = auto()
    DROPPED = auto()
    REFUSED = auto()
    UNREACHABLE = auto()


def deliver(*, notice_id: int, now: datetime) -> Outcome:
    """Send one notice if it is due and nobody else is at it; say what became of it."""
    notice = attempts.claim(Notice.objects.select_related("account", "user").filter(pk=notice_id), now)
    if notice is None:
        return Outcome.NOTHING_TO_DO
    if notice.created_at <= now - NEWS or not selectors.is_reader(notice):
        attempts.end(notice, state=State.DROPPED)
        return Outcome.DROPPED
    if notice.attempt_count > attempts.MOST:  # whoever tried the last time never came back to say how it went
        attempts.end(notice, state=State.FAILED)
        return Outcome.UNREACHABLE
    try:
        _mail(notice)
    except OSError as error:
        logger.warning("A notice was not sent: %s", error, extra={"notice": str(notice.public_id)})
        attempts.postpone(notice, attempts.MOST, now)
        return Outcome.REFUSED if isinstance(error, attempts.REFUSALS) else Outcome.UNREACHABLE
    attempts.end(notice, state=State.SENT, sent_at=now)
    return Outcome.SENT


def _mail(notice: Notice) -> None:
    """Write and send the e-mail in the reader's language and time."""
    reader = notice.user
    with timezone.override(zoneinfo.ZoneInfo(reader.time_zone)):
        with translation.override(reader.language):
            context = {"words": wording.words(notice), "path": wording.path(notice), "account": notice.account}
        mail.send(name="notice", to=reader.email, language=reader.language, context=context)
