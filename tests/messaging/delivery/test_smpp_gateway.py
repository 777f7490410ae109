"""The process of an SMPP gateway, in a thread, between PostgreSQL and an SMSC on loopback."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from messaging.delivery import services
from messaging.delivery.codes import State
from messaging.delivery.gateways import smpp
from messaging.delivery.models import GatewayState, Message, MessagePart, Reply
from messaging.delivery.smpp_gateway import SmppGateway
from portal.accounts.models import Account, User
from tests.faults.smsc import Manners, Smsc

Queue = Callable[..., list[Message]]
NAME = "italia"


class Line:
    """An SMSC and the gateway that is bound to it, in an event loop of their own."""

    def __init__(self, settings: Settings, manners: Manners, options: str, name: str) -> None:
        self._settings, self._manners, self._words, self._name = settings, manners, options, name
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        assert self._ready.wait(20)

    async def _run(self) -> None:
        async with Smsc(manners=self._manners) as self.smsc:
            url = f"smpp://saldo:secret@127.0.0.1:{self.smsc.port}?{self._words}"
            self._settings.GATEWAYS = {self._name: url}
            self._loop = asyncio.get_running_loop()
            self.gateway = SmppGateway(self._name, smpp.options(url))
            self._ready.set()
            await self.gateway.run()

    def call(self, act: Callable[[], object]) -> None:
        """Do something in the loop of the two."""
        self._loop.call_soon_threadsafe(act)

    def stop(self) -> None:
        """As SIGTERM does."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.gateway.stop)
            self._thread.join(30)
            assert not self._thread.is_alive()


Dial = Callable[..., Line]


@pytest.fixture
def now() -> datetime:
    """The gateway lives by the real clock."""
    return timezone.now() - timedelta(minutes=1)


@pytest.fixture
def dial(transactional_db: None, settings: Settings) -> Iterator[Dial]:
    lines: list[Line] = []
    settings.GATEWAY_SIMULATOR_URL = ""

    def connect(options: str = "window=10", name: str = NAME, **manners: object) -> Line:
        lines.append(Line(settings, Manners(**manners), options, name))  # type: ignore[arg-type]
        return lines[-1]

    yield connect
    for line in lines:
        line.stop()


def numbers(count: int) -> list[str]:
    return [f"+39{3_471_000_100 + each}" for each in range(count)]


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


def in_state(state: State) -> int:
    return Message.objects.filter(state=state).count()


def test_what_waits_is_sent_and_what_is_reported_is_known(acme: Account, queue: Queue, dial: Dial) -> None:
    queue(acme, numbers(50))
    line = dial(receipts=0.05)
    until(lambda: in_state(State.DELIVERED) == 50)
    assert sorted(f"+{each.destination}" for each in line.smsc.taken) == numbers(50)
    assert {each.source for each in line.smsc.taken} == {"Acme"}
    message = Message.objects.get(recipient=numbers(1)[0])
    taken = next(each for each in line.smsc.taken if f"+{each.destination}" == message.recipient)
    assert (message.gateway, message.gateway_message_id, message.attempt_count) == (NAME, taken.id, 1)


def test_receipts_doubled_and_shuffled_with_ids_in_decimal_change_nothing(
    acme: Account, queue: Queue, dial: Dial
) -> None:
    queue(acme, numbers(30))
    line = dial("window=10&ids=hex-decimal", receipts=0.0, doubled=True, shuffled=True, hex_ids=True)
    until(lambda: in_state(State.DELIVERED) == 30)
    until(lambda: len(line.smsc.answered) == 60)
    assert {status for _, status in line.smsc.answered} == {0}


def test_a_long_message_is_delivered_when_all_its_parts_are(acme: Account, queue: Queue, dial: Dial) -> None:
    (message,) = queue(acme, numbers(1))
    Message.objects.update(text="]" * 160, segment_count=3)
    line = dial(receipts=0.05)
    until(lambda: in_state(State.DELIVERED) == 1)
    assert len(line.smsc.taken) == 3
    assert {each.esm_class for each in line.smsc.taken} == {0x40}
    assert list(MessagePart.objects.order_by("number").values_list("gateway_message_id", flat=True)) == [
        each.id for each in line.smsc.taken
    ]
    message.refresh_from_db()
    assert message.gateway_message_id == line.smsc.taken[0].id


def test_a_refused_number_is_returned_with_its_reason(acme: Account, queue: Queue, dial: Dial) -> None:
    queue(acme, numbers(2))
    dial(refuse={numbers(1)[0][1:]: 0x0B})
    until(lambda: in_state(State.REFUSED) == 1 and in_state(State.ACCEPTED) == 1)
    assert Message.objects.get(state=State.REFUSED).error_code == "invalid_number"


def test_what_was_in_flight_when_the_smsc_died_is_unknown_and_never_sent_again(
    acme: Account, queue: Queue, dial: Dial
) -> None:
    queue(acme, numbers(40))
    line = dial(silent=True)
    until(lambda: line.smsc.count == 10)
    line.smsc.manners.silent = False
    line.call(line.smsc.hang_up)
    until(lambda: in_state(State.ACCEPTED) == 30)
    assert in_state(State.UNKNOWN) == 10
    assert line.smsc.count == 40
    assert len({each.destination for each in line.smsc.taken}) == 40


