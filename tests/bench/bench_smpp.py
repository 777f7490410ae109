"""One SMPP session of ours beside smpplib's and aiosmpplib's, all with the same SMSC on loopback, in turn."""

import asyncio
import logging
import socket
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import aiosmpplib
import pytest
from smpplib.client import Client as SmpplibClient

from messaging.delivery.smpp.codec import Address, Credentials, Deliver, Submit
from messaging.delivery.smpp.link import Link, Peer
from messaging.delivery.smpp.session import Habits, Session
from tests.bench.page import record

ROOT = Path(__file__).resolve().parents[2]
TEXT = "Gentile cliente, il suo ordine e pronto: puo ritirarlo domani dalle 9 alle 18."
WINDOW = 100
ROUNDS = 5
# Enough of each for about two seconds.
OURS, SMPPLIB, AIOSMPPLIB = 100_000, 20_000, 3_000


@pytest.fixture
def port() -> Iterator[int]:
    """An SMSC in a process of its own that counts messages and keeps none."""
    command = [sys.executable, "-m", "tests.faults.smsc", "--forgetful"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as smsc:
        assert smsc.stdout is not None
        yield int(smsc.stdout.readline().split()[0])
        smsc.kill()


def ours(port: int) -> float:
    """Messages a second by our session; each is encoded, sent and its id awaited."""

    async def send() -> float:
        def ignore(session: Session, deliver: Deliver) -> None:
            pass

        credentials = Credentials("transceiver", "bench", "secret")
        peer = Peer("127.0.0.1", port, credentials, tls=False, habits=Habits(window=WINDOW))
        bound = asyncio.Event()
        link = Link(peer, on_deliver=ignore, on_change=lambda up, why: bound.set())
        running = asyncio.create_task(link.run())
        await bound.wait()
        assert link.session is not None
        source, octets = Address(5, 0, "Saldo"), TEXT.encode()
        begun = perf_counter()
        futures = link.session.submit(
            (Submit(source, Address(1, 1, str(393_470_000_000 + each)), octets, 0),) for each in range(OURS)
        )
        for future in futures:
            await future
        seconds = perf_counter() - begun
        assert len({future.result()[0] for future in futures}) == OURS
        await link.stop(drain=1)
        await running
        return OURS / seconds

    return asyncio.run(send())


def smpplib(port: int) -> float:
    """Messages a second by smpplib with a window around it and TCP_NODELAY, which it has not of itself."""
    client = SmpplibClient("127.0.0.1", port, allow_unknown_opt_params=True)
    answered = 0

    def count(pdu: object) -> None:
        nonlocal answered
        answered += 1

    client.set_message_sent_handler(count)
    client.connect()
    client._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.bind_transceiver(system_id="bench", password="secret")
    begun = perf_counter()
    for sent in range(SMPPLIB):
        client.send_message(
            source_addr_ton=5,
            source_addr="Saldo",
            dest_addr_ton=1,
            dest_addr_npi=1,
            destination_addr=str(393_470_000_000 + sent),
            short_message=TEXT.encode(),
            registered_delivery=1,
        )
        while sent + 1 - answered >= WINDOW:
            client.read_once()
    while answered < SMPPLIB:
        client.read_once()
    seconds = perf_counter() - begun
    client.unbind()
    client.disconnect()
    return SMPPLIB / seconds


class _Counting(aiosmpplib.AbstractHook):  # type: ignore[misc]
    def __init__(self) -> None:
        self.count, self.done = 0, asyncio.Event()

    async def sending(self, smpp_message: object, pdu: bytes, client_id: str) -> None:
        pass

    async def received(self, smpp_message: object, pdu: bytes | None, client_id: str) -> None:
        if isinstance(smpp_message, aiosmpplib.SubmitSmResp):
            self.count += 1
            if self.count == AIOSMPPLIB:
                self.done.set()

    async def send_error(self, smpp_message: object, error: Exception, client_id: str) -> None:
        raise error


def aio(port: int) -> float:
    """Messages a second by aiosmpplib, as its documentation uses it."""

    async def send() -> float:
        hook = _Counting()
        esme = aiosmpplib.ESME("127.0.0.1", port, "bench", "secret", hook=hook, log_level=logging.ERROR)
        running = asyncio.create_task(esme.start())
        begun = perf_counter()
        for each in range(AIOSMPPLIB):
            message = aiosmpplib.SubmitSm(
                short_message=TEXT,
                source=aiosmpplib.PhoneNumber("Saldo", ton=aiosmpplib.TON.ALPHANUMERIC, npi=aiosmpplib.NPI.UNKNOWN),
                destination=aiosmpplib.PhoneNumber(str(393_470_000_000 + each)),
                log_id=str(each),
            )
            await esme.broker.enqueue(message)
        await hook.done.wait()
        seconds = perf_counter() - begun
        await esme.stop()
        await running
        return AIOSMPPLIB / seconds

    return asyncio.run(send())


@pytest.mark.django_db
@pytest.mark.filterwarnings("ignore")
def test_our_session_is_quicker_than_others(port: int) -> None:
    sessions: dict[str, Callable[[int], float]] = {
        "Saldo": ours,
        "smpplib, with a window and TCP_NODELAY": smpplib,
        "aiosmpplib": aio,
    }
    rates: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(ROUNDS):
        for name, session in sessions.items():
            rates[name].append(session(port))
    medians = {name: statistics.median(found) for name, found in rates.items()}
    mine, windowed, aiosmpplib_s = medians.values()
    record(
        "SMPP",
        f"Messages per second that one session hands to one SMSC on loopback, a process of its own, and gets the ids of; "
        f"{WINDOW} under way at most; median of {ROUNDS} interleaved rounds.",
        ["session", "messages/s", "Saldo is"],
        [[name, f"{round(rate, -2):,.0f}", f"{mine / rate:.1f} ×"] for name, rate in medians.items()],
    )
    assert mine >= 2 * windowed
    assert mine >= 20 * aiosmpplib_s
