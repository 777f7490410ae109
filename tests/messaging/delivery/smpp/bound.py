"""A link of ours that is bound to an SMSC of the tests."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Self

from messaging.delivery.smpp.codec import Address, Credentials, Deliver, Submit
from messaging.delivery.smpp.link import Link, Peer
from messaging.delivery.smpp.session import Habits, Session
from messaging.delivery.smpp.window import Outcomes
from tests.faults.smsc import Smsc
from tests.messaging.delivery.smpp.far_end import ForeignSmsc

BRISK = Habits(window=10, enquire_after=0.3, enquire_patience=0.5, bind_patience=1)


def to(number: int = 393471000100, octets: bytes = b"Ciao") -> tuple[Submit, ...]:
    return (Submit(Address(5, 0, "Saldo"), Address(1, 1, str(number)), octets, 0),)


class Bound:
    """A link that runs, and what it was told."""

    def __init__(
        self, smsc: Smsc | ForeignSmsc, habits: Habits = BRISK, password: str = "secret", **given: Any
    ) -> None:
        self.delivered: list[Deliver] = []
        self.changes: list[tuple[bool, str]] = []
        fixed = Peer("127.0.0.1", smsc.port, Credentials("transceiver", "saldo", password), tls=False, habits=habits)
        peer = replace(fixed, first_rest=0.02, longest_rest=0.1, **given)
        self.link = Link(peer, on_deliver=self._take, on_change=lambda up, why: self.changes.append((up, why)))

    def _take(self, session: Session, deliver: Deliver) -> None:
        self.delivered.append(deliver)
        session.respond(deliver, 0)

    @property
    def session(self) -> Session:
        assert self.link.session is not None
        return self.link.session

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.link.run())
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.link.stop(drain=1)
        await self._running

    async def ended(self) -> None:
        await self._running

    async def up(self) -> Session:
        await until(lambda: self.link.session is not None)
        return self.session


async def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


async def outcomes(futures: list["asyncio.Future[Outcomes]"]) -> list[Outcomes]:
    return await asyncio.wait_for(asyncio.gather(*futures), 20)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 40))
