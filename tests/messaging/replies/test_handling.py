"""Whose a reply is, and what follows from it."""

import threading
from datetime import datetime, timedelta

import pytest
from django.db import connections

from messaging.campaigns.models import Campaign
from messaging.contacts import selectors as contacts_selectors
from messaging.contacts import services as contacts
from messaging.contacts.models import OptOut, Source
from messaging.delivery import replies
from messaging.delivery.codes import Purpose, State
from messaging.delivery.models import Message, Reply
from messaging.replies import sending, services, tasks
from messaging.replies.models import AutoReply, FoundBy, InboxReply
from messaging.senders import selectors as senders_selectors
from portal.accounts.models import Account
from tests.conftest import Grant
from tests.messaging.replies.conftest import ANNA, Answered, Sent, Wish

OWN = "+393399900001"


def test_a_reply_to_the_shared_number_is_the_last_senders(
    acme: Account, globex: Account, sent: Sent, answered: Answered, now: datetime
) -> None:
    sent(globex, at=now - timedelta(hours=2))
    mine = sent(acme, at=now - timedelta(hours=1))
    received = answered()
    assert received is not None
    assert (received.account, received.message, received.found_by) == (acme, mine, FoundBy.LAST_MESSAGE)


def test_a_message_from_the_number_that_was_written_to_counts_before_a_later_one_from_a_name(
    acme: Account, globex: Account, sent: Sent, answered: Answered, now: datetime
) -> None:
    mine = sent(acme, at=now - timedelta(days=2))
    sent(globex, at=now - timedelta(hours=1), sender="Globex")
    received = answered()
    assert received is not None
    assert received.message == mine


def test_after_seven_days_a_reply_to_the_shared_number_is_nobodys(
    acme: Account, sent: Sent, answered: Answered, now: datetime
) -> None:
    sent(acme, at=now - timedelta(days=7, seconds=1))
    assert answered() is None
    assert Reply.objects.get().handled_at == now
    assert not InboxReply.objects.exists()


def test_stop_is_heard_however_late(acme: Account, sent: Sent, answered: Answered, now: datetime) -> None:
    sent(acme, at=now - timedelta(days=90))
    received = answered("STOP")
    assert received is not None
    assert contacts_selectors.opted_out(acme, [ANNA]) == {ANNA}


def test_what_never_left_or_came_later_or_was_an_alert_is_not_answered(
    acme: Account, globex: Account, operator: Account, sent: Sent, answered: Answered, now: datetime
) -> None:
    waiting = sent(globex, at=now - timedelta(minutes=5))
    Message.objects.filter(pk=waiting.pk).update(state=State.WAITING, gateway_message_id="", submitted_at=None)
    sent(globex, at=now + timedelta(minutes=5))
    sent(operator, at=now - timedelta(minutes=1), purpose=Purpose.ALERT)
    mine = sent(acme, at=now - timedelta(hours=1))
    received = answered()
    assert received is not None
    assert received.message == mine


def test_a_reply_to_an_own_number_is_its_accounts_whoever_wrote_last(
    acme: Account, globex: Account, sent: Sent, answered: Answered, now: datetime
) -> None:
    services.assign_number(account=acme, number=OWN, actor_id=None, now=now - timedelta(days=1))
    sent(globex, at=now - timedelta(minutes=1))
    received = answered(to=OWN)
    assert received is not None
    assert (received.account, received.message, received.found_by) == (acme, None, FoundBy.OWN_NUMBER)
    before = answered(to=OWN, at=now - timedelta(days=2))
    assert before is None  # it was not Acme's yet


@pytest.mark.parametrize("text", ["STOP", "Basta, grazie", "DÉSABONNER"])
def test_stop_opts_the_number_out_of_this_account_and_no_other(
    acme: Account, globex: Account, sent: Sent, answered: Answered, text: str
) -> None:
    sent(globex)
    sent(acme)
    received = answered(text)
    assert received is not None
    assert received.is_stop
    assert contacts_selectors.opted_out(acme, [ANNA]) == {ANNA}
    assert contacts_selectors.opted_out(globex, [ANNA]) == frozenset()
    kept = OptOut.objects.get()
    assert received.message is not None
    assert (kept.source, kept.cause) == (Source.REPLY, text)
    assert (kept.message_public_id, kept.reply_public_id) == (received.message.public_id, received.public_id)


def test_a_reply_is_handled_once(acme: Account, sent: Sent, answered: Answered, now: datetime) -> None:
    sent(acme)
    answered()
    assert services.handle(reply_id=Reply.objects.get().pk, now=now) is None
    assert InboxReply.objects.count() == 1


def test_a_name_or_a_short_number_is_kept_but_never_opted_out(acme: Account, answered: Answered, now: datetime) -> None:
    services.assign_number(account=acme, number=OWN, actor_id=None, now=now)
    for source in ("TIM", "48838", "03471234567", "+0347123456789", "12345678901234567", "0000000000"):
        received = answered("STOP", source=source, to=OWN)
        assert received is not None
        assert not received.is_stop
    assert contacts_selectors.opted_out(acme, ["TIM", "48838"]) == frozenset()


def test_an_answer_by_itself_leaves_once_in_a_day_and_is_charged_like_any_message(
    acme: Account, sent: Sent, answered: Answered, wish: Wish, grant: Grant, prices: None, now: datetime
) -> None:
    grant(acme, "10")
    wish(acme, answer_on=True, answer_text="Grazie, rispondiamo domani.")
    sent(acme)
    first = answered()
    assert first is not None
    sending.answer_by_itself(received_id=first.pk, now=now)
    sending.answer_by_itself(received_id=first.pk, now=now)
    campaign = Campaign.objects.get()
    assert (campaign.held_units, campaign.recipient_count, campaign.text) == (7000, 1, "Grazie, rispondiamo domani.")
    assert InboxReply.objects.get().auto_reply == AutoReply.SENT
    again = answered("E allora?", at=now + timedelta(hours=23))
    tomorrow = answered("Ciao", at=now + timedelta(hours=25))
    assert again is not None
    assert tomorrow is not None
    assert (again.auto_reply, tomorrow.auto_reply) == (AutoReply.NONE, AutoReply.DUE)


