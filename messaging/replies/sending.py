"""What leaves because of a reply: an answer by hand or by itself, and its e-mail.

An answer is a campaign of one message, by the ordinary path: quoted, held, charged like any other. The e-mail is
claimed with a lease and sent outside of any transaction: a worker that dies in between lets it be sent again.
"""

import logging
import zoneinfo
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from messaging.campaigns import services as campaigns
from messaging.campaigns.models import Campaign
from messaging.replies import services
from messaging.replies.models import AutoReply, InboxReply
from messaging.senders import selectors as senders_selectors
from messaging.senders.models import SenderName
from portal import mail
from portal.transactions import unit_of_work

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 180, 720))
"""How long to wait after the first, second … failed e-mail; after the last it is given up, and the page says so."""


@unit_of_work
def answer(*, received: InboxReply, text: str, reference: UUID, actor_id: int, now: datetime) -> Campaign:
    """Send `text` to the telephone; the reply has then been read. Raises what `campaigns.launch` raises."""
    campaign = campaigns.launch(
        account=received.account,
        actor_id=actor_id,
        sender=_sender(received),
        text=text,
        recipients=_whom(received),
        reference=f"answer:{reference}",
        name=_("Answer to %(number)s") % {"number": received.written},
        now=now,
    )
    services.mark_read(account=received.account, replies=[received.pk], actor_id=actor_id, now=now)
    return campaign


def answer_by_itself(*, received_id: int, now: datetime) -> None:
    """Send the answer that the account has written for everybody, once; say so where it cannot be sent."""
    due = InboxReply.objects.answers_due().select_related("account__reply_settings", "reply")
    received = due.filter(pk=received_id).first()
    if received is None:
        return
    wanted = received.account.reply_settings
    try:
        if not wanted.answer_on:
            outcome = AutoReply.NONE
        else:
            _launch(received, wanted.answer_text, now)
            outcome = AutoReply.SENT
    except (campaigns.InsufficientCredits, campaigns.WalletBlocked):
        outcome = AutoReply.NO_CREDITS
    except (campaigns.NotSendable, campaigns.SenderNotUsable):
        outcome = AutoReply.REFUSED
    InboxReply.objects.answers_due().filter(pk=received_id).update(auto_reply=outcome)


def forward(*, received_id: int, now: datetime) -> bool:
    """Send a reply on by e-mail if that is due; return whether the mail server answers at all."""
    due = InboxReply.objects.forwards_due(now).filter(pk=received_id)
    if not due.update(forward_due_at=now + LEASE, forward_attempt_count=F("forward_attempt_count") + 1):
        return True
    received = InboxReply.objects.select_related("account", "reply", "message__campaign").get(pk=received_id)
    mine = InboxReply.objects.filter(pk=received_id, forward_attempt_count=received.forward_attempt_count)
    try:
        with timezone.override(zoneinfo.ZoneInfo(received.account.time_zone)):
            mail.send(
                name="reply_forwarded",
                to=received.forward_to,
                language=received.account.language,
                context=_context(received),
            )
    except OSError as error:
        logger.warning("A reply was not forwarded: %s", error, extra={"reply": str(received.public_id)})
        attempt = received.forward_attempt_count
        mine.update(forward_due_at=now + PAUSES[attempt - 1] if attempt <= len(PAUSES) else None)
        return False
    mine.update(forward_due_at=None, forwarded_at=now)
    return True


def _launch(received: InboxReply, text: str, now: datetime) -> None:
    with translation.override(received.account.language):
        name = _("Automatic answer to %(number)s") % {"number": received.written}
    campaigns.launch(
        account=received.account,
        actor_id=None,
        sender=_sender(received),
        text=text,
        recipients=_whom(received),
        reference=f"auto-reply:{received.public_id}",
        name=name,
        now=now,
    )


def _whom(received: InboxReply) -> list[str]:
    """The telephone; nobody where a reply came from what is no telephone number."""
    return [received.number] if services.is_telephone(received.number) else []


def _sender(received: InboxReply) -> SenderName | None:
    """The number that was written to, if the account may send under it; else the portal's own number."""
    return senders_selectors.usable(received.account).filter(name=received.reply.destination).first()


def _context(received: InboxReply) -> dict[str, object]:
    return {
        "received": received,
        "account": received.account,
        "path": reverse("reply", args=[received.account.public_id, received.public_id]),
        "settings_path": reverse("reply_settings", args=[received.account.public_id]),
    }
