"""The queue: what goes in, what the table refuses, what is taken out again."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from billing.credits import services as credits
from billing.ledger.codes import TransferCode
from messaging.campaigns.models import Campaign
from messaging.delivery import lanes, selectors, services
from messaging.delivery.codes import CHARGED, FINAL, OPEN, RETURNED, Purpose, State
from messaging.delivery.models import DeliveryReceipt, GatewayState, Message
from messaging.encoding.segments import Encoding
from portal.accounts.models import Account, User
from portal.audit.models import AuditEvent
from tests.conftest import Grant

Queue = Callable[..., list[Message]]


@pytest.fixture
def campaign(acme: Account, grant: Grant, now: datetime) -> Campaign:
    cause = credits.Cause(TransferCode.CAMPAIGN, f"test:{uuid.uuid4()}", "campaign:test")
    hold = credits.reserve(wallet=grant(acme, "100"), amount=21_000, cause=cause, now=now)
    return Campaign.objects.create(
        account=acme,
        name="Autumn",
        sender="Acme",
        text="Ciao",
        segment_count=1,
        recipient_count=3,
        reference="test",
        held_units=21_000,
        hold=hold,
        created_at=now,
    )


def three() -> list[str]:
    return ["+393471000101", "+393471000102", "+393471000103"]


def test_every_state_is_open_charged_or_returned_and_only_one_of_them() -> None:
    assert set(State) == OPEN | CHARGED | RETURNED
    assert len(State) == len(OPEN) + len(CHARGED) + len(RETURNED)
    assert {State.ACCEPTED} == set(State) - OPEN - FINAL


def test_messages_are_queued_with_what_was_quoted(acme: Account, queue: Queue, now: datetime) -> None:
    messages = queue(acme, three())
    assert [each.recipient for each in messages] == three()
    first = messages[0]
    assert (first.state, first.account, first.campaign, first.sender) == (State.WAITING, acme, None, "Acme")
    assert (first.text, first.encoding, first.segment_count, first.price_units) == ("Ciao", "gsm7", 1, 7000)
    assert (first.created_at, first.due_at, first.attempt_count, first.country_prefix) == (now, now, 0, "39")


def test_a_text_with_tabs_backslashes_and_new_lines_arrives_as_it_was_written(acme: Account, now: datetime) -> None:
    text = "a\tb\\N\n\\.\n€ 😀 'x' \"y\""
    draft = services.Draft("+393471000101", "39", text, Encoding.UCS2, 1, 7000)
    enqueue = partial(services.enqueue, account=acme, campaign=None, purpose=Purpose.CAMPAIGN)
    assert enqueue(sender="A\tB", drafts=[draft], now=now) == 1
    message = Message.objects.get(public_id=draft.public_id)
    assert (message.text, message.sender) == (text, "A\tB")


def test_an_empty_queue_rings_no_bell(
    acme: Account, now: datetime, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        services.enqueue(account=acme, campaign=None, purpose=Purpose.ALERT, sender="Acme", drafts=[], now=now)
    assert callbacks == []


def test_queued_messages_ring_the_bell_of_their_account(
    acme: Account, queue: Queue, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        queue(acme, three())
    assert len(callbacks) == 1


def test_a_campaign_tells_what_is_open_charged_and_returned(campaign: Campaign, queue: Queue, now: datetime) -> None:
    messages = queue(campaign.account, three(), campaign=campaign)
    Message.objects.filter(pk=messages[0].pk).update(
        state=State.DELIVERED, gateway_message_id="1", submitted_at=now, final_at=now, due_at=None
    )
    Message.objects.filter(pk=messages[1].pk).update(state=State.REFUSED, final_at=now, due_at=None)
    progress = selectors.progress(campaign)
    assert (progress.recipient_count, progress.delivered, progress.refused, progress.waiting) == (3, 1, 1, 1)
    assert (progress.charged_units, progress.returned_units, progress.open_units) == (7000, 7000, 7000)
    assert (progress.open_count, progress.handed_over_count, progress.final_count) == (1, 1, 2)


def test_a_campaign_without_messages_has_made_no_progress(campaign: Campaign) -> None:
    assert selectors.progress(campaign).recipient_count == 0


def test_only_what_waits_can_be_cancelled(campaign: Campaign, queue: Queue, now: datetime) -> None:
    messages = queue(campaign.account, three(), campaign=campaign)
    others = queue(campaign.account, three())
    Message.objects.filter(pk=messages[0].pk).update(state=State.SUBMITTING)
    Message.objects.filter(pk=messages[1].pk).update(state=State.UNKNOWN)
    assert services.cancel_waiting(campaign=campaign, now=now) == 1
    assert services.cancel_waiting(campaign=campaign, now=now) == 0
    messages[2].refresh_from_db()
    assert (messages[2].state, messages[2].final_at, messages[2].due_at) == (State.CANCELLED, now, None)
    assert messages[2].is_returned
    assert Message.objects.filter(pk__in=[each.pk for each in others], state=State.WAITING).count() == 3


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("a_message_has_a_known_state", {"state": "lost"}),
        ("a_message_has_a_known_purpose", {"purpose": "fun"}),
        ("a_recipient_is_an_e164_number", {"recipient": "3471000101"}),
        ("a_recipient_is_an_e164_number", {"recipient": "+39 347 1"}),
        ("a_message_has_1_to_255_segments", {"segment_count": 0}),
        ("a_message_has_1_to_255_segments", {"segment_count": 256}),
        ("a_message_never_pays_its_sender", {"price_units": -1}),
        ("a_message_is_either_final_or_due", {"due_at": None}),
        ("a_message_is_either_final_or_due", {"state": State.CANCELLED}),
        ("what_is_charged_was_taken_by_a_gateway", {"state": State.ACCEPTED}),
    ],
)
def test_the_table_refuses_a_message_that_cannot_be(
    acme: Account, queue: Queue, name: str, changes: dict[str, object]
) -> None:
    message = queue(acme, three())[0]
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(**changes)


def test_the_table_refuses_a_receipt_that_tells_of_no_way_or_comes_twice(db: None, now: datetime) -> None:
    def receipt(state: State) -> DeliveryReceipt:
        return DeliveryReceipt.objects.create(
            gateway="simulator", gateway_message_id="1", state=state, reported_at=now, received_at=now
        )

    with pytest.raises(IntegrityError, match="a_receipt_tells_of_the_way"), transaction.atomic():
        receipt(State.WAITING)
    receipt(State.DELIVERED)
    with pytest.raises(IntegrityError, match="a_receipt_is_kept_once"), transaction.atomic():
        receipt(State.DELIVERED)


def test_the_oldest_waiting_message_is_known(acme: Account, globex: Account, queue: Queue, now: datetime) -> None:
    assert selectors.oldest_waiting(now) is None
    queue(acme, three())
    queue(globex, three(), now=now - timedelta(minutes=5))
    assert selectors.oldest_waiting(now) == now - timedelta(minutes=5)
    assert lanes.accounts_waiting(now) == [globex.pk, acme.pk]
    assert selectors.traffic() == selectors.Traffic(waiting=6, unknown=0, on_their_way=0)


def test_a_gateway_is_paused_and_resumed_once_each_and_the_log_says_so(db: None, olga: User, now: datetime) -> None:
    for paused in (True, True, False, False):
        services.set_paused(gateway="simulator", paused=paused, actor_id=olga.pk, now=now)
        assert GatewayState.objects.get().is_paused is paused
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "gateway.paused",
        "gateway.resumed",
    ]
