"""PDUs from and to octets, as SMPP 3.4 sections 4 and 5 lay them out. Pure; the session asks it for every message."""

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

from messaging.delivery.smpp.words import (
    BIND_RECEIVER,
    BIND_TRANSCEIVER,
    BIND_TRANSMITTER,
    HEADER_OCTETS,
    MOST_OCTETS,
    VERSION,
    Tag,
)

HEADER: Final = struct.Struct(">IIII")
_TLV: Final = struct.Struct(">HH")
_BINDS: Final = {"transceiver": BIND_TRANSCEIVER, "transmitter": BIND_TRANSMITTER, "receiver": BIND_RECEIVER}


class Malformed(Exception):
    """The octets are no PDU of SMPP 3.4."""


class Address(NamedTuple):
    """A number or a name, with its type of number and numbering plan (section 5.2.5)."""

    ton: int
    npi: int
    digits: str


class Submit(NamedTuple):
    """One submit_sm: a text of one part, or one part of a longer one with its header in front."""

    source: Address
    destination: Address
    octets: bytes
    data_coding: int
    esm_class: int = 0
    registered_delivery: int = 1
    service_type: str = ""


class Deliver(NamedTuple):
    """One deliver_sm: a receipt, a reply or a part of one. `octets` are the message_payload where there is one."""

    sequence: int
    source: str
    destination: str
    esm_class: int
    data_coding: int
    octets: bytes
    tags: Mapping[int, bytes]


class Credentials(NamedTuple):
    """Who binds, and as what: `transceiver`, `transmitter` or `receiver`."""

    kind: str
    system_id: str
    password: str
    system_type: str = ""
    address_range: str = ""


def pdu(command: int, sequence: int, *, status: int = 0, body: bytes = b"") -> bytes:
    """Any PDU: its header and its body."""
    return HEADER.pack(HEADER_OCTETS + len(body), command, status, sequence) + body


def bind(credentials: Credentials, sequence: int) -> bytes:
    """The bind of the kind the credentials name."""
    who = (credentials.system_id, credentials.password, credentials.system_type)
    body = b"".join(_c_octets(each) for each in who) + bytes((VERSION, 0, 0)) + _c_octets(credentials.address_range)
    return pdu(_BINDS[credentials.kind], sequence, body=body)


def submit_sm(submit: Submit) -> bytes:
    """The body of a submit_sm. The text has at most 254 octets, its header among them.

    Raises ValueError for what does not fit its field: before the session has taken it.
    """
    source, destination = submit.source, submit.destination
    return b"%b\0%c%c%b\0%c%c%b\0%c\0\0\0\0%c\0%c\0%c%b" % (
        submit.service_type.encode("ascii"),
        source.ton,
        source.npi,
        source.digits.encode("ascii"),
        destination.ton,
        destination.npi,
        destination.digits.encode("ascii"),
        submit.esm_class,
        submit.registered_delivery,
        submit.data_coding,
        len(submit.octets),
        submit.octets,
    )


def length_of(buffer: bytes, start: int) -> int:
    """The length a PDU at `start` says it has. Raises `Malformed` for one that cannot be."""
    length = int.from_bytes(buffer[start : start + 4], "big")
    if not HEADER_OCTETS <= length <= MOST_OCTETS:
        raise Malformed(f"a PDU of {length} octets")
    return length


def message_id(buffer: bytes, start: int, end: int) -> str:
    """The id in the body of a submit_sm_resp; an SMSC that refuses may leave the body out."""
    zero = buffer.find(b"\0", start, end)
    return buffer[start : end if zero < 0 else zero].decode("latin-1")


def deliver_sm(pdu: bytes) -> Deliver:
    """Read a whole deliver_sm, header and all. Raises `Malformed`; unknown optional parameters are kept unread."""
    reader = _Reader(pdu, HEADER_OCTETS)
    reader.text()  # service_type
    source = reader.address()
    destination = reader.address()
    esm_class = reader.octet()
    reader.octet(), reader.octet()  # protocol_id, priority_flag
    reader.text(), reader.text()  # schedule_delivery_time, validity_period
    reader.octet(), reader.octet()  # registered_delivery, replace_if_present_flag
    data_coding = reader.octet()
    reader.octet()  # sm_default_msg_id
    octets = reader.take(reader.octet())
    tags = reader.tags()
    octets = tags.get(Tag.MESSAGE_PAYLOAD, b"") or octets
    return Deliver(HEADER.unpack_from(pdu)[3], source, destination, esm_class, data_coding, octets, tags)


def _c_octets(text: str) -> bytes:
    return text.encode("ascii", "replace") + b"\0"


class _Reader:
    """Reads fields one after the other, and never beyond the end."""

    def __init__(self, octets: bytes, start: int) -> None:
        self._octets, self._at = octets, start

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._octets):
            raise Malformed("it ends within a field")
        taken, self._at = self._octets[self._at : end], end
        return taken

    def octet(self) -> int:
        return self.take(1)[0]

    def text(self) -> str:
        end = self._octets.find(b"\0", self._at)
        if end < 0:
            raise Malformed("a text without an end")
        taken, self._at = self._octets[self._at : end], end + 1
        return taken.decode("latin-1")

    def address(self) -> str:
        """The address alone; one of an international number gets its plus."""
        ton, _ = self.octet(), self.octet()
        digits = self.text()
        return f"+{digits}" if ton == 1 and digits.isascii() and digits.isdigit() else digits

    def tags(self) -> dict[int, bytes]:
        tags: dict[int, bytes] = {}
        while self._at < len(self._octets):
            tag, length = _TLV.unpack(self.take(_TLV.size))
            tags[tag] = self.take(length)
        return tags
