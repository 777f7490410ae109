"""Receipts: kept once, in any order, and never taken back; their door opens to the supplier alone."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from messaging.delivery import handover, receipts
from messaging.delivery.codes import State
from messaging.delivery.gateways import simulator as supplier
from messaging.delivery.gateways.base import Report
from messaging.delivery.models import DeliveryReceipt, Message, Reply
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
Network = Any
DOOR = "/gateways/simulator/receipts/"


@pytest.fixture
def message(acme: Account, queue: Queue, network: Network, now: datetime) -> Message:
    """A message that is on its way."""
    (message,) = queue(acme, ["+393471230007"])
    handover.submit_batch(account_id=acme.pk, now=now)
    message.refresh_from_db()
    return message


def report(message: Message, state: State, at: datetime, reason: str = "") -> None:
    receipts.receive(gateway="simulator", reports=[Report(message.gateway_message_id, state, reason, at)], now=at)
    message.refresh_from_db()


def test_a_receipt_moves_its_message(message: Message, now: datetime) -> None:
    later = now + timedelta(seconds=5)
    report(message, State.UNDELIVERED, later, "absent")
    assert (message.state, message.error_code, message.final_at) == (State.UNDELIVERED, "absent", later)
    assert message.due_at is None
    assert message.is_charged


def test_a_final_state_never_goes_back(message: Message, now: datetime) -> None:
    for state in (State.DELIVERED, State.UNDELIVERED, State.EXPIRED, State.ACCEPTED):
        report(message, state, now, "absent")
        assert (message.state, message.error_code) == (State.DELIVERED, "absent")
    assert message.receipts.count() == 4


def test_a_report_from_the_way_moves_nothing(message: Message, now: datetime) -> None:
    report(message, State.ACCEPTED, now)
    assert message.state == State.ACCEPTED
    assert message.receipts.get().state == State.ACCEPTED


def test_a_receipt_that_comes_a_hundred_times_is_kept_once(message: Message, now: datetime) -> None:
    once = Report(message.gateway_message_id, State.DELIVERED, "", now)
    receipts.receive(gateway="simulator", reports=[once] * 50, now=now)
    for _ in range(50):
        report(message, State.DELIVERED, now)
    assert DeliveryReceipt.objects.count() == 1
    assert message.state == State.DELIVERED


def test_a_receipt_of_an_unknown_message_is_kept_and_of_another_gateway_ignored(
    message: Message, now: datetime
) -> None:
    report(Message(public_id=message.public_id, pk=message.pk, gateway_message_id="strange"), State.DELIVERED, now)
    other = Report(message.gateway_message_id, State.DELIVERED, "", now)
    receipts.receive(gateway="another", reports=[other], now=now)
    message.refresh_from_db()
    assert message.state == State.ACCEPTED
    assert DeliveryReceipt.objects.filter(message=None).count() == 2


def test_a_receipt_that_comes_before_the_answer_waits_for_it(
    acme: Account, queue: Queue, network: Network, now: datetime
) -> None:
    (message,) = queue(acme, ["+393471230007"])
    network.start(seed=7)
    early = Report(network.id_of(message, seed=7), State.DELIVERED, "", now)
    receipts.receive(gateway="simulator", reports=[early], now=now)
    handover.submit_batch(account_id=acme.pk, now=now)
    message.refresh_from_db()
    assert message.state == State.DELIVERED


def body(*each: object) -> bytes:
    return json.dumps({"receipts": each}).encode()


def knock(
    content: bytes,
    *,
    secret: str = "",
    at: float | None = None,
    headers: dict[str, str] | None = None,
    door: str = DOOR,
) -> int:
    timestamp = str(int(time.time() if at is None else at))
    signature = supplier.sign(content, timestamp, secret or "demo-webhook-secret")
    sent = {"X-Timestamp": timestamp, "X-Signature": signature, **(headers or {})}
    client = Client(enforce_csrf_checks=True)
    return client.post(door, content, content_type="application/json", headers=sent).status_code


def said(message: Message, state: str = "DELIVRD", code: str = "000") -> dict[str, str]:
    return {"id": message.gateway_message_id, "state": state, "code": code, "at": datetime.now(UTC).isoformat()}


def test_a_signed_receipt_is_taken_any_number_of_times(message: Message) -> None:
    content = body(said(message))
    assert knock(content) == 204
    assert knock(content) == 204
    message.refresh_from_db()
    assert message.state == State.DELIVERED
    assert DeliveryReceipt.objects.count() == 1


def test_the_suppliers_codes_become_our_reasons(message: Message) -> None:
    assert knock(body(said(message, "UNDELIV", "001"))) == 204
    message.refresh_from_db()
    assert (message.state, message.error_code) == (State.UNDELIVERED, "unknown_number")


def test_a_state_or_code_that_is_not_in_the_table_is_survived(message: Message) -> None:
    assert knock(body(said(message, "MOONWALK", "777"))) == 204
    message.refresh_from_db()
    assert message.state == State.ACCEPTED
    assert knock(body(said(message, "UNDELIV", "777"))) == 204
    message.refresh_from_db()
    assert (message.state, message.error_code) == (State.UNDELIVERED, "other")


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Signature": ""},
        {"X-Signature": "é"},
        {"X-Signature": "0" * 64},
        {"X-Timestamp": "1"},
        {"X-Timestamp": ""},
        {"X-Timestamp": "9" * 40},
    ],
)
def test_a_forged_signature_is_refused(message: Message, headers: dict[str, str]) -> None:
    assert knock(body(said(message)), headers=headers) == 403
    message.refresh_from_db()
    assert message.state == State.ACCEPTED


def test_a_signature_with_another_secret_or_of_another_hour_is_refused(message: Message) -> None:
    assert knock(body(said(message)), secret="another") == 403
    assert knock(body(said(message)), at=time.time() - 301) == 403
    assert knock(body(said(message)), at=time.time() + 302) == 403
    assert knock(body(said(message)), at=10.0**17) == 403


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"nonsense",
        b"\xff\xfe",
        b'{"receipts": 1}',
        b'{"receipts": "abc"}',
        b'{"receipts": {"a": 1}}',
        body(1),
        body({"id": "x"}),
        body({"id": "", "state": "DELIVRD", "code": "000", "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": "x" * 65, "state": "DELIVRD", "code": "000", "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": "\x00", "state": "DELIVRD", "code": "000", "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": 7, "state": "DELIVRD", "code": "000", "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": "x", "state": [], "code": "000", "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": "x", "state": "UNDELIV", "code": {}, "at": "2026-11-20T09:30:00+00:00"}),
        body({"id": "x", "state": "DELIVRD", "code": "000", "at": "2026-11-20T09:30:00"}),
        body({"id": "x", "state": "DELIVRD", "code": "000", "at": "0001-01-01T00:00:00+00:00"}),
        body({"id": "x", "state": "DELIVRD", "code": "000", "at": "soon"}),
        body(*[{"id": "x"}] * 1001),
    ],
)
def test_a_body_that_is_not_what_the_protocol_says_is_refused(db: None, content: bytes) -> None:
    assert knock(content) == 400
    assert DeliveryReceipt.objects.count() == 0


def test_replies_come_through_the_same_lock(db: None) -> None:
    content = json.dumps({"replies": [{"id": "r1", "from": "+393471000101", "to": "Acme", "text": "STOP"}]}).encode()
    door = "/gateways/simulator/replies/"
    assert knock(content, door=door) == 204
    assert knock(content, door=door) == 204
    assert knock(content, door=door, secret="another") == 403
    assert knock(content, door=door, at=time.time() - 301) == 403
    assert knock(content.replace(b"+393471000101", b""), door=door) == 400
    assert knock(b'{"replies": [{"id": "r1", "from": 7}]}', door=door) == 400
    assert knock(b'{"receipts": []}', door=door) == 400
    assert [each.text for each in Reply.objects.all()] == ["STOP"]


def test_the_door_takes_nothing_but_posts(db: None, client: Client) -> None:
    assert client.get(DOOR).status_code == 405


@pytest.mark.django_db(transaction=True)
def test_the_network_brings_its_receipts_to_the_door(
    acme: Account, queue: Queue, network: Network, live_server: Any, now: datetime
) -> None:
    network.report_to(live_server.url + DOOR)
    digits = ("0001", "0002", "0003", "0004", "0006", "0007", "0008")
    messages = queue(acme, [f"+39347123{each}" for each in digits])
    handover.submit_batch(account_id=acme.pk, now=now)
    network.wait_for_receipts(9)
    # At this pace some come before the answer to the hand-over is written; those the sweep matches.
    receipts.match_receipts(message_ids=None, now=now)
    found = {each.recipient[-4:]: each for each in Message.objects.filter(pk__in=[each.pk for each in messages])}
    assert {key: each.state for key, each in found.items()} == {
        "0001": State.UNDELIVERED,
        "0002": State.EXPIRED,
        "0003": State.DELIVERED,
        "0004": State.ACCEPTED,
        "0006": State.DELIVERED,
        "0007": State.DELIVERED,
        "0008": State.DELIVERED,
    }
    assert found["0002"].error_code == "absent"
    assert found["0003"].receipts.count() == 1
    assert found["0008"].receipts.count() == 2
