"""One bound connection: a window of messages under way, refilled with every response; many PDUs in one write.

Every message that is submitted gives a future of one outcome a part: an `Answer` (what the SMSC said), NOT_SENT (it
never left, so it may go another time) or LOST (it left, and nothing was heard: nobody knows). It never raises.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from messaging.delivery.smpp import codec, words
from messaging.delivery.smpp.codec import Credentials, Deliver, Malformed, Submit
from messaging.delivery.smpp.pace import TICK_SECONDS, Pace
from messaging.delivery.smpp.window import Answer, Message, Outcomes, Window

logger = logging.getLogger(__name__)

_LAST_WORD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How a session behaves; times are in seconds.

    `window`: messages without an answer at a time. `queue_patience`: how long one may wait to be sent, in our queue
    or because the SMSC is busy, before it comes back NOT_SENT. `response_patience`: after this an unanswered message no
    longer holds its place in the window; its future waits on for a late answer. `enquire_after`: silence before the
    other side is asked whether it is there; it has `enquire_patience` to say anything.
    """

    window: int = 100
    queue_patience: float = 20.0
    response_patience: float = 20.0
    bind_patience: float = 10.0
    enquire_after: float = 30.0
    enquire_patience: float = 10.0


class BindRefused(Exception):
    """The SMSC did not let us in; `status` is its command_status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the bind was refused with status 0x{status:08X}")
        self.status = status


class Session(asyncio.Protocol):
    """A connection from its bind to its end. Made by `link.Link`; to be used from its event loop only."""

    def __init__(self, habits: Habits, on_deliver: Callable[["Session", Deliver], None]) -> None:
        self._habits, self._on_deliver = habits, on_deliver
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._sequence = 0
        self._window = Window(habits.window)
        self.pace = Pace(self._loop.time())
        self._asked: dict[int, asyncio.Future[int]] = {}
        self._bound = self._closing = False
        self._heard_at = self._loop.time()
        self._enquired_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[str] = self._loop.create_future()
        """Done when the connection is gone, with a sentence for the log."""

    # What the owner does.

    async def bind(self, credentials: Credentials) -> None:
        """Say who we are. Raises `BindRefused`, `TimeoutError`, `ConnectionError`; nothing is sent before it is done."""
        sequence = self._next()
        answer = self._expect(sequence)
        self._write(codec.bind(credentials, sequence))
        status = await asyncio.wait_for(answer, self._habits.bind_patience)
        if status != words.Status.OK:
            raise BindRefused(status)
        self._bound = True
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)
        self._pump()

    def submit(self, messages: Iterable[Sequence[Submit]]) -> list["asyncio.Future[Outcomes]"]:
        """Queue messages, each with its parts; one future each, in order. After the end they come back NOT_SENT.

        Raises ValueError, before any is queued, for one that no submit_sm can carry.
        """
        give_up_at = self._loop.time() + self._habits.queue_patience
        bodies = [[codec.submit_sm(part) for part in parts] for parts in messages]
        taken = [Message(parts, self._loop.create_future(), give_up_at) for parts in bodies]
        for message in taken:
            self._window.put(message)
        if self._closing:
            self._window.withdraw()
        else:
            self._pump()
        return [message.future for message in taken]

    @property
    def queued(self) -> int:
        """How many parts wait to be sent."""
        return self._window.queued

    @property
    def in_flight(self) -> int:
        """How many parts were sent and not answered."""
        return self._window.in_flight

    @property
    def is_open(self) -> bool:
        return not self._closing

    def withdraw(self) -> None:
        """Take back every message of which nothing has been sent: it comes back NOT_SENT."""
        self._window.withdraw()

    def respond(self, deliver: Deliver, status: int) -> None:
        """Answer a deliver_sm, once what it said is safe (or is not: a status of 0x64 has it sent again)."""
        body = b"\0"
        self._write(codec.pdu(words.DELIVER_SM | words.RESPONSE, deliver.sequence, status=status, body=body))

    async def close(self, drain: float) -> None:
        """Unbind: take back what was not sent, wait up to `drain` seconds for what was, say goodbye."""
        self._closing = True
        self.withdraw()
        if waiting := self._window.futures():
            await asyncio.wait(waiting, timeout=drain)
        if not self.ended.done():
            sequence = self._next()
            goodbye = self._expect(sequence)
            self._write(codec.pdu(words.UNBIND, sequence))
            with contextlib.suppress(ConnectionError, TimeoutError):
                await asyncio.wait_for(goodbye, _LAST_WORD_SECONDS)
        self._end("unbound")

    def abort(self, why: str) -> None:
        """Leave without a word."""
        self._end(why)

    # What the event loop does.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection. asyncio sets TCP_NODELAY on every one it opens."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """Everything under way is lost, and what was not sent can go another time."""
        self._end(str(exc) if exc else "the SMSC closed the connection")

    def data_received(self, data: bytes) -> None:
        """Take every whole PDU, then fill the window again, once for all of them."""
        buffer = self._rest + data if self._rest else data
        self._heard_at = self._loop.time()
        at, end = 0, len(buffer)
        try:
            while end - at >= words.HEADER_OCTETS:
                until = at + codec.length_of(buffer, at)
                if until > end:
                    break
                self._take(buffer, at, until)
                at = until
        except Malformed as error:
            self._write(codec.pdu(words.GENERIC_NACK, 0, status=words.Status.INVALID_COMMAND_LENGTH))
            self._end(f"what came was no SMPP: {error}")
            return
        self._rest = buffer[at:]
        self._pump()

    def _take(self, buffer: bytes, at: int, until: int) -> None:
        _, command, status, sequence = codec.HEADER.unpack_from(buffer, at)
        if command == words.SUBMIT_SM_RESP:
            self._answered(sequence, status, codec.message_id(buffer, at + words.HEADER_OCTETS, until))
        elif command == words.DELIVER_SM:
            self._delivered(buffer[at:until], sequence)
        elif command == words.GENERIC_NACK and self._window.knows(sequence):
            self._answered(sequence, status or words.Status.SYSTEM_ERROR, "")
        elif command & words.RESPONSE:
            if (asked := self._asked.pop(sequence, None)) and not asked.done():
                asked.set_result(status)
        elif command == words.ENQUIRE_LINK:
            self._write(codec.pdu(command | words.RESPONSE, sequence))
        elif command == words.UNBIND:
            self._write(codec.pdu(command | words.RESPONSE, sequence))
            self._end("the SMSC unbound")
        elif command != words.ALERT_NOTIFICATION:
            self._write(codec.pdu(words.GENERIC_NACK, sequence, status=words.Status.INVALID_COMMAND))

    def _answered(self, sequence: int, status: int, message_id: str) -> None:
        if status in words.BUSY:
            self._window.turned_away(sequence)
            self.pace.busy(self._heard_at)
            if self._closing:
                self._window.withdraw()
            return
        if status == words.Status.OK:
            self.pace.welcome()
        self._window.answered(sequence, Answer(status, message_id))

    def _delivered(self, pdu: bytes, sequence: int) -> None:
        try:
            deliver = codec.deliver_sm(pdu)
        except Malformed as error:
            logger.warning("A deliver_sm could not be read: %s", error)
            refusal = words.Status.PERMANENT_APPLICATION_ERROR
            self._write(codec.pdu(words.DELIVER_SM | words.RESPONSE, sequence, status=refusal, body=b"\0"))
            return
        self._on_deliver(self, deliver)

    def _pump(self) -> None:
        """Send what the window and the pace let through, in one write."""
        room = self._window.room
        if room <= 0 or not self._bound:
            return
        now = self._loop.time()
        octets: list[bytes] = []
        overdue_at, pack = now + self._habits.response_patience, codec.HEADER.pack
        for _ in range(self.pace.allow(room, now)):
            sequence = self._next()
            body = self._window.send(sequence, overdue_at)
            octets += (pack(words.HEADER_OCTETS + len(body), words.SUBMIT_SM, 0, sequence), body)
        self._write(b"".join(octets))

    def _tick(self) -> None:
        """What is due by the clock and not by a PDU."""
        now = self._loop.time()
        self._window.age(now)
        if self._window.is_lost:
            self._end("the SMSC does not answer messages")
            return
        self._enquire(now)
        self._pump()
        self._timer = self._loop.call_later(TICK_SECONDS, self._tick)

    def _enquire(self, now: float) -> None:
        if self._enquired_at > self._heard_at:
            if now - self._enquired_at > self._habits.enquire_patience:
                self._end("the SMSC is silent")
        elif now - self._heard_at > self._habits.enquire_after:
            self._enquired_at = now
            self._write(codec.pdu(words.ENQUIRE_LINK, self._next()))

    # Small parts.

    def _next(self) -> int:
        self._sequence = self._sequence + 1 if self._sequence < words.LAST_SEQUENCE else 1
        return self._sequence

    def _expect(self, sequence: int) -> "asyncio.Future[int]":
        self._asked[sequence] = self._loop.create_future()
        return self._asked[sequence]

    def _write(self, octets: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def _end(self, why: str) -> None:
        """Close; every future ends now. Saying it twice changes nothing."""
        self._closing = True
        if self._timer:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
            # What cannot be written to a dead connection must not keep it.
            self._loop.call_later(_LAST_WORD_SECONDS, self._transport.abort)
        self._window.lose()
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(ConnectionError(why))
                asked.exception()
        if not self.ended.done():
            self.ended.set_result(why)
