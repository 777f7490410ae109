"""How notices leave: in the recipient's language, once, again after a failure, and at the operator's cost."""

import threading
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from billing.amounts import to_units
from billing.credits import selectors as credits_selectors
from billing.credits import services as credits
from billing.ledger import selectors as ledger_selectors
from billing.ledger.codes import TransferCode
from billing.ledger.models import Transfer
from messaging.alerts import selectors, sending, services, tasks, wording
from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import Notice
from messaging.delivery.codes import Purpose
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from messaging.encoding.segments import Encoding
from portal import attempts
from portal.accounts import selectors as accounts_selectors
from portal.accounts.models import Account
from tests.conftest import Grant
from tests.messaging.alerts.conftest import MOBILE, MailServer, SetUp

ITALY = to_units(Decimal("0.7"))


@pytest.fixture
def email_notice(acme: Account, set_up: SetUp) -> Notice:
    """A notice of an alert that has just fired, by e-mail."""
    set_up(acme, "50")
    return Notice.objects.get()


@pytest.fixture
def sms_notice(acme: Account, set_up: SetUp, prices: None) -> Notice:
    """A notice of an alert that has just fired, by SMS."""
    set_up(acme, "50", email_on=False, sms_on=True, number=MOBILE)
    return Notice.objects.get()


def reach(message: Message, state: MessageState, now: datetime) -> None:
    """Let the network have its say."""
    final = None if state == MessageState.ACCEPTED else now
    due = now if state == MessageState.ACCEPTED else None
    Message.objects.filter(pk=message.pk).update(
        state=state, gateway_message_id="g1", submitted_at=now, final_at=final, due_at=due
    )


def only_message() -> Message:
    return Message.objects.get()


def test_an_e_mail_speaks_the_accounts_language_and_time(acme: Account, email_notice: Notice, now: datetime) -> None:
    Account.objects.filter(pk=acme.pk).update(language="fr")
    Notice.objects.update(balance_units=12_345_000)
    assert sending.deliver(notice_id=email_notice.pk, now=now) is None
    [sent] = mail.outbox
    assert sent.to == ["desk@acme.example"]
    assert sent.extra_headers["Content-Language"] == "fr"
    assert "1\u202f234,5" in sent.body
    assert "10:30" in sent.body, "half past nine in Greenwich is half past ten in Rome"
    assert f"/a/{acme.public_id}/recharges/new/" in sent.body
    email_notice.refresh_from_db()
    assert (email_notice.state, email_notice.attempt_count) == (NoticeState.SENT, 1)


@pytest.mark.parametrize("kind", ["fired", "cleared", "test"])
def test_every_kind_of_notice_has_its_mail(email_notice: Notice, kind: str, now: datetime) -> None:
    Notice.objects.update(kind=kind)
    sending.deliver(notice_id=email_notice.pk, now=now)
    [sent] = mail.outbox
    assert "Acme" in sent.subject
    assert "50" in sent.body
    assert isinstance(sent, EmailMultiAlternatives)
    assert sent.alternatives[0][1] == "text/html"


def test_a_notice_is_not_sent_again(email_notice: Notice, now: datetime) -> None:
    for hours in range(3):
        sending.deliver(notice_id=email_notice.pk, now=now + timedelta(hours=hours))
    assert len(mail.outbox) == 1


def test_a_claimed_notice_is_left_alone_until_its_lease_is_over(email_notice: Notice, now: datetime) -> None:
    Notice.objects.update(state=NoticeState.SENDING, lease_until=now + attempts.LEASE, attempt_count=1)
    sending.deliver(notice_id=email_notice.pk, now=now)
    assert mail.outbox == []
    sending.deliver(notice_id=email_notice.pk, now=now + attempts.LEASE)
    assert len(mail.outbox) == 1


def test_a_mail_server_that_is_away_is_tried_again_later(
    email_notice: Notice, now: datetime, settings: Settings, mail_server: MailServer
) -> None:
    port = settings.EMAIL_PORT
    settings.EMAIL_PORT = 9  # nobody listens there
    assert sending.deliver(notice_id=email_notice.pk, now=now) == Fault.UNREACHABLE
    email_notice.refresh_from_db()
    assert (email_notice.state, email_notice.fault) == (NoticeState.WAITING, Fault.UNREACHABLE)
    again = email_notice.next_attempt_at
    assert again == now + attempts.PAUSES[0]
    assert selectors.notices_due(now) == []
    settings.EMAIL_PORT = port
    assert sending.deliver(notice_id=email_notice.pk, now=again) is None
    email_notice.refresh_from_db()
    assert (email_notice.state, email_notice.fault, email_notice.attempt_count) == (NoticeState.SENT, "", 2)
    assert len(mail_server.taken) == 1


