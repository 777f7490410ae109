"""The verbs of replies: find out whose one is and do what that account wants, mark as read, change what is wanted."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from messaging.contacts import selectors as contacts_selectors
from messaging.contacts import services as contacts
from messaging.contacts.models import E164, Source
from messaging.delivery.models import Message, Reply
from messaging.replies import selectors
from messaging.replies.models import AutoReply, FoundBy, InboxReply, ReplyNumber, ReplySettings
from messaging.replies.stopwords import asks_to_stop
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account
from portal.audit import services as audit
from portal.transactions import unit_of_work

QUIET: Final = timedelta(hours=24)
"""A telephone is answered by itself once in this time, so that two machines never talk to each other for long."""


class NumberTaken(Exception):
    """The number belongs to another account at that time."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an account wants done with its replies."""

    forward_on: bool
    forward_email: str
    answer_on: bool
    answer_text: str


@unit_of_work
def handle(*, reply_id: int, now: datetime) -> InboxReply | None:
    """Put a reply into the inbox of the account it belongs to, and do what that account wants.

    Somebody who asks for no more messages is opted out, with this reply as the cause. None: it was handled before, or
    it belongs to nobody (product 7.11); then it stays where the gateways' replies are kept.
    """
    if not Reply.objects.filter(pk=reply_id, handled_at=None).update(handled_at=now):
        return None
    reply = Reply.objects.get(pk=reply_id)
    account, message, found_by = _owner(reply)
    if account is None:
        return None
    received = InboxReply(
        account=account,
        reply=reply,
        message=message,
        number=reply.source,
        found_by=found_by,
        is_stop=asks_to_stop(reply.text) and is_telephone(reply.source),
        received_at=reply.received_at,
        handled_at=now,
    )
    if received.is_stop:
        _opt_out(received, now)
    # The row is the queue: of two replies of one telephone at once the second sees that the first is answered.
    wanted = ReplySettings.objects.select_for_update(no_key=True).filter(account=account).first()
    if wanted and wanted.forward_on:
        received.forward_to, received.forward_due_at = wanted.forward_email, now
    if wanted and wanted.answer_on and _may_answer(received, now):
        received.auto_reply = AutoReply.DUE
    received.save()
    return received


@unit_of_work
def mark_read(*, account: Account, replies: Iterable[int] | None, actor_id: int, now: datetime) -> int:
    """Mark replies (primary keys; None: all) as read and return how many were not."""
    unread = InboxReply.objects.filter(account=account, read_at=None)
    if replies is not None:
        unread = unread.filter(pk__in=list(replies))
    return unread.update(read_at=now, read_by_id=actor_id)


@unit_of_work
def mark_unread(*, received: InboxReply) -> None:
    """Let a reply wait for a reader again."""
    InboxReply.objects.filter(pk=received.pk).update(read_at=None, read_by=None)


@unit_of_work
def change_settings(*, account: Account, wishes: Wishes, actor_id: int, now: datetime) -> ReplySettings:
    """Change what happens with replies from now on; those that are here already stay as they are."""
    kept, _created = ReplySettings.objects.select_for_update().get_or_create(account=account)
    wanted = asdict(wishes)
    before = {name: getattr(kept, name) for name in wanted}
    if before == wanted:
        return kept
    for name, value in wanted.items():
        setattr(kept, name, value)
    kept.save()
    changed = [name for name in wanted if before[name] != wanted[name]]
    audit.record(
        action="replies.settings_changed",
        actor_id=actor_id,
        account_id=account.pk,
        before={name: before[name] for name in changed},
        after={name: wanted[name] for name in changed},
        now=now,
    )
    return kept


@unit_of_work
def assign_number(*, account: Account, number: str, actor_id: int | None, now: datetime) -> ReplyNumber:
    """Give a number to an account from `now` on; if it has it, nothing changes. Raises `NumberTaken`."""
    open_row = ReplyNumber.objects.select_for_update().filter(number=number, valid_until=None).first()
    if open_row and open_row.account_id == account.pk:
        return open_row
    if open_row or ReplyNumber.objects.filter(number=number, valid_until__gt=now).exists():
        raise NumberTaken(number)
    assigned = ReplyNumber.objects.create(account=account, number=number, valid_from=now)
    _record_number("reply_number.assigned", assigned, actor_id, now)
    return assigned


@unit_of_work
def release_number(*, number: ReplyNumber, actor_id: int | None, now: datetime) -> None:
    """Let a number be nobody's from `now` on; what came before stays where it is."""
    if ReplyNumber.objects.filter(pk=number.pk, valid_until=None).update(valid_until=now):
        _record_number("reply_number.released", number, actor_id, now)


def _owner(reply: Reply) -> tuple[Account | None, Message | None, str]:
    account = selectors.owner_of_number(reply.destination, reply.received_at)
    if account:
        return account, selectors.last_message(account, reply), FoundBy.OWN_NUMBER
    # Who asks for no more messages is heard however late.
    memory = selectors.LONGEST_MEMORY if asks_to_stop(reply.text) else selectors.MEMORY
    message = selectors.last_message_of_anybody(reply, memory)
    return (message.account if message else None), message, FoundBy.LAST_MESSAGE


def _opt_out(received: InboxReply, now: datetime) -> None:
    """The list of opt-outs names the reply, and the message that it answers."""
    message = received.message.public_id if received.message else None
    cause = contacts.Cause(words=received.reply.text, message=message, reply=received.public_id)
    contacts.opt_out(account=received.account, number=received.number, source=Source.REPLY, cause=cause, now=now)


def _may_answer(received: InboxReply, now: datetime) -> bool:
    """Whether an answer by itself would be to a person, welcome, and the first in a while."""
    number, account = received.number, received.account
    if received.is_stop or not is_telephone(number) or selectors.is_ours(number):
        return False
    if accounts_selectors.is_closed(account) or contacts_selectors.opted_out(account, [number]):
        return False
    answered = InboxReply.objects.filter(account=account, number=number, auto_reply__in=[AutoReply.DUE, AutoReply.SENT])
    return not answered.filter(received_at__gt=received.received_at - QUIET).exists()


def is_telephone(number: str) -> bool:
    """Whether it can be written to: names and short numbers of services cannot."""
    return re.fullmatch(E164, number) is not None


def _record_number(action: str, number: ReplyNumber, actor_id: int | None, now: datetime) -> None:
    audit.record(
        action=action,
        actor_id=actor_id,
        account_id=number.account_id,
        subject=f"reply_number:{number.public_id}",
        after={"number": number.number},
        now=now,
    )
