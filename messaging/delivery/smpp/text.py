"""Texts as octets and back: the default alphabet a septet in an octet, or UCS-2; long ones by a header (TS 23.040)."""

from typing import Final, NamedTuple

from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.words import HAS_USER_DATA_HEADER, DataCoding, Tag
from messaging.encoding import alphabet
from messaging.encoding.segments import normalise, pack

# What fits a message that is not cut.
_MOST_SEPTETS: Final = 160
_MOST_OCTETS: Final = 140
_CONCATENATED: Final = 0x00
_CONCATENATED_16: Final = 0x08
_READ_AS: Final = {
    DataCoding.ASCII: "latin-1",
    DataCoding.BINARY: "latin-1",
    DataCoding.LATIN_1: "latin-1",
    DataCoding.BINARY_ALIAS: "latin-1",
    DataCoding.UCS2: "utf-16-be",
}


class Part(NamedTuple):
    """What of a text goes into one submit_sm."""

    octets: bytes
    data_coding: int
    esm_class: int


class Place(NamedTuple):
    """Where a part of a long text belongs: the reference all its parts share, how many there are, which one this is."""

    reference: int
    total: int
    number: int


def parts(text: str, reference: int) -> list[Part]:
    """The parts of a text, cut where the quote counted them; `reference` (8 bits are used) joins them on the phone."""
    text = normalise(text)
    is_gsm = alphabet.is_gsm(text)
    coding = (DataCoding.GSM if is_gsm else DataCoding.UCS2).value
    whole = _octets(text, is_gsm)
    # Most texts are short; they need not be packed.
    if len(whole) <= (_MOST_SEPTETS if is_gsm else _MOST_OCTETS):
        return [Part(whole, coding, 0)]
    octets = [_octets(piece, is_gsm) for piece in pack(text)]
    head = (5, _CONCATENATED, 3, reference & 0xFF, len(octets))
    return [
        Part(bytes((*head, number)) + piece, coding, HAS_USER_DATA_HEADER) for number, piece in enumerate(octets, 1)
    ]


def _octets(text: str, is_gsm: bool) -> bytes:
    return alphabet.encode(text) if is_gsm else text.encode("utf-16-be")


def read(octets: bytes, data_coding: int) -> str:
    """The text of all octets of a message; what cannot be read is shown as U+FFFD, and nothing raises."""
    charset = _READ_AS.get(data_coding & 0x0F) if data_coding < 0xF0 else None  # type: ignore[call-overload]
    return octets.decode(charset, "replace") if charset else alphabet.decode(octets)


def place(deliver: Deliver) -> tuple[Place | None, bytes]:
    """Where this deliver_sm belongs in a long text (None: it is whole), and its octets without the header.

    The place is told by the header in front of the text, or by the SAR parameters.
    """
    octets = deliver.octets
    if deliver.esm_class & HAS_USER_DATA_HEADER and octets:
        header, octets = octets[1 : 1 + octets[0]], octets[1 + octets[0] :]
        return _sane(_place_in(header)), octets
    sar = [deliver.tags.get(tag) for tag in (Tag.SAR_REFERENCE, Tag.SAR_TOTAL, Tag.SAR_NUMBER)]
    if all(sar):
        return _sane(Place(*(int.from_bytes(value or b"", "big") for value in sar))), octets
    return None, octets


def _place_in(header: bytes) -> Place | None:
    at = 0
    while at + 2 <= len(header):
        element, value = header[at], header[at + 2 : at + 2 + header[at + 1]]
        if element == _CONCATENATED and len(value) == 3:
            return Place(value[0], value[1], value[2])
        if element == _CONCATENATED_16 and len(value) == 4:
            return Place(value[0] << 8 | value[1], value[2], value[3])
        at += 2 + header[at + 1]
    return None


def _sane(place: Place | None) -> Place | None:
    """A place that can be: one of one is no part, and one beyond the last is none."""
    return place if place and 1 < place.total <= 255 and 1 <= place.number <= place.total else None
