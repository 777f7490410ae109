"""What is unknown ends: by asking, by its receipt, or after 72 hours, and never to the customer's cost."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from messaging.delivery import handover, receipts, resolution
from messaging.delivery.codes import State
from messaging.delivery.gateways.base import Report
from messaging.delivery.models import Message
from portal.accounts.models import Account

Queue = Callable[..., list[Message]]
Network = Any

MINUTE, PATIENCE = timedelta(minutes=1), timedelta(hours=72)


@pytest.fixture
def message(acme: Account, queue: Queue) -> Message:
    return queue(acme, ["+393471230007"])[0]


def abandon(message: Message, now: datetime) -> None:
    """Leave a message as a worker leaves it that was killed while the gateway had it in hand."""
    Message.objects.filter(pk=message.pk).update(
        state=State.SUBMITTING, attempt_count=1, gateway="simulator", due_at=now + handover.LEASE
    )


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_a_lease_that_has_not_run_out_is_respected(message: Message, network: Network, now: datetime) -> None:
    abandon(message, now)
    resolution.resolve(now=now + timedelta(seconds=59))
    assert state(message) == State.SUBMITTING


def test_what_a_dead_worker_had_handed_over_is_found_at_the_gateway(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    handover.submit_batch(account_id=acme.pk, now=now)
    Message.objects.update(gateway_message_id="", submitted_at=None, state=State.SUBMITTING, due_at=now)
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.ACCEPTED
    assert message.gateway_message_id
    assert '"again"' not in network.log


def test_what_a_dead_worker_had_not_handed_over_waits_again_and_rings(
    acme: Account,
    message: Message,
    network: Network,
    now: datetime,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    abandon(message, now)
    with django_capture_on_commit_callbacks() as callbacks:
        resolution.resolve(now=now + MINUTE)
    assert len(callbacks) == 1
    assert state(message) == State.WAITING
    assert network.taken == set()
    handover.submit_batch(account_id=acme.pk, now=now + MINUTE)
    assert state(message) == State.ACCEPTED
    assert message.attempt_count == 2


def test_a_refusal_that_was_not_heard_is_heard_when_asked(
    acme: Account, queue: Queue, network: Network, now: datetime
) -> None:
    (message,) = queue(acme, ["+393471230000"])
    network.start(drop_responses=1.0)
    handover.submit_batch(account_id=acme.pk, now=now)
    assert state(message) == State.UNKNOWN
    resolution.resolve(now=now + MINUTE)
    assert (state(message), message.error_code) == (State.REFUSED, "unknown_number")


def test_a_gateway_that_does_not_answer_is_asked_again_later(message: Message, network: Network, now: datetime) -> None:
    abandon(message, now)
    network.stop()
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.UNKNOWN
    assert message.due_at == now + 2 * MINUTE
    network.start()
    resolution.resolve(now=now + 2 * MINUTE)
    assert state(message) == State.WAITING


def test_what_stays_unknown_for_72_hours_is_returned(message: Message, network: Network, now: datetime) -> None:
    abandon(message, now)
    network.stop()
    resolution.resolve(now=now + PATIENCE - timedelta(seconds=1))
    assert state(message) == State.UNKNOWN
    resolution.resolve(now=now + PATIENCE)
    assert (state(message), message.error_code) == (State.REFUSED, "unresolved")
    assert message.is_returned


def test_what_could_not_be_handed_over_for_72_hours_is_not_sent_late(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    resolution.resolve(now=now + PATIENCE - timedelta(seconds=1))
    assert state(message) == State.WAITING
    resolution.resolve(now=now + PATIENCE)
    assert (state(message), message.error_code) == (State.REFUSED, "too_late")
    assert handover.submit_batch(account_id=acme.pk, now=now + PATIENCE) == 0


def test_what_got_no_receipt_for_72_hours_stays_charged_and_says_so(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    handover.submit_batch(account_id=acme.pk, now=now)
    resolution.resolve(now=now + PATIENCE - timedelta(seconds=1))
    assert state(message) == State.ACCEPTED
    resolution.resolve(now=now + PATIENCE)
    assert state(message) == State.UNCONFIRMED
    assert message.is_charged
    late = Report(message.gateway_message_id, State.DELIVERED, "", now + PATIENCE)
    receipts.receive(gateway="simulator", reports=[late], now=now + PATIENCE)
    assert state(message) == State.UNCONFIRMED
    assert message.receipts.count() == 1


def test_a_receipt_whose_message_was_not_yet_written_is_matched_before_anything_ends(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    early = Report("x1", State.DELIVERED, "", now)
    receipts.receive(gateway="simulator", reports=[early], now=now)
    written = {"gateway": "simulator", "gateway_message_id": "x1", "submitted_at": now, "due_at": now}
    Message.objects.update(state=State.ACCEPTED, **written)
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.DELIVERED


def test_however_many_answers_are_lost_each_message_is_sent_and_charged_once(
    acme: Account, queue: Queue, network: Network, now: datetime
) -> None:
    network.start(drop_responses=0.6, fail_rate=0.3)
    queue(acme, [f"+39{3_471_000_100 + each}" for each in range(1000)])
    for sweep in range(60):
        # By each sweep the rests of the gateway and the leases have run out.
        at = now + sweep * 10 * MINUTE
        resolution.resolve(now=at)
        handover.submit_batch(account_id=acme.pk, now=at)
    assert set(Message.objects.values_list("state", flat=True)) == {State.ACCEPTED}
    assert len(network.taken) == 1000
    assert '"again"' not in network.log


def reported(recipient: str, now: datetime, *ids: str) -> None:
    reports = [Report(each, State.DELIVERED, "", now, recipient=recipient) for each in ids]
    receipts.receive(gateway="bind", reports=reports, now=now)


def unheard(message: Message, segment_count: int = 1) -> None:
    lost = {"state": State.UNKNOWN, "gateway": "bind", "segment_count": segment_count}
    Message.objects.filter(pk=message.pk).update(**lost)


def test_a_message_that_was_not_heard_of_is_found_by_the_number_in_its_receipts(
    message: Message, now: datetime
) -> None:
    unheard(message, segment_count=2)
    reported(message.recipient, now, "part-1")
    reported("+393470000000", now, "of-another-number")
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.UNKNOWN
    reported(message.recipient, now, "part-2")
    resolution.resolve(now=now + timedelta(seconds=14))
    assert state(message) == State.UNKNOWN
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.DELIVERED
    assert [each.gateway_message_id for each in message.parts.order_by("number")] == ["part-1", "part-2"]


def test_a_number_that_two_messages_are_for_finds_neither(
    acme: Account, message: Message, queue: Queue, now: datetime
) -> None:
    (other,) = queue(acme, [message.recipient])
    unheard(message)
    unheard(other)
    reported(message.recipient, now, "whose")
    resolution.resolve(now=now + MINUTE)
    assert (state(message), state(other)) == (State.UNKNOWN, State.UNKNOWN)


def test_what_is_unknown_at_a_gateway_that_cannot_be_asked_is_not_sent_again(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    unheard(message)
    for hours in (1, 71):
        resolution.resolve(now=now + timedelta(hours=hours))
        assert state(message) == State.UNKNOWN
    resolution.resolve(now=now + PATIENCE)
    assert (state(message), message.error_code) == (State.REFUSED, "unresolved")
    assert network.taken == set()


def test_what_had_waited_for_days_is_awaited_as_long_as_anything_else(
    message: Message, network: Network, now: datetime
) -> None:
    unheard(message)
    Message.objects.update(leaves_at=now - PATIENCE)
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.UNKNOWN
    resolution.resolve(now=now + PATIENCE)
    assert state(message) == State.REFUSED


def test_the_gateway_is_asked_before_anything_is_given_up(
    acme: Account, message: Message, network: Network, now: datetime
) -> None:
    handover.submit_batch(account_id=acme.pk, now=now)
    Message.objects.update(
        gateway_message_id="", submitted_at=None, state=State.UNKNOWN, due_at=now, leaves_at=now - PATIENCE
    )
    resolution.resolve(now=now + MINUTE)
    assert state(message) == State.ACCEPTED
