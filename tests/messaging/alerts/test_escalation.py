"""When an alarm does not arrive: who else is told, when, how often, and what the pages say."""

from datetime import datetime, timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from messaging.alerts import escalation, sending, services, wording
from messaging.alerts.codes import Channel, Fault, Kind, NoticeState
from messaging.alerts.models import BalanceAlert, Notice
from messaging.delivery.codes import State as MessageState
from messaging.delivery.models import Message
from portal.accounts.models import Account, User
from portal.notices import delivery as letters
from portal.notices.codes import Kind as LetterKind
from portal.notices.models import Notice as Letter
from tests.conftest import SignedIn
from tests.messaging.alerts.conftest import MOBILE, MailServer, SetUp

MINUTE = timedelta(minutes=1)


@pytest.fixture
def alert(acme: Account, alice: User, set_up: SetUp, prices: None, operator: Account) -> BalanceAlert:
    """An alert that has fired, by e-mail and by SMS; Alice owns the account."""
    return set_up(acme, "50", sms_on=True, number=MOBILE)


def notice(channel: Channel) -> Notice:
    return Notice.objects.get(channel=channel)


def sweep(now: datetime) -> list[int]:
    found = escalation.unreached(now)
    for notice_id in found:
        escalation.escalate(notice_id=notice_id, now=now)
    return found


def told() -> list[str]:
    return list(Letter.objects.filter(kind=LetterKind.ALERT_UNDELIVERED).values_list("user__email", flat=True))


def test_a_mail_server_that_refuses_thrice_is_enough_while_the_attempts_go_on(
    acme: Account, alice: User, set_up: SetUp, now: datetime, mail_server: MailServer
) -> None:
    set_up(acme, "50")
    mail_server.answer = "550 no such person"
    at = now
    for _ in range(escalation.PATIENCE):
        assert sweep(at) == []
        sending.deliver(notice_id=notice(Channel.EMAIL).pk, now=at)
        at = notice(Channel.EMAIL).next_attempt_at
    assert at - now < 10 * MINUTE
    for _ in range(2):
        sweep(at)
    assert told() == [alice.email]
    failing = notice(Channel.EMAIL)
    assert (failing.state, failing.escalated_at) == (NoticeState.WAITING, at)


def test_an_alarm_that_its_other_channel_delivered_is_only_shown(
    acme: Account, alert: BalanceAlert, signed_in: SignedIn, alice: User, now: datetime
) -> None:
    sending.deliver(notice_id=notice(Channel.EMAIL).pk, now=now)
    Notice.objects.filter(channel=Channel.SMS).update(
        state=NoticeState.FAILED, fault=Fault.UNDELIVERED, attempt_count=3
    )
    assert sweep(now) == []
    page = signed_in(alice).get(reverse("alerts", args=[acme.public_id])).content.decode()
    assert str(Fault.UNDELIVERED.label) in page


@pytest.mark.parametrize("state", [MessageState.UNKNOWN, MessageState.ACCEPTED])
def test_a_text_message_of_which_nothing_is_heard_is_not_sent_again_and_somebody_is_told(
    alert: BalanceAlert, alice: User, state: MessageState, now: datetime
) -> None:
    Notice.objects.filter(channel=Channel.EMAIL).delete()
    sending.deliver(notice_id=notice(Channel.SMS).pk, now=now)
    given = {"gateway_message_id": "g1", "submitted_at": now} if state == MessageState.ACCEPTED else {}
    Message.objects.update(state=state, **given)
    assert sweep(now + 14 * MINUTE) == []
    sweep(now + 15 * MINUTE)
    assert told() == [alice.email]
    assert Message.objects.count() == 1
    assert notice(Channel.SMS).state == NoticeState.SENT
    final = {"gateway_message_id": "g1", "submitted_at": now, "final_at": now, "due_at": None}
    Message.objects.update(state=MessageState.DELIVERED, **final)
    assert wording.outcome(notice(Channel.SMS)).kind == "ok"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.TEST},
        {"kind": Kind.CLEARED},
        {"fault": Fault.TOO_MANY},
        {"created_at": datetime.fromisoformat("2026-11-10T00:00Z")},
    ],
    ids=["test", "all clear", "too many", "long ago"],
)
def test_what_is_no_alarm_or_none_any_more_bothers_nobody(
    acme: Account, set_up: SetUp, change: dict[str, object], now: datetime
) -> None:
    set_up(acme, "50")
    Notice.objects.update(**{"state": NoticeState.FAILED, "fault": Fault.REFUSED, **change})
    assert sweep(now) == []


def test_a_deleted_alert_is_passed_on_no_more(acme: Account, set_up: SetUp, now: datetime) -> None:
    alert = set_up(acme, "50")
    Notice.objects.update(attempt_count=5)
    assert len(escalation.unreached(now)) == 1
    services.remove(alert=alert, actor_id=None, now=now)
    assert sweep(now) == []


def test_each_person_reads_it_in_their_language_with_the_reason(
    acme: Account, alice: User, set_up: SetUp, now: datetime
) -> None:
    User.objects.filter(pk=alice.pk).update(language="fr")
    set_up(acme, "50", email_on=False, sms_on=True, number=MOBILE)
    assert sending.deliver(notice_id=notice(Channel.SMS).pk, now=now) == Fault.NO_RATE
    sweep(now)
    letters.deliver(notice_id=Letter.objects.get().pk, now=now)
    [sent] = mail.outbox
    assert sent.to == [alice.email]
    assert "+39 347 123 4567" in sent.body
    assert "Il n’est pas possible d’envoyer des SMS à ce numéro." in sent.body
    assert reverse("alerts", args=[acme.public_id]) in sent.body


def test_the_customers_page_and_the_desk_say_what_became_of_it_and_what_to_do(
    acme: Account, alert: BalanceAlert, alice: User, olga: User, signed_in: SignedIn, now: datetime
) -> None:
    Notice.objects.filter(channel=Channel.EMAIL).update(state=NoticeState.FAILED, fault=Fault.REFUSED)
    sweep(now)
    page = signed_in(alice).get(reverse("alerts", args=[acme.public_id])).content.decode()
    assert "The owners were told by e-mail on" in page
    Notice.objects.update(created_at=timezone.now())
    page = signed_in(olga).get(reverse("desk_notices")).content.decode()
    assert "Ask the customer for an address that takes mail." in page
    assert "The owners were told by e-mail on" in page


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault != Fault.REMOVED])
def test_the_operator_has_a_next_step_for_every_fault(fault: Fault) -> None:
    assert wording.next_step(Notice(fault=fault))
