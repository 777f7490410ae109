"""When an alarm does not arrive, the account's people are told by e-mail: to whom it went, and why it stays away.

An alarm that its other channel has delivered has reached somebody, and is only shown on the page. The attempts go on
meanwhile.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext

from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import LOST, Notice
from messaging.delivery.codes import State as MessageState
from portal.notices import services as notices
from portal.notices.codes import Kind as LetterKind
from portal.transactions import unit_of_work

PATIENCE: Final = 3
"""The attempts after which it is no longer only a moment's trouble."""

SILENCE: Final = timedelta(minutes=15)
"""How long a text message may be on its way before somebody else hears of it."""

NEWS: Final = timedelta(days=1)
"""How long an alarm is worth passing on."""

SWEEP: Final = 200

_OVER: Final = (Fault.TOO_MANY, Fault.REMOVED)


def unreached(now: datetime) -> list[int]:
    """The primary keys of the alarms that have reached nobody so far and of which nobody else was told."""
    given_up = Q(state=NoticeState.FAILED) & ~Q(fault__in=_OVER)
    in_trouble = Q(state=NoticeState.WAITING, attempt_count__gte=PATIENCE)
    silent = Q(state=NoticeState.SENT, settled_at=None, message__isnull=False, sent_at__lte=now - SILENCE)
    silent &= ~Q(message__state__in=sorted({MessageState.DELIVERED, *LOST}))
    found: dict[int, None] = {}
    for trouble in (given_up, in_trouble, silent):  # each has an index of its own
        found |= dict.fromkeys(_alarms(now).filter(trouble).values_list("pk", flat=True)[:SWEEP])
    return list(found)


def _alarms(now: datetime) -> QuerySet[Notice]:
    reached = Q(channel=Channel.EMAIL, state=NoticeState.SENT) | Q(message__state=MessageState.DELIVERED)
    siblings = Notice.objects.filter(reached, alert=OuterRef("alert"), created_at=OuterRef("created_at"))
    alarms = Notice.objects.filter(kind=Kind.FIRED, escalated_at=None, created_at__gt=now - NEWS)
    return alarms.filter(~Exists(siblings), alert__removed_at=None).order_by("pk")


@unit_of_work
def escalate(*, notice_id: int, now: datetime) -> None:
    """Tell the account's people that an alarm does not arrive; once, however often this is called."""
    if not Notice.objects.filter(pk=notice_id, escalated_at=None).update(escalated_at=now):
        return
    notice = Notice.objects.select_related("alert__account").get(pk=notice_id)
    notices.announce(
        account=notice.alert.account,
        kind=LetterKind.ALERT_UNDELIVERED,
        subject=f"alert:{notice.alert.public_id}",
        context={
            "address": notice.shown_address,
            "reason": _reason(notice),
            "balance_units": notice.balance_units,
            "at": notice.created_at.isoformat(),
        },
        reference=f"notice:{notice.public_id}",
        now=now,
    )


def _reason(notice: Notice) -> str:
    """Why it stays away, in the source language; each reader's letter translates it."""
    with translation.override(settings.LANGUAGE_CODE):
        if notice.fault:
            return str(Fault(notice.fault).label)
        return gettext("The telephone network has not confirmed the message.")