def test_no_answer_by_itself_goes_to_whoever_opted_out_or_to_a_number_of_ours(
    acme: Account, globex: Account, sent: Sent, answered: Answered, wish: Wish, now: datetime
) -> None:
    wish(acme, answer_on=True, answer_text="Grazie")
    services.assign_number(account=acme, number=OWN, actor_id=None, now=now)
    services.assign_number(account=globex, number="+393399900002", actor_id=None, now=now)
    contacts.opt_out_all(account=acme, numbers=["+393471000002"], actor_id=None, now=now)
    portal = senders_selectors.portal_sender()
    for source in ("+393471000002", "+393399900002", OWN, portal, "48838", "TIM"):
        received = answered(source=source, to=OWN)
        assert received is not None
        assert received.auto_reply == AutoReply.NONE, source
    stopped = answered("stop", to=OWN)
    assert stopped is not None
    assert stopped.auto_reply == AutoReply.NONE


def test_an_answer_by_itself_without_credits_is_said_and_not_tried_again(
    acme: Account, sent: Sent, answered: Answered, wish: Wish, prices: None, now: datetime
) -> None:
    wish(acme, answer_on=True, answer_text="Grazie")
    sent(acme)
    received = answered()
    assert received is not None
    sending.answer_by_itself(received_id=received.pk, now=now)
    assert InboxReply.objects.get().auto_reply == AutoReply.NO_CREDITS
    assert not Campaign.objects.exists()


def test_an_answer_that_was_switched_off_in_the_meantime_does_not_leave(
    acme: Account, sent: Sent, answered: Answered, wish: Wish, now: datetime
) -> None:
    wish(acme, answer_on=True, answer_text="Grazie")
    sent(acme)
    received = answered()
    assert received is not None
    wish(acme, answer_on=False, answer_text="Grazie")
    sending.answer_by_itself(received_id=received.pk, now=now)
    assert InboxReply.objects.get().auto_reply == AutoReply.NONE


def test_a_reply_is_forwarded_once_with_the_message_it_answers(
    acme: Account, sent: Sent, answered: Answered, wish: Wish, now: datetime, mailoutbox: list[object]
) -> None:
    wish(acme, forward_on=True, forward_email="desk@acme.example")
    sent(acme)
    received = answered("Va bene <b>domani</b>\nBcc: all@example.org")
    assert received is not None
    assert sending.forward(received_id=received.pk, now=now)
    assert sending.forward(received_id=received.pk, now=now)
    [mail] = mailoutbox
    assert mail.to == ["desk@acme.example"]  # type: ignore[attr-defined]
    assert "Domani alle 10?" in mail.body  # type: ignore[attr-defined]
    assert "<b>domani" not in mail.alternatives[0][0]  # type: ignore[attr-defined]
    assert InboxReply.objects.get().forwarded_at == now


def test_a_mail_server_that_is_gone_is_tried_again_and_then_given_up(
    acme: Account, sent: Sent, answered: Answered, wish: Wish, now: datetime, settings: object
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9  # type: ignore[attr-defined]
    wish(acme, forward_on=True, forward_email="desk@acme.example")
    sent(acme)
    received = answered()
    assert received is not None
    at = now
    for pause in (*sending.PAUSES, timedelta()):
        assert not sending.forward(received_id=received.pk, now=at)
        assert sending.forward(received_id=received.pk, now=at)  # it is not due again yet
        at += pause
    lost = InboxReply.objects.get()
    assert lost.is_forward_lost
    assert lost.forward_attempt_count == len(sending.PAUSES) + 1


def test_the_sweep_alone_finds_everything(
    acme: Account,
    sent: Sent,
    wish: Wish,
    grant: Grant,
    prices: None,
    now: datetime,
    mailoutbox: list[object],
) -> None:
    grant(acme, "10")
    wish(acme, forward_on=True, forward_email="desk@acme.example", answer_on=True, answer_text="Grazie")
    sent(acme)
    given = {"gateway": "simulator", "source": ANNA, "destination": senders_selectors.portal_sender()}
    replies.take(key="r1", text="Ciao", received_at=now, **given)
    tasks.handle_waiting()
    tasks.handle_waiting()
    received = InboxReply.objects.get()
    assert received.auto_reply == AutoReply.SENT
    assert received.forwarded_at is not None
    assert len(mailoutbox) == 1
    assert Campaign.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_ten_replies_of_one_telephone_at_once_are_answered_once(
    acme: Account, sent: Sent, wish: Wish, now: datetime
) -> None:
    wish(acme, answer_on=True, answer_text="Grazie")
    sent(acme)
    given = {"gateway": "simulator", "source": ANNA, "destination": senders_selectors.portal_sender()}
    keys = [replies.take(key=f"r{each}", text="Ciao", received_at=now, **given).pk for each in range(10)]

    def handle(key: int) -> None:
        services.handle(reply_id=key, now=now)
        connections.close_all()

    threads = [threading.Thread(target=handle, args=(key,)) for key in [*keys, *keys]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert InboxReply.objects.count() == 10
    assert InboxReply.objects.filter(auto_reply=AutoReply.DUE).count() == 1
