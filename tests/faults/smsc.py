"""An SMSC on loopback that keeps its own book, and misbehaves when it is told to.

In a test: `async with Smsc() as smsc`. As a process of its own: `python -m tests.faults.smsc --book FILE`; it prints the
port it listens on and the one it is told things at, one JSON object of `Manners` a line (see `tell`). It knows SMPP from
the specification alone and shares no code with what it is the far end of.
"""

import argparse
import asyncio
import dataclasses
import json
import random
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

HEADER = struct.Struct(">IIII")
RESP = 0x80000000
BINDS = {0x01, 0x02, 0x09}
SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x04, 0x05, 0x06, 0x15
THROTTLED = 0x58
RECEIPTS_AGAIN_SECONDS = 0.5


@dataclass(slots=True)
class Manners:
    """How it behaves. Times in seconds; `receipts` is how long after a message its receipt comes (None: never)."""

    latency: float = 0.0
    receipts: float | None = None
    doubled: bool = False
    shuffled: bool = False
    most_per_second: int | None = None
    silent: bool = False
    deaf: bool = False
    refuse_binds: int = 0
    refuse: dict[str, int] = dataclasses.field(default_factory=dict)
    hex_ids: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A submit_sm as the book has it."""

    id: str
    source: str
    destination: str
    esm_class: int
    data_coding: int
    registered_delivery: int
    octets: bytes


class Smsc:
    """Listens on 127.0.0.1; `taken` and `receipts_answered` are its book."""

    def __init__(
        self,
        *,
        port: int = 0,
        book: Path | None = None,
        manners: Manners | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.port, self.manners, self._tls = port, manners or Manners(), tls
        self.taken: list[Taken] = []
        self.count = 0
        self.answered: list[tuple[str, int]] = []
        self.binds: list[tuple[int, str, str]] = []
        self.connections: list[_Connection] = []
        self.received_commands: list[int] = []
        self._book = book.open("a", buffering=1) if book else None
        self._waiting: list[Taken] = []
        self._second, self._this_second = 0, 0
        self._random = random.Random(7)
        self.keep = True
        # Ids go on where the last life ended: an SMSC that comes back gives none twice.
        self._next_id = int(time.time() * 1000) << 20

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._tls, backlog=100
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._postman = loop.create_task(self._bring_receipts())
        return self

    async def __aexit__(self, *failure: object) -> None:
        self._postman.cancel()
        self._server.close()
        self.hang_up()
        if self._book:
            self._book.close()

    def hang_up(self) -> None:
        """Drop every connection in the middle of whatever it does."""
        for connection in list(self.connections):
            connection.transport.abort()

    def is_busy(self) -> bool:
        """Whether this one is beyond what may come in a second."""
        if self.manners.most_per_second is None:
            return False
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._this_second = second, 0
        self._this_second += 1
        return self._this_second > self.manners.most_per_second

    def take(self, body: bytes) -> tuple[int, str]:
        """Write a submit_sm into the book; its status and id."""
        self.count += 1
        self._next_id += 1
        id = f"{self._next_id:x}" if self.manners.hex_ids else str(self._next_id)
        if not self.keep:
            return 0, id
        taken = _read(id, body)
        if status := self.manners.refuse.get(taken.destination, 0):
            return status, ""
        self.taken.append(taken)
        self.write({"taken": id, "to": taken.destination, "esm": taken.esm_class, "octets": taken.octets.hex()})
        if taken.registered_delivery and self.manners.receipts is not None:
            asyncio.get_running_loop().call_later(self.manners.receipts, self._report, taken)
        return 0, id

    def write(self, line: dict[str, Any]) -> None:
        if self._book:
            self._book.write(json.dumps(line) + "\n")

    def deliver(self, octets: bytes, **given: Any) -> None:
        """Send one deliver_sm to the first that is bound to receive."""
        next(each for each in self.connections if each.receives).deliver(octets, **given)

    def _report(self, taken: Taken) -> None:
        self._waiting.append(taken)

    async def _bring_receipts(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            bound = [each for each in self.connections if each.receives]
            if not bound or not self._waiting:
                continue
            waiting, self._waiting = self._waiting, []
            if self.manners.doubled:
                waiting = [each for each in waiting for _ in range(2)]
            if self.manners.shuffled:
                self._random.shuffle(waiting)
            for taken in waiting:
                self._random.choice(bound).bring(taken)

    def again(self, taken: Taken) -> None:
        """A receipt that was not accepted comes once more."""
        asyncio.get_running_loop().call_later(RECEIPTS_AGAIN_SECONDS, self._report, taken)


class _Connection(asyncio.Protocol):
    def __init__(self, smsc: Smsc) -> None:
        self._smsc, self._rest, self._sequence = smsc, b"", 0
        self._brought: dict[int, Taken] = {}
        self.receives = False
        self.responses: dict[int, int] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._smsc.connections.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._smsc.connections.remove(self)
        for taken in self._brought.values():
            self._smsc.again(taken)

    def data_received(self, data: bytes) -> None:
        smsc = self._smsc
        if smsc.manners.deaf:
            return
        buffer, at, answers = self._rest + data, 0, []
        while len(buffer) - at >= 16:
            length, command, status, sequence = HEADER.unpack_from(buffer, at)
            if at + length > len(buffer):
                break
            if command == SUBMIT:
                if (answer := self._submit(buffer[at + 16 : at + length], sequence)) is not None:
                    answers.append(answer)
            else:
                answers.append(self._other(command, status, sequence, buffer[at + 16 : at + length]))
            at += length
        self._rest = buffer[at:]
        self._say(b"".join(answers))

    def _say(self, octets: bytes) -> None:
        if self._smsc.manners.latency:
            asyncio.get_running_loop().call_later(self._smsc.manners.latency, self._write, octets)
        else:
            self._write(octets)

    def _write(self, octets: bytes) -> None:
        if octets and not self.transport.is_closing():
            self.transport.write(octets)

    def _submit(self, body: bytes, sequence: int) -> bytes | None:
        smsc = self._smsc
        if smsc.is_busy():
            return HEADER.pack(16, SUBMIT | RESP, THROTTLED, sequence)
        status, id = smsc.take(body)
        if smsc.manners.silent:
            return None
        if status:
            return HEADER.pack(16, SUBMIT | RESP, status, sequence)
        answer = id.encode() + b"\0"
        return HEADER.pack(16 + len(answer), SUBMIT | RESP, 0, sequence) + answer

    def _other(self, command: int, status: int, sequence: int, body: bytes) -> bytes:
        smsc = self._smsc
        smsc.received_commands.append(command)
        if command in BINDS:
            system_id, password = (each.decode() for each in body.split(b"\0")[:2])
            smsc.binds.append((command, system_id, password))
            self.receives = command != 0x02 and not smsc.manners.refuse_binds
            answer = b"SMSC\0"
            return HEADER.pack(16 + len(answer), command | RESP, smsc.manners.refuse_binds, sequence) + answer
        if command == DELIVER | RESP:
            self.responses[sequence] = status
            if taken := self._brought.pop(sequence, None):
                smsc.answered.append((taken.id, status))
                smsc.write({"receipt": taken.id, "status": status})
                if status:
                    smsc.again(taken)
            return b""
        if command in {UNBIND, ENQUIRE}:
            return HEADER.pack(16, command | RESP, 0, sequence)
        return b""

    def bring(self, taken: Taken) -> None:
        """A receipt in the words of Appendix B, the id once more as a parameter."""
        id = str(int(taken.id, 16)) if self._smsc.manners.hex_ids else taken.id
        when = time.strftime("%y%m%d%H%M", time.gmtime())
        text = f"id:{id} sub:001 dlvrd:001 submit date:{when} done date:{when} stat:DELIVRD err:000 text:"
        tags = struct.pack(">HH", 0x1E, len(taken.id) + 1) + taken.id.encode() + b"\0" + b"\x04\x27\0\x01\x02"
        sequence = self.deliver(
            text.encode(),
            source=taken.destination,
            destination=taken.source,
            esm_class=4,
            tags=b"" if self._smsc.manners.hex_ids else tags,
        )
        self._brought[sequence] = taken

    def deliver(
        self,
        octets: bytes,
        *,
        source: str = "393471000100",
        destination: str = "3900",
        esm_class: int = 0,
        data_coding: int = 0,
        tags: bytes = b"",
    ) -> int:
        """Send a deliver_sm; returns its sequence."""
        self._sequence += 1
        body = b"\0\1\1" + source.encode() + b"\0\1\1" + destination.encode() + b"\0"
        body += bytes((esm_class, 0, 0)) + b"\0\0" + bytes((0, 0, data_coding, 0, len(octets))) + octets + tags
        self._write(HEADER.pack(16 + len(body), DELIVER, 0, self._sequence) + body)
        return self._sequence


def _read(id: str, body: bytes) -> Taken:
    _, body = body.split(b"\0", 1)
    source, body = body[2:].split(b"\0", 1)
    destination, body = body[2:].split(b"\0", 1)
    esm_class = body[0]
    _, _, rest = body[3:].split(b"\0", 2)
    registered, data_coding, length = rest[0], rest[2], rest[4]
    octets = rest[5 : 5 + length]
    assert len(octets) == length, "the text is shorter than it says"
    return Taken(id, source.decode(), destination.decode(), esm_class, data_coding, registered, octets)


def tell(port: int, **manners: Any) -> dict[str, Any]:
    """Tell an SMSC that is a process of its own how to behave; what its book holds comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line, line.makefile("rw") as words:
        words.write(json.dumps(manners) + "\n")
        words.flush()
        answer: dict[str, Any] = json.loads(words.readline())
        return answer


def _listener(smsc: Smsc) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            told = json.loads(line)
            if told.pop("hang_up", False):
                smsc.hang_up()
            for name, value in told.items():
                setattr(smsc.manners, name, value)
            answer = {"taken": smsc.count, "bound": len(smsc.connections), "receipts": len(smsc.answered)}
            writer.write(json.dumps(answer).encode() + b"\n")
        writer.close()

    return listen


async def _main() -> None:
    words = argparse.ArgumentParser()
    words.add_argument("--port", type=int, default=0)
    words.add_argument("--told-at", type=int, default=0)
    words.add_argument("--book", type=Path)
    words.add_argument("--forgetful", action="store_true", help="counts messages and keeps none: for measuring")
    words.add_argument("--manners", type=json.loads, default={})
    given = words.parse_args()
    async with Smsc(port=given.port, book=given.book, manners=Manners(**given.manners)) as smsc:
        smsc.keep = not given.forgetful
        control = await asyncio.start_server(_listener(smsc), "127.0.0.1", given.told_at)
        sys.stdout.write(f"{smsc.port} {control.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main())
