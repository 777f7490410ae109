"""Messages that were sent, and telephones that answer them."""

from collections.abc import Callable
from datetime import datetime

import pytest

from messaging.delivery import replies, services
from messaging.delivery.codes import Purpose, State
from messaging.delivery.models import Message
from messaging.encoding.segments import Encoding
from messaging.replies import services as inbox
from messaging.replies.models import InboxReply
from messaging.replies.services import Wishes
from messaging.senders import selectors as senders_selectors
from portal.accounts.models import Account

ANNA = "+393471000001"

Sent = Callable[..., Message]
Answered = Callable[..., InboxReply | None]
Wish = Callable[..., None]


@pytest.fixture
def sent(now: datetime) -> Sent:
    """A message that an account has sent; handed over unless told otherwise."""

    def send(account: Account, *, to: str = ANNA, at: datetime = now, sender: str = "", **fields: object) -> Message:
        draft = services.Draft(to, "39", "Domani alle 10?", Encoding.GSM7, 1, 7000)
        given = {"campaign": None, "purpose": Purpose.CAMPAIGN, **fields}
        shown = sender or senders_selectors.portal_sender()
        services.enqueue(account=account, sender=shown, drafts=[draft], now=at, **given)  # type: ignore[arg-type]
        mine = Message.objects.filter(public_id=draft.public_id)
        mine.update(state=State.ACCEPTED, gateway_message_id="x", submitted_at=at, gateway="simulator")
        return mine.get()

    return send


@pytest.fixture
def answered(now: datetime) -> Answered:
    """A reply as a gateway brings it, handled."""
    keys = iter(range(1_000_000))

    def answer(text: str = "Va bene", *, source: str = ANNA, to: str = "", at: datetime = now) -> InboxReply | None:
        reply = replies.take(
            gateway="simulator",
            key=f"test:{next(keys)}",
            source=source,
            destination=to or senders_selectors.portal_sender(),
            text=text,
            received_at=at,
        )
        return inbox.handle(reply_id=reply.pk, now=at)

    return answer


@pytest.fixture
def wish(now: datetime, alice: object) -> Wish:
    """Say what an account wants done with its replies."""

    def say(account: Account, **wishes: object) -> None:
        given = {"forward_on": False, "forward_email": "", "answer_on": False, "answer_text": "", **wishes}
        inbox.change_settings(account=account, wishes=Wishes(**given), actor_id=alice.pk, now=now)  # type: ignore[attr-defined,arg-type]

    return say
