"""Long messages that a gateway takes part by part: delivered when every part is, failed when one has."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from messaging.delivery import handover, history, receipts
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Accepted, Report
from messaging.delivery.models import DeliveryReceipt, GatewayMinute, Message, MessagePart
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]


@pytest.fixture
def message(acme: Account, queue: Queue, now: datetime) -> Message:
    """A message in three parts that is on its way."""
    (message,) = queue(acme, ["+393471230007"])
    accept(message, now)
    return message


def accept(message: Message, now: datetime) -> None:
    taken = Accepted(message.public_id, "p1", ("p2", "p3"))
    handover.record(gateway="simulator", results=[taken], now=now)
    message.refresh_from_db()


def report(message: Message, part: str, state: State, at: datetime, reason: str = "") -> str:
    receipts.receive(gateway="simulator", reports=[Report(part, state, reason, at)], now=at)
    message.refresh_from_db()
    return message.state


def test_each_part_is_kept_with_its_id(message: Message) -> None:
    assert (message.state, message.gateway_message_id) == (State.ACCEPTED, "p1")
    assert list(message.parts.order_by("number").values_list("number", "gateway_message_id")) == [
        (1, "p1"),
        (2, "p2"),
        (3, "p3"),
    ]


def test_a_message_taken_whole_keeps_no_parts(acme: Account, queue: Queue, now: datetime) -> None:
    (message,) = queue(acme, ["+393471230007"])
    handover.record(gateway="simulator", results=[Accepted(message.public_id, "x")], now=now)
    assert MessagePart.objects.count() == 0


def test_it_is_delivered_when_the_last_part_is(message: Message, now: datetime) -> None:
    second = timedelta(seconds=1)
    assert report(message, "p2", State.DELIVERED, now + second) == State.ACCEPTED
    assert report(message, "p2", State.DELIVERED, now + second) == State.ACCEPTED
    assert report(message, "p1", State.DELIVERED, now + 3 * second) == State.ACCEPTED
    assert report(message, "p1", State.UNDELIVERED, now + 4 * second) == State.ACCEPTED
    assert report(message, "p3", State.DELIVERED, now + 2 * second) == State.DELIVERED
    assert message.final_at == now + 3 * second
    assert DeliveryReceipt.objects.filter(message=message).count() == 4
    assert GatewayMinute.objects.get(delivered_count=1).undelivered_count == 0


def test_it_has_failed_when_one_part_has(message: Message, now: datetime) -> None:
    assert report(message, "p3", State.DELIVERED, now) == State.ACCEPTED
    assert report(message, "p2", State.EXPIRED, now, "absent") == State.EXPIRED
    assert message.error_code == "absent"
    assert report(message, "p1", State.DELIVERED, now) == State.EXPIRED


def test_the_way_of_a_message_names_the_part_that_a_receipt_is_of(message: Message, now: datetime) -> None:
    report(message, "p3", State.DELIVERED, now)
    report(message, "p2", State.EXPIRED, now, "absent")
    assert [str(step.detail) for step in history.events(message)[2:]] == [
        "Part 3 of 3.",
        "Part 2 of 3. The telephone was off or out of reach for too long.",
    ]


def test_receipts_of_parts_that_come_first_wait_for_the_answer(acme: Account, queue: Queue, now: datetime) -> None:
    (message,) = queue(acme, ["+393471230007"])
    for part in ("p1", "p2", "p3"):
        assert report(message, part, State.DELIVERED, now) == State.WAITING
    accept(message, now)
    assert message.state == State.DELIVERED


def test_the_key_in_a_receipt_says_that_the_message_was_taken(acme: Account, queue: Queue, now: datetime) -> None:
    unknown, taken = queue(acme, ["+393471230007", "+393471230008"])
    Message.objects.filter(pk=unknown.pk).update(state=State.UNKNOWN, gateway="simulator")
    handover.record(gateway="simulator", results=[Accepted(taken.public_id, "known")], now=now)
    reports = [
        Report("heard", State.DELIVERED, "", now, key=unknown.public_id),
        Report("another", State.DELIVERED, "", now, key=taken.public_id),
    ]
    receipts.receive(gateway="simulator", reports=reports, now=now)
    unknown.refresh_from_db()
    taken.refresh_from_db()
    assert (unknown.state, unknown.gateway_message_id) == (State.DELIVERED, "heard")
    assert (taken.state, taken.gateway_message_id) == (State.ACCEPTED, "known")


def test_an_id_that_a_gateway_uses_twice_means_the_newer_message(acme: Account, queue: Queue, now: datetime) -> None:
    older, newer = queue(acme, ["+393471230007", "+393471230008"])
    for each in (older, newer):
        handover.record(gateway="simulator", results=[Accepted(each.public_id, "same")], now=now)
    assert report(newer, "same", State.DELIVERED, now) == State.DELIVERED
    older.refresh_from_db()
    assert older.state == State.ACCEPTED


def test_the_table_refuses_two_parts_in_one_place(message: Message) -> None:
    with pytest.raises(IntegrityError, match="a_part_has_its_own_place_in_the_message"), transaction.atomic():
        MessagePart.objects.create(message=message, number=1, gateway="simulator", gateway_message_id="p9")


@pytest.mark.django_db(transaction=True)
def test_a_receipt_and_an_answer_written_at_the_same_moment_find_each_other_without_the_sweep(
    acme: Account, queue: Queue, now: datetime
) -> None:
    messages = queue(acme, [f"+39347100{each:04}" for each in range(40)])
    together = threading.Barrier(2)

    def answer() -> None:
        for each in messages:
            together.wait()
            handover.record(gateway="simulator", results=[Accepted(each.public_id, f"id-{each.pk}")], now=now)
        connection.close()

    answering = threading.Thread(target=answer)
    answering.start()
    for each in messages:
        together.wait()
        report = Report(f"id-{each.pk}", State.DELIVERED, "", now)
        receipts.receive(gateway="simulator", reports=[report], now=now)
    answering.join()
    assert set(Message.objects.values_list("state", flat=True)) == {State.DELIVERED}