def test_what_a_busy_smsc_turns_away_waits_and_is_sent_once(acme: Account, queue: Queue, dial: Dial) -> None:
    queue(acme, numbers(60))
    line = dial(most_per_second=40)
    until(lambda: in_state(State.ACCEPTED) == 60)
    assert len(line.smsc.taken) == len({each.destination for each in line.smsc.taken}) == 60


def test_a_pause_stops_it_soon_and_nothing_is_lost(
    acme: Account, olga: User, queue: Queue, dial: Dial, now: datetime
) -> None:
    queue(acme, numbers(120))
    line = dial("window=5", latency=0.1)
    until(lambda: line.smsc.count > 5)
    services.set_paused(gateway=NAME, paused=True, actor_id=olga.pk, now=now)

    def is_still() -> bool:
        sent = line.smsc.count
        threading.Event().wait(0.5)
        return line.smsc.count == sent and in_state(State.WAITING) == 120 - sent

    until(is_still)
    assert line.smsc.count < 120
    services.set_paused(gateway=NAME, paused=False, actor_id=olga.pk, now=now)
    until(lambda: in_state(State.ACCEPTED) == 120)
    assert line.smsc.count == 120


def test_sigterm_lets_what_is_under_way_come_home(acme: Account, queue: Queue, dial: Dial) -> None:
    queue(acme, numbers(100))
    line = dial("window=10", latency=0.3)
    until(lambda: line.smsc.count > 10)
    line.stop()
    assert line.smsc.received_commands[-1] == 0x06
    assert in_state(State.ACCEPTED) == line.smsc.count
    assert in_state(State.WAITING) == 100 - line.smsc.count
    assert GatewayState.objects.get(name=NAME).alive_until is None


def test_a_text_from_a_telephone_is_kept_before_it_is_answered(dial: Dial) -> None:
    line = dial("window=10&mode=separate")
    until(lambda: len(line.smsc.binds) == 2)
    assert sorted(each[0] for each in line.smsc.binds) == [1, 2]
    until(lambda: any(each.receives for each in line.smsc.connections))
    for number in (2, 1):
        header = bytes((5, 0, 3, 9, 2, number))
        line.call(lambda octets=header + b"x" * number: line.smsc.deliver(octets, esm_class=0x40))  # type: ignore[misc]
    until(lambda: Reply.objects.filter(text="xxx").exists())
    (receiving,) = [each for each in line.smsc.connections if each.receives]
    until(lambda: receiving.responses == {1: 0, 2: 0})


def test_what_postgresql_does_not_take_the_smsc_is_asked_to_bring_again(dial: Dial) -> None:
    line = dial(name="a name that is longer than the column for it")
    until(lambda: any(each.receives for each in line.smsc.connections))
    line.call(lambda: line.smsc.deliver(b"id:7 stat:DELIVRD", esm_class=4))
    line.call(lambda: line.smsc.deliver(b"hello"))
    until(lambda: line.smsc.connections[0].responses == {1: 0x64, 2: 0x64})


def test_a_letter_that_can_never_be_kept_is_refused_for_good(dial: Dial) -> None:
    line = dial()
    until(lambda: any(each.receives for each in line.smsc.connections))
    line.call(lambda: line.smsc.deliver(b"hello", source=""))
    line.call(lambda: line.smsc.deliver(b"stat:DELIVRD", esm_class=4))
    until(lambda: line.smsc.connections[0].responses == {1: 0x65, 2: 0})


def test_the_back_office_sees_that_it_is_there(dial: Dial) -> None:
    dial()
    until(lambda: GatewayState.objects.filter(name=NAME, alive_until__gt=timezone.now()).exists())


def test_the_back_office_sees_why_it_is_not(dial: Dial) -> None:
    dial(refuse_binds=0x0D)
    until(lambda: GatewayState.objects.filter(name=NAME, last_error__contains="0x0000000D").exists())


@pytest.mark.parametrize(
    ("gateways", "said"),
    [({}, "declares no SMPP gateway 'italia'"), ({NAME: "smpp://a:geheim@h?window=x"}, "not understood")],
)
def test_the_command_says_what_is_wrong_with_its_gateway(
    settings: Settings, gateways: dict[str, str], said: str
) -> None:
    settings.GATEWAYS = gateways
    with pytest.raises(CommandError, match=said) as refusal:
        call_command("smpp_gateway", NAME)
    assert "geheim" not in str(refusal.value)


def test_connections_that_postgresql_ends_are_opened_again_and_nothing_is_sent_twice(
    acme: Account, queue: Queue, dial: Dial
) -> None:
    queue(acme, numbers(100))
    line = dial("window=10", receipts=0.0, latency=0.05)
    for count in (10, 40, 70):
        until(lambda: line.smsc.count >= count)  # noqa: B023 - asked before it changes
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    until(lambda: in_state(State.WAITING) == 0)
    until(lambda: in_state(State.DELIVERED) == len(line.smsc.taken))
    assert len(line.smsc.taken) == len({each.destination for each in line.smsc.taken})
    assert in_state(State.DELIVERED) + in_state(State.SUBMITTING) == 100
    assert in_state(State.SUBMITTING) <= 30
    assert len(line.smsc.binds) == 1