def test_an_alarm_that_was_held_up_leaves_before_its_all_clear_and_a_test_waits_for_nothing(
    acme: Account, set_up: SetUp, grant: Grant, now: datetime, settings: Settings, mail_server: MailServer
) -> None:
    alert, port = set_up(acme, "50"), settings.EMAIL_PORT
    alarm = Notice.objects.get()
    settings.EMAIL_PORT = 9  # nobody listens there
    sending.deliver(notice_id=alarm.pk, now=now)
    settings.EMAIL_PORT = port
    grant(acme, "100")
    [all_clear] = services.evaluate(alert=alert, now=now)
    assert sending.deliver(notice_id=all_clear, now=now) is None
    assert mail_server.taken == []
    [test] = services.test(alert=alert, actor_id=None, now=now)
    sending.deliver(notice_id=test.pk, now=now)
    assert selectors.notices_due(now) == [alarm.pk], "it does not wait out its pause now that there is news"
    for notice_id in (alarm.pk, all_clear):
        sending.deliver(notice_id=notice_id, now=now)
    subjects = [line for text in mail_server.taken for line in text.splitlines() if line.startswith("Subject:")]
    assert ["test" in line for line in subjects] == [True, False, False]
    assert "all clear" in subjects[2].lower()
    assert Notice.objects.filter(state=NoticeState.SENT).count() == 3


def test_the_longest_waiting_notice_is_known_and_what_waits_behind_it_does_not_count(
    acme: Account, set_up: SetUp, grant: Grant, now: datetime
) -> None:
    alerts = [set_up(acme, threshold) for threshold in ("50", "60")]
    for alert, minutes in zip(alerts, (1, 9), strict=True):
        Notice.objects.filter(alert=alert).update(next_attempt_at=now - timedelta(minutes=minutes))
    assert selectors.oldest_waiting(now) == now - timedelta(minutes=9)
    grant(acme, "100")
    for alert in alerts:
        services.evaluate(alert=alert, now=now - timedelta(hours=1))
    # Tried again, and in a pause: so is what has to wait for it.
    Notice.objects.filter(kind=Kind.FIRED).update(next_attempt_at=now + timedelta(hours=1))
    assert (selectors.notices_due(now), selectors.oldest_waiting(now)) == ([], None)


def test_a_mail_server_that_drops_whoever_handed_over_is_tried_again(
    email_notice: Notice, mail_server: MailServer, now: datetime
) -> None:
    mail_server.drops = True
    assert sending.deliver(notice_id=email_notice.pk, now=now) == Fault.UNREACHABLE
    email_notice.refresh_from_db()
    assert email_notice.state == NoticeState.WAITING
    mail_server.drops = False
    assert sending.deliver(notice_id=email_notice.pk, now=email_notice.next_attempt_at) is None
    email_notice.refresh_from_db()
    assert email_notice.state == NoticeState.SENT
    assert len(mail_server.taken) == 2, "nobody knows what became of the first: twice is better than never"


def test_a_mail_server_that_hangs_is_left_after_a_while_and_tried_again(
    email_notice: Notice, mail_server: MailServer, settings: Settings, now: datetime
) -> None:
    assert 0 < settings.EMAIL_TIMEOUT <= 10, "a lease must outlive a conversation"
    settings.EMAIL_TIMEOUT = 0.2
    mail_server.silence()
    assert sending.deliver(notice_id=email_notice.pk, now=now) == Fault.UNREACHABLE
    mail_server.speak()
    email_notice.refresh_from_db()
    assert (email_notice.state, mail_server.taken) == (NoticeState.WAITING, [])
    assert sending.deliver(notice_id=email_notice.pk, now=email_notice.next_attempt_at) is None
    assert len(mail_server.taken) == 1


