"""Questions about replies; the account comes first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from messaging.delivery import selectors as delivery_selectors
from messaging.delivery.codes import RETURNED, State
from messaging.delivery.models import Message, Reply
from messaging.replies.models import InboxReply, InboxReplyQuerySet, ReplyNumber, ReplySettings
from messaging.senders import selectors as senders_selectors
from portal.accounts.models import Account
from portal.periods import valid_at

MEMORY: Final = timedelta(days=7)
"""How long a message to a telephone makes what comes back on the shared number its account's."""

LONGEST_MEMORY: Final = timedelta(days=365)
"""The same for whoever asks for no more messages, and on an account's own number, where it only says which message is
answered."""

# What had left us when the reply came; and an alert is nothing that a customer wrote.
_LAST_TO_ANYBODY = """
    SELECT latest.id
      FROM accounts_account account
     CROSS JOIN LATERAL (
           SELECT message.id, message.created_at, message.sender
             FROM delivery_message message
            WHERE message.account_id = account.id AND message.recipient = %(number)s
              AND message.created_at > %(since)s AND message.created_at <= %(until)s
              AND message.purpose = 'campaign' AND message.state <> ALL(%(unsent)s)
            ORDER BY (message.sender = %(written_to)s) DESC, message.id DESC
            LIMIT 1
           ) latest
     ORDER BY (latest.sender = %(written_to)s) DESC, latest.created_at DESC, latest.id DESC
     LIMIT 1
"""
_UNSENT: Final = sorted({state.value for state in RETURNED} | {State.WAITING.value})


def inbox(account: Account) -> InboxReplyQuerySet:
    """The account's replies, newest first, each with its text and the message it answers."""
    replies = InboxReply.objects.filter(account=account).select_related("reply", "message__campaign", "read_by")
    return replies.order_by("-received_at", "-pk")


def unread_count(account: Account) -> int:
    """How many replies nobody has read, counted up to 100."""
    return InboxReply.objects.filter(account=account, read_at=None)[:100].count()


def settings_of(account: Account) -> ReplySettings:
    """What the account wants done with its replies; what it begins with where it never said."""
    return ReplySettings.objects.filter(account=account).first() or ReplySettings(account=account)


def number_of(account: Account, at: datetime) -> list[ReplyNumber]:
    """The account's own numbers at a moment."""
    return list(ReplyNumber.objects.filter(valid_at(at), account=account).order_by("number"))


def owner_of_number(number: str, at: datetime) -> Account | None:
    """Whose the number is at a moment; None: it is shared."""
    held = ReplyNumber.objects.filter(valid_at(at), number=number).select_related("account").first()
    return held.account if held else None


def is_ours(number: str) -> bool:
    """Whether the number is or was one that replies are written to: nothing is ever answered to it by itself."""
    return number == senders_selectors.portal_sender() or ReplyNumber.objects.filter(number=number).exists()


def last_message(account: Account, reply: Reply) -> Message | None:
    """The account's last message to the telephone before it replied."""
    sent = delivery_selectors.messages(account).filter(
        recipient=reply.source,
        created_at__gt=reply.received_at - LONGEST_MEMORY,
        created_at__lte=reply.received_at,
    )
    return sent.exclude(state__in=_UNSENT).order_by("-pk").first()


def last_message_of_anybody(reply: Reply, memory: timedelta) -> Message | None:
    """The last message to the telephone within `memory`, of any account; one from the number it wrote to comes first.

    Each account is asked by the index of its recipients, so that no further index of all messages is needed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _LAST_TO_ANYBODY,
            {
                "number": reply.source,
                "written_to": reply.destination,
                "since": reply.received_at - memory,
                "until": reply.received_at,
                "unsent": _UNSENT,
            },
        )
        found = cursor.fetchone()
    return Message.objects.select_related("account").get(pk=found[0]) if found else None


@dataclass(frozen=True, slots=True)
class Line:
    """One text of a conversation: theirs or ours, when, and whether it is the one the page was opened for."""

    at: datetime
    text: str
    message: Message | None = None
    reply: InboxReply | None = None


LINES: Final = 30
"""The latest texts of a conversation that its page shows."""


def conversation(received: InboxReply) -> list[Line]:
    """The latest texts between the account and the telephone, oldest first."""
    theirs = inbox(received.account).filter(number=received.number)[:LINES]
    ours = delivery_selectors.messages(received.account).filter(recipient=received.number).select_related("campaign")
    lines = [Line(each.received_at, each.reply.text, reply=each) for each in theirs]
    lines += [Line(each.created_at, each.text, message=each) for each in ours.order_by("-pk")[:LINES]]
    return sorted(lines, key=lambda line: line.at)[-LINES:]


def replies_to_handle() -> list[int]:
    """The primary keys of what gateways have brought and nobody has looked at, oldest first."""
    return list(Reply.objects.filter(handled_at=None).order_by("pk").values_list("pk", flat=True)[:1000])


def answers_due() -> list[int]:
    """The primary keys of the replies that are to be answered by themselves."""
    return list(InboxReply.objects.answers_due().order_by("pk").values_list("pk", flat=True)[:1000])


def forwards_due(now: datetime) -> list[int]:
    """The primary keys of the replies that are to be forwarded."""
    return list(InboxReply.objects.forwards_due(now).order_by("forward_due_at").values_list("pk", flat=True)[:1000])
