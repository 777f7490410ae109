"""Keeps a session with one SMSC: connects, binds, and when the connection is gone connects again, a little later."""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from messaging.delivery.smpp.codec import Credentials, Deliver
from messaging.delivery.smpp.session import BindRefused, Habits, Session

logger = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Where an SMSC is and who we are there.

    With `tls` its certificate must be valid for `host` and signed by a known authority, or by those in the file
    `authorities`; there is no way to switch that off. Rests between connections are chosen at random below a limit that
    doubles from `first_rest` to `longest_rest` seconds, so that many of us do not come back all at once.
    """

    host: str
    port: int
    credentials: Credentials
    tls: bool = True
    authorities: str | None = None
    first_rest: float = 0.5
    longest_rest: float = 30.0
    habits: Habits = field(default_factory=Habits)


class Link:
    """One connection kept. `session` is the one that is bound now, or None; `on_change` is told up or down and why."""

    def __init__(
        self,
        peer: Peer,
        *,
        on_deliver: Callable[[Session, Deliver], None],
        on_change: Callable[[bool, str], None] = lambda up, why: None,
    ) -> None:
        self._peer, self._on_deliver, self._on_change = peer, on_deliver, on_change
        self._tls = ssl.create_default_context(cafile=peer.authorities) if peer.tls else None
        self._stopping = asyncio.Event()
        self._connecting: asyncio.Task[Session] | None = None
        self.session: Session | None = None

    async def run(self) -> None:
        """Keep the connection until `stop` is called."""
        failures = 0
        while not self._stopping.is_set():
            self._connecting = asyncio.create_task(self._bound())
            try:
                session = await self._connecting
            except asyncio.CancelledError:
                if not self._stopping.is_set():
                    raise
                return
            except (OSError, TimeoutError, BindRefused) as error:
                failures += 1
                self._on_change(False, str(error) or "no answer in time")
            else:
                failures = 0
                if self._stopping.is_set():
                    await session.close(drain=0)
                await self._until_ended(session)
            limit = min(self._peer.first_rest * 2 ** min(failures, 16), self._peer.longest_rest)
            rest = random.uniform(0, limit)  # noqa: S311 - spreads, hides nothing
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), rest)

    async def stop(self, drain: float) -> None:
        """Connect no more; unbind after up to `drain` seconds for what is under way."""
        self._stopping.set()
        if self.session is not None:
            await self.session.close(drain)
        elif self._connecting is not None:
            self._connecting.cancel()

    async def _bound(self) -> Session:
        peer = self._peer
        connecting = asyncio.get_running_loop().create_connection(
            lambda: Session(peer.habits, self._on_deliver),
            peer.host,
            peer.port,
            ssl=self._tls,
            server_hostname=peer.host if self._tls else None,
        )
        _, session = await asyncio.wait_for(connecting, _CONNECT_SECONDS)
        try:
            await session.bind(peer.credentials)
        except BaseException:
            session.abort("the bind failed")
            raise
        return session

    async def _until_ended(self, session: Session) -> None:
        self.session = session
        self._on_change(True, "")
        logger.info("Bound to the SMSC", extra={"host": self._peer.host, "port": self._peer.port})
        why = await asyncio.shield(session.ended)
        self.session = None
        self._on_change(False, why)
        logger.warning("The SMSC is gone: %s", why, extra={"host": self._peer.host, "port": self._peer.port})
