"""Handing over: each message is in one pair of hands, and what was not heard is doubted, not repeated."""

import socket
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from messaging.delivery import handover, lanes, resolution, selectors, services
from messaging.delivery.codes import State
from messaging.delivery.gateways import simulator as supplier
from messaging.delivery.gateways.base import Accepted, Outcome, Refused, Unheard
from messaging.delivery.models import GatewayState, Message
from portal.accounts.models import Account, User

Queue = Callable[..., list[Message]]
Network = Any


def numbers(count: int) -> list[str]:
    return [f"+39{3_471_000_100 + each}" for each in range(count)]


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Message.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def rest() -> tuple[int, datetime | None]:
    gateway = GatewayState.objects.get()
    return gateway.failure_count, gateway.retry_at


def test_a_batch_is_handed_over_and_charged(acme: Account, network: Network, queue: Queue, now: datetime) -> None:
    messages = queue(acme, numbers(3))
    assert handover.submit_batch(account_id=acme.pk, now=now) == 3
    assert handover.submit_batch(account_id=acme.pk, now=now) == 0
    assert network.taken == set(numbers(3))
    first = Message.objects.get(pk=messages[0].pk)
    assert (first.state, first.gateway, first.attempt_count) == (State.ACCEPTED, "simulator", 1)
    assert (first.submitted_at, first.final_at, first.due_at) == (now, None, now + timedelta(hours=72))
    assert first.gateway_message_id == network.memory.find(str(first.public_id)).message_id
    assert first.is_charged


