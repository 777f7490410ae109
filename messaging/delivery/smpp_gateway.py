"""The process of one SMPP gateway: claims what waits, sends it through a window, writes down in sets what comes back.

It asks for work five times a second while there is none: one cheap question by index, where a notification would be a
connection more that must be kept, and lost with the next restart of PostgreSQL. While PostgreSQL is away the session is kept, nothing is
claimed, and what was answered is written down when it is back; what telephones and the network say is answered with
"come again". SIGTERM: claims no more, lets what is under way come home, unbinds.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from random import randrange
from typing import ParamSpec, TypeVar

from django.db import Error as DatabaseError
from django.db import close_old_connections, connections
from django.utils import timezone

from messaging.delivery import handover, health
from messaging.delivery.gateways import smpp
from messaging.delivery.gateways.base import NotSent, Outcome, Refused, Submission
from messaging.delivery.post import Post
from messaging.delivery.selectors import is_paused
from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.link import Link
from messaging.delivery.smpp.session import Session
from messaging.delivery.smpp.window import Outcomes

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

_IDLE_SECONDS, _FULL_SECONDS = 0.2, 0.01
_GATHER_SECONDS = 0.02
_PAUSE_LOOK_SECONDS = 0.5
_HEARTBEAT_SECONDS = 5.0
_DATABASE_AWAY_SECONDS = 1.0
DRAIN_SECONDS = 10.0
# After the drain: how long a last write is tried before what is not written is left to its lease, and unknown.
_LAST_WRITES_SECONDS = 15.0


class SmppGateway:
    """One gateway, from `run` until `stop`."""

    def __init__(self, name: str, options: smpp.Options) -> None:
        self.name, self._options = name, options
        self._stopping = asyncio.Event()
        self._results: list[Outcome] = []
        self._has_results = asyncio.Event()
        # Claimed, and not yet written down what became of it. While PostgreSQL is away this stays, and stops the claims.
        self._in_hand = 0
        self._claims_no_more = False
        self._references = count(randrange(256))  # noqa: S311 - where the count begins is no secret
        # A thread and a connection for each, so that none waits for the transaction of another.
        self._desk, self._journal, self._inbox = (ThreadPoolExecutor(1, name) for name in ("desk", "journal", "inbox"))
        self.post = Post(name, options)
        self._sender, *others = [
            Link(peer, on_deliver=self._delivered, on_change=partial(self._changed, is_sender=not place))
            for place, peer in enumerate(options.peers)
        ]
        self._links = [self._sender, *others]
        self._error, self._has_changed = "", asyncio.Event()

    def stop(self) -> None:
        """Begin to end."""
        self._stopping.set()

    async def run(self) -> None:
        """Until `stop`; then what is under way comes home first."""
        links = [asyncio.create_task(link.run()) for link in self._links]
        work = [self._claim(), self._record(), self._take_in(), self._say_how_it_is(), self._heed_pauses()]
        tasks = [asyncio.create_task(each) for each in work]
        ended = asyncio.create_task(self._stopping.wait())
        await asyncio.wait([ended, *links, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self._stopping.set()
        await asyncio.gather(*(link.stop(DRAIN_SECONDS) for link in self._links))
        done, late = await asyncio.wait([*links, *tasks], timeout=_LAST_WRITES_SECONDS)
        for task in late:
            logger.error("Not everything could be written down; it stays unknown.", extra={"gateway": self.name})
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        for pool in (self._desk, self._journal, self._inbox):
            pool.submit(connections.close_all)
            pool.shutdown()
        await asyncio.gather(*done)  # whatever ended one of them by mistake ends the process

    # What leaves.

    async def _claim(self) -> None:
        try:
            await self._claim_until_stopped()
        finally:
            self._claims_no_more = True

    async def _claim_until_stopped(self) -> None:
        while not self._stopping.is_set():
            session = self._sender.session
            room = self._room(session)
            if session is None or room <= 0:
                await self._pause(_FULL_SECONDS)
                continue
            claimed = await self._ask(self._desk, handover.claim, gateway=self.name, limit=room, now=timezone.now())
            if claimed is None:
                await self._pause(_DATABASE_AWAY_SECONDS)
            elif claimed:
                self._hand_over(session, claimed)
            else:
                await self._pause(_IDLE_SECONDS)

    def _room(self, session: Session | None) -> int:
        """What is claimed when we are killed is unknown for ever: no more than the window takes.

        Few are not worth a question while others are under way.
        """
        if session is None:
            return 0
        window = self._options.peers[0].habits.window
        room = min(window - session.queued - session.in_flight, window - self._in_hand)
        return room if room >= window // 4 else 0

    def _hand_over(self, session: Session, claimed: Sequence[Submission]) -> None:
        self._in_hand += len(claimed)
        for submission in claimed:
            try:
                (future,) = session.submit([smpp.submits(submission, next(self._references))])
            except ValueError:
                # Numbers are digits and parts fit: only the sender can be what no submit_sm carries.
                logger.exception("A message fits no submit_sm", extra={"gateway": self.name})
                self._results.append(Refused(submission.key, "blocked_sender"))
                self._has_results.set()
                continue
            future.add_done_callback(partial(self._ended, submission))

    def _ended(self, submission: Submission, future: "asyncio.Future[Outcomes]") -> None:
        self._results.append(smpp.outcome(submission, future.result(), self._options))
        self._has_results.set()

    async def _record(self) -> None:
        while not (self._stopping.is_set() and self._is_home()):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._has_results.wait(), _IDLE_SECONDS)
            self._has_results.clear()
            results, self._results = self._results, []
            if not results:
                continue
            if await self._ask(self._journal, _record, gateway=self.name, results=results):
                self._in_hand -= len(results)
            else:
                self._results = results + self._results
                await asyncio.sleep(_DATABASE_AWAY_SECONDS)
                self._has_results.set()

    def _is_home(self) -> bool:
        return self._claims_no_more and self._in_hand == 0 and self._sender.session is None

    async def _heed_pauses(self) -> None:
        """What is in our queue when staff pause the gateway goes back; what is under way comes home."""
        while not self._stopping.is_set():
            session = self._sender.session
            if session and session.queued and await self._ask(self._inbox, is_paused, self.name):
                session.withdraw()
            await self._pause(_PAUSE_LOOK_SECONDS)

    # What comes.

    def _delivered(self, session: Session, deliver: Deliver) -> None:
        self.post.put(session, deliver)

    async def _take_in(self) -> None:
        while not self._stopping.is_set() or any(link.session for link in self._links):
            await asyncio.sleep(_GATHER_SECONDS)
            if batch := self.post.collect():
                taken = await self._ask(self._inbox, self.post.keep, batch)
                self.post.answer(batch, taken or {})

    # How it is.

    def _changed(self, up: bool, why: str, *, is_sender: bool) -> None:
        if is_sender:
            self._error = why
            self._has_changed.set()
        if not up:
            logger.warning("No session: %s", why, extra={"gateway": self.name})

    async def _say_how_it_is(self) -> None:
        while not self._stopping.is_set():
            self._has_changed.clear()
            if self._sender.session:
                await self._ask(self._inbox, health.connected, gateway=self.name, now=timezone.now())
            elif self._error:
                error, self._error = self._error, ""
                await self._ask(self._inbox, health.disconnected, gateway=self.name, error=error, now=timezone.now())
            waits = [asyncio.create_task(each.wait()) for each in (self._has_changed, self._stopping)]
            await asyncio.wait(waits, timeout=_HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits:
                wait.cancel()
        await self._ask(self._inbox, health.disconnected, gateway=self.name, error="", now=timezone.now())

    # Small parts.

    async def _ask(
        self, pool: ThreadPoolExecutor, service: Callable[P, R], *args: P.args, **kwargs: P.kwargs
    ) -> R | None:
        """Call a service in its thread; None when PostgreSQL did not take it: then nothing has happened."""
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, partial(_call, service, *args, **kwargs))
        except DatabaseError as error:
            logger.warning("PostgreSQL did not take it: %s", error, extra={"gateway": self.name})
            return None

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return


def _call(service: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    return service(*args, **kwargs)


def _record(*, gateway: str, results: Sequence[Outcome]) -> bool:
    now = timezone.now()
    handover.record(gateway=gateway, results=results, now=now)
    if results and all(isinstance(each, NotSent) for each in results):
        logger.info("%d messages wait on", len(results), extra={"gateway": gateway})
    return True
