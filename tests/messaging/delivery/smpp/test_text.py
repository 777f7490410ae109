"""Texts become octets and come back, cut where the quote counted them."""

from hypothesis import given
from hypothesis import strategies as st

from messaging.delivery.smpp import codec, text, words
from messaging.delivery.smpp.codec import Deliver
from messaging.delivery.smpp.text import Place
from messaging.encoding import alphabet
from messaging.encoding.segments import count, normalise

texts = st.text(st.sampled_from(sorted(alphabet.GSM) + list("è`“😀漢")), max_size=800)


def delivered(part: text.Part) -> Deliver:
    return Deliver(1, "+39347", "123", part.esm_class, part.data_coding, part.octets, {})


@given(texts.filter(bool))
def test_the_parts_are_those_that_are_charged_and_say_the_text(written: str) -> None:
    parts = text.parts(written, reference=300)
    counted = count(written)
    assert len(parts) == counted.segment_count
    assert all(len(part.octets) <= 160 for part in parts)
    places = [text.place(delivered(part)) for part in parts]
    if len(parts) > 1:
        assert [place for place, _ in places] == [Place(44, len(parts), number + 1) for number in range(len(parts))]
        assert all(part.esm_class & words.HAS_USER_DATA_HEADER for part in parts)
    assert "".join(text.read(octets, parts[0].data_coding) for _, octets in places) == normalise(written)


@given(st.text(st.sampled_from(sorted(alphabet.GSM))))
def test_septets_are_read_back(written: str) -> None:
    assert alphabet.decode(alphabet.encode(written)) == written


@given(st.binary(max_size=200), st.integers(0, 255))
def test_any_octets_in_any_coding_are_read_somehow(octets: bytes, data_coding: int) -> None:
    assert isinstance(text.read(octets, data_coding), str)


def test_an_unknown_extension_shows_the_character_of_the_basic_table() -> None:
    assert alphabet.decode(b"\x1bA\x1b") == "A"
    assert alphabet.decode(b"\x80") == "\ufffd"


def test_the_codings_are_read() -> None:
    assert text.read("漢😀".encode("utf-16-be"), 8) == "漢😀"
    assert text.read("è".encode("latin-1"), 3) == "è"
    assert text.read(b"\x04", 0) == "è"
    assert text.read(b"\x1be", 0xF1) == "€"


def test_a_place_of_sixteen_bits_or_in_parameters_is_found() -> None:
    header = b"\x06\x08\x04\x01\x02\x03\x02"
    deliver = Deliver(1, "a", "b", words.HAS_USER_DATA_HEADER, 0, header + b"hi", {})
    assert text.place(deliver) == (Place(0x102, 3, 2), b"hi")
    tags = {0x20C: b"\0\x07", 0x20E: b"\x02", 0x20F: b"\x01"}
    assert text.place(Deliver(1, "a", "b", 0, 0, b"hi", tags)) == (Place(7, 2, 1), b"hi")


def test_a_place_that_cannot_be_is_none() -> None:
    for header in (
        b"\x05\x00\x03\x01\x02\x03",
        b"\x05\x00\x03\x01\x01\x01",
        b"\x05\x00\x03\x01\x02\x00",
        b"\x02\x00\x03",
    ):
        assert text.place(Deliver(1, "a", "b", 0x40, 0, header + b"hi", {}))[0] is None
    assert codec.Deliver(1, "a", "b", 0x40, 0, b"", {}).octets == b""
    assert text.place(Deliver(1, "a", "b", 0x40, 0, b"", {})) == (None, b"")