def test_after_the_last_attempt_a_notice_says_that_it_failed(
    email_notice: Notice, now: datetime, mail_server: MailServer
) -> None:
    mail_server.answer = "550 no such person"
    at = now
    for attempt in range(sending.ATTEMPTS[Channel.EMAIL]):
        assert sending.deliver(notice_id=email_notice.pk, now=at) == Fault.REFUSED
        email_notice.refresh_from_db()
        assert email_notice.attempt_count == attempt + 1
        at = email_notice.next_attempt_at
    assert email_notice.state == NoticeState.FAILED
    assert mail_server.taken == []
    assert list(selectors.undelivered(since=now)) == [email_notice]
    assert wording.outcome(email_notice).detail == str(Fault.REFUSED.label)


def test_pauses_between_attempts_grow() -> None:
    assert list(attempts.PAUSES) == sorted(set(attempts.PAUSES))
    assert sum(attempts.PAUSES, timedelta()) < timedelta(days=1)


def test_a_notice_that_kills_every_worker_is_given_up(email_notice: Notice, now: datetime) -> None:
    Notice.objects.update(state=NoticeState.SENDING, lease_until=now, attempt_count=sending.ATTEMPTS[Channel.EMAIL])
    sending.deliver(notice_id=email_notice.pk, now=now)
    email_notice.refresh_from_db()
    assert (email_notice.state, mail.outbox) == (NoticeState.FAILED, [])


def test_a_sweep_does_not_ask_a_dead_mail_server_for_every_notice(
    acme: Account, set_up: SetUp, settings: Settings
) -> None:
    for threshold in ("50", "60", "70"):
        set_up(acme, threshold)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    Notice.objects.update(next_attempt_at=timezone.now())
    tasks.deliver_waiting()
    assert sum(Notice.objects.values_list("attempt_count", flat=True)) == 1


def test_a_notice_that_cannot_be_dealt_with_holds_up_no_other(
    acme: Account, sms_notice: Notice, set_up: SetUp, now: datetime
) -> None:
    sending.deliver(notice_id=sms_notice.pk, now=now)
    reach(only_message(), MessageState.ACCEPTED, now)
    operator = credits.open_wallet(account=accounts_selectors.operator_account())
    credits.block(wallet=operator, now=now)  # what the message cost cannot be booked
    for address in ("no one", "desk@acme.example"):
        set_up(acme, "60", email=address)
    Notice.objects.filter(address="no one").update(address="no\none@acme.example")
    with pytest.raises(ExceptionGroup) as faults:
        tasks.deliver_waiting()
    assert len(faults.value.exceptions) == 1
    assert Notice.objects.filter(state=NoticeState.SENT, address="desk@acme.example").exists()


def test_a_text_message_waits_on_the_operators_account_and_costs_the_customer_nothing(
    acme: Account, operator: Account, sms_notice: Notice, now: datetime
) -> None:
    assert sending.deliver(notice_id=sms_notice.pk, now=now) is None
    message = only_message()
    assert (message.account, message.purpose, message.campaign) == (operator, Purpose.ALERT, None)
    assert (message.recipient, message.sender, message.price_units) == (MOBILE, "Saldo", ITALY)
    assert message.text == "Saldo: Acme has 0 credits left (threshold: 50)."
    sms_notice.refresh_from_db()
    assert sms_notice.message == message
    assert credits_selectors.balance(acme).posted == 0
    assert credits_selectors.balance(operator).posted == 0, "nothing is paid before the network has it"


def test_a_text_message_is_booked_once_when_the_network_has_it(
    operator: Account, sms_notice: Notice, now: datetime
) -> None:
    sending.deliver(notice_id=sms_notice.pk, now=now)
    for state in (MessageState.ACCEPTED, MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.DELIVERED):
        reach(only_message(), state, now)
        tasks.deliver_waiting()
        sending.follow_up(notice_id=sms_notice.pk, now=now)
    transfer = Transfer.objects.get()
    assert (transfer.code, transfer.amount, transfer.subject) == (
        TransferCode.ALERT,
        ITALY,
        f"notice:{sms_notice.public_id}",
    )
    assert credits_selectors.balance(operator).posted == -ITALY
    assert ledger_selectors.differences() == []
    sms_notice.refresh_from_db()
    assert sms_notice.settled_at
    assert selectors.notices_unresolved() == []
    assert wording.outcome(sms_notice).kind == "ok"