def test_a_number_the_network_refuses_is_returned_with_a_reason(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    refused, taken = queue(acme, ["+393471230000", "+393471230007"])
    handover.submit_batch(account_id=acme.pk, now=now)
    refused.refresh_from_db()
    taken.refresh_from_db()
    assert (refused.state, refused.error_code, refused.final_at) == (State.REFUSED, "unknown_number", now)
    assert refused.is_returned
    assert taken.state == State.ACCEPTED


def test_a_batch_is_one_accounts_and_not_longer_than_it_may_be(
    acme: Account, globex: Account, network: Network, queue: Queue, now: datetime
) -> None:
    queue(acme, numbers(handover.BATCH + 1))
    queue(globex, numbers(2))
    assert handover.submit_batch(account_id=acme.pk, now=now) == handover.BATCH
    assert Message.objects.filter(account=globex, state=State.WAITING).count() == 2
    assert lanes.accounts_waiting(now) == [acme.pk, globex.pk]


def test_a_gateway_that_is_not_there_leaves_messages_waiting_and_is_left_alone_ever_longer(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    queue(acme, numbers(2))
    network.stop()
    assert handover.submit_batch(account_id=acme.pk, now=now) == 2
    assert states() == {State.WAITING: 2}
    assert rest() == (1, now + timedelta(seconds=2))
    assert GatewayState.objects.get().last_error
    assert handover.submit_batch(account_id=acme.pk, now=now + timedelta(seconds=1)) == 0
    later = now + timedelta(seconds=2)
    handover.submit_batch(account_id=acme.pk, now=later)
    assert rest() == (2, later + timedelta(seconds=4))
    network.start()
    handover.submit_batch(account_id=acme.pk, now=now + timedelta(minutes=1))
    assert states() == {State.ACCEPTED: 2}
    assert rest() == (0, None)
    assert selectors.oldest_waiting(now) is None


def test_a_gateway_that_turns_away_has_taken_nothing(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    network.start(fail_rate=1.0)
    queue(acme, numbers(2))
    handover.submit_batch(account_id=acme.pk, now=now)
    assert states() == {State.WAITING: 2}
    assert network.taken == set()


def test_a_wrong_token_is_no_reason_to_lose_messages(
    acme: Account, network: Network, queue: Queue, now: datetime, settings: Settings
) -> None:
    settings.GATEWAY_TOKEN = "wrong"
    supplier.client.cache_clear()
    queue(acme, numbers(1))
    handover.submit_batch(account_id=acme.pk, now=now)
    assert states() == {State.WAITING: 1}
    assert GatewayState.objects.get().last_error == "HTTP 401"


def test_a_gateway_that_is_not_there_is_stood_in_for_at_once(
    acme: Account, network: Network, queue: Queue, now: datetime, settings: Settings
) -> None:
    settings.GATEWAYS = {"first": "simulator:http://127.0.0.1:9"}
    queue(acme, numbers(3))
    assert handover.submit_batch(account_id=acme.pk, now=now) == 3
    assert states() == {State.WAITING: 3}
    assert handover.submit_batch(account_id=acme.pk, now=now) == 3
    assert set(Message.objects.values_list("gateway", "state", "attempt_count")) == {("simulator", State.ACCEPTED, 2)}
    assert len(network.taken) == 3


def test_what_was_sent_and_not_answered_is_unknown_and_then_asked_for(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    network.start(drop_responses=1.0)
    queue(acme, numbers(3))
    handover.submit_batch(account_id=acme.pk, now=now)
    assert states() == {State.UNKNOWN: 3}
    assert handover.submit_batch(account_id=acme.pk, now=now + timedelta(minutes=1)) == 0
    resolution.resolve(now=now + timedelta(seconds=29))
    assert states() == {State.UNKNOWN: 3}
    resolution.resolve(now=now + timedelta(seconds=30))
    assert states() == {State.ACCEPTED: 3}
    assert len(network.taken) == 3


def test_a_paused_gateway_gets_nothing(
    acme: Account, network: Network, queue: Queue, now: datetime, olga: User
) -> None:
    queue(acme, numbers(1))
    services.set_paused(gateway="simulator", paused=True, actor_id=olga.pk, now=now)
    assert handover.submit_batch(account_id=acme.pk, now=now) == 0
    services.set_paused(gateway="simulator", paused=False, actor_id=olga.pk, now=now)
    assert handover.submit_batch(account_id=acme.pk, now=now) == 1


def test_without_a_gateway_messages_wait(acme: Account, queue: Queue, now: datetime, settings: Settings) -> None:
    settings.GATEWAY_SIMULATOR_URL = ""
    queue(acme, numbers(1))
    assert handover.submit_batch(account_id=acme.pk, now=now) == 0
    resolution.resolve(now=now)
    assert states() == {State.WAITING: 1}


def test_a_key_without_an_answer_is_unknown(acme: Account, network: Network, queue: Queue, now: datetime) -> None:
    heard, silent = queue(acme, numbers(2))
    Message.objects.update(state=State.SUBMITTING, gateway="simulator")
    results: list[Outcome] = [Accepted(heard.public_id, "x1"), Accepted(uuid.uuid4(), "x2"), Unheard(silent.public_id)]
    handover.record(gateway="simulator", results=results, now=now)
    assert states() == {State.ACCEPTED: 1, State.UNKNOWN: 1}


def test_an_answer_that_comes_late_or_twice_changes_nothing(
    acme: Account, network: Network, queue: Queue, now: datetime
) -> None:
    (message,) = queue(acme, numbers(1))
    key = message.public_id
    answers: list[Outcome] = [Accepted(key, "first"), Accepted(key, "second"), Refused(key, "other")]
    for result in answers:
        handover.record(gateway="simulator", results=[result], now=now)
    message.refresh_from_db()
    assert (message.state, message.gateway_message_id, message.error_code) == (State.ACCEPTED, "first", "")


def test_an_answer_that_cannot_be_read_is_unknown(
    acme: Account, network: Network, queue: Queue, now: datetime, settings: Settings
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.GATEWAY_SIMULATOR_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        supplier.client.cache_clear()

        def answer() -> None:
            with server.accept()[0] as caller:
                caller.recv(65536)
                caller.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")

        answering = threading.Thread(target=answer)
        answering.start()
        queue(acme, numbers(1))
        handover.submit_batch(account_id=acme.pk, now=now)
        answering.join()
    assert states() == {State.UNKNOWN: 1}


@pytest.mark.django_db(transaction=True)
def test_many_workers_hand_each_message_over_once(acme: Account, network: Network, queue: Queue, now: datetime) -> None:
    queue(acme, numbers(1200))

    def work() -> None:
        while handover.submit_batch(account_id=acme.pk, now=now):
            pass
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert states() == {State.ACCEPTED: 1200}
    assert set(Message.objects.values_list("attempt_count", flat=True)) == {1}
    assert '"again"' not in network.log


def test_nothing_of_an_account_that_was_deactivated_is_handed_over(
    acme: Account, acme_milano: Account, network: Network, queue: Queue, now: datetime
) -> None:
    for account in (acme, acme_milano):
        queue(account, numbers(1))
    Account.objects.filter(pk=acme.pk).update(deactivated_at=now)
    assert lanes.accounts_waiting(now) == []
    assert [handover.submit_batch(account_id=account.pk, now=now) for account in (acme, acme_milano)] == [0, 0]
    assert network.taken == set()
    Account.objects.filter(pk=acme.pk).update(deactivated_at=None)
    assert [handover.submit_batch(account_id=account.pk, now=now) for account in (acme, acme_milano)] == [1, 1]