def test_a_text_message_that_was_refused_costs_nothing_and_is_tried_again(
    operator: Account, sms_notice: Notice, now: datetime
) -> None:
    sending.deliver(notice_id=sms_notice.pk, now=now)
    reach(only_message(), MessageState.REFUSED, now)
    sending.follow_up(notice_id=sms_notice.pk, now=now)
    sms_notice.refresh_from_db()
    assert (sms_notice.state, sms_notice.fault) == (NoticeState.WAITING, Fault.UNDELIVERED)
    sending.deliver(notice_id=sms_notice.pk, now=sms_notice.next_attempt_at)
    assert Message.objects.count() == 2
    assert not Transfer.objects.exists()


def test_an_alarm_that_was_not_delivered_is_not_sent_again_after_its_all_clear(
    acme: Account, sms_notice: Notice, grant: Grant, now: datetime
) -> None:
    sending.deliver(notice_id=sms_notice.pk, now=now)
    message = only_message()
    grant(acme, "100")
    [all_clear] = services.evaluate(alert=sms_notice.alert, now=now)
    sending.deliver(notice_id=all_clear, now=now)
    reach(message, MessageState.UNDELIVERED, now)
    sending.follow_up(notice_id=sms_notice.pk, now=now)
    found = Notice.objects.order_by("pk").values_list("kind", "state", "fault")
    assert list(found) == [("fired", "failed", "undelivered"), ("cleared", "sent", "")]


def test_a_number_that_never_gets_its_text_message_is_given_up_and_shown(
    operator: Account, sms_notice: Notice, now: datetime
) -> None:
    at = now
    for _ in range(sending.ATTEMPTS[Channel.SMS]):
        sending.deliver(notice_id=sms_notice.pk, now=at)
        sms_notice.refresh_from_db()
        assert sms_notice.message
        reach(sms_notice.message, MessageState.UNDELIVERED, at)
        sending.follow_up(notice_id=sms_notice.pk, now=at)
        sms_notice.refresh_from_db()
        at = max(at, sms_notice.next_attempt_at)
    assert (sms_notice.state, sms_notice.fault) == (NoticeState.FAILED, Fault.UNDELIVERED)
    assert Message.objects.count() == sending.ATTEMPTS[Channel.SMS]
    assert credits_selectors.balance(operator).posted == -ITALY * sending.ATTEMPTS[Channel.SMS]
    tasks.deliver_waiting()
    assert Message.objects.count() == sending.ATTEMPTS[Channel.SMS]


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_exactly_one_queues_a_text_message(sms_notice: Notice) -> None:
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        try:
            sending.deliver(notice_id=sms_notice.pk, now=sms_notice.created_at)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert Message.objects.count() == 1


def test_a_number_without_a_rate_is_said_to_be_out_of_reach(acme: Account, set_up: SetUp, now: datetime) -> None:
    set_up(acme, "50", email_on=False, sms_on=True, number=MOBILE)
    notice = Notice.objects.get()
    assert sending.deliver(notice_id=notice.pk, now=now) == Fault.NO_RATE
    notice.refresh_from_db()
    assert notice.state == NoticeState.FAILED
    assert not Message.objects.exists()


def test_a_text_message_in_french_stays_in_the_cheap_alphabet(acme: Account, sms_notice: Notice, now: datetime) -> None:
    Account.objects.filter(pk=acme.pk).update(language="fr", name="A" * 120)
    Notice.objects.update(balance_units=1_234_567_8900)
    sending.deliver(notice_id=sms_notice.pk, now=now)
    message = only_message()
    assert "1 234 567,89" in message.text
    assert (message.encoding, message.segment_count) == (Encoding.GSM7, 1)


def test_the_page_explains_what_became_of_a_text_message(sms_notice: Notice, now: datetime) -> None:
    assert wording.outcome(sms_notice).kind == "info"
    sending.deliver(notice_id=sms_notice.pk, now=now)
    Message.objects.update(error_code="absent")
    reach(only_message(), MessageState.UNDELIVERED, now)
    sms_notice.refresh_from_db()
    outcome = wording.outcome(sms_notice)
    assert (outcome.kind, outcome.label) == ("bad", str(MessageState.UNDELIVERED.label))
    assert "out of reach" in outcome.detail
